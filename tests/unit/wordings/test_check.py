"""A folder with a mistake is refused, each mistake named with its file and line, all of them at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from muse_core.types import TURN_TYPES
from muse_core.wordings.book import HERE, read_book
from muse_core.wordings.folder import PACKAGE_DATA, RULES
from muse_core.wordings.kinds import files_of

SAMPLE = "hi/complete.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE, tmp_path / "wordings"))


def edit(folder: Path, name: str, old: str, new: str) -> int:
    """Replaces a text that stands there once or more; the line of the first."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_project_s_own_wordings_have_no_problem() -> None:
    assert read_book(HERE)[1] == []


MISTAKES = [
    ("मुझे {np} चाहिए {tail}", "मुझे <nothing> {np} चाहिए {tail}", "unknown rule <nothing>"),
    ("मुझे {np} चाहिए {tail}", "मुझे (अभी|आज {np} चाहिए {tail}", "`(` is not closed"),
    ("मुझे {np} चाहिए {tail}", "मुझे (अभी|) {np} चाहिए {tail}", "an empty alternative"),
    ("मुझे {np} चाहिए {tail}", "मुझे {np} चाहिए {tial}", "{tial} is no placeholder of complete.request"),
    ("मुझे {np} चाहिए {tail}", "मुझे {a} चाहिए {tail}", "{a} is no placeholder of complete.request"),
    ("मुझे {np} चाहिए {tail}", "मुझे {np} चाहिए", "needs {tail}"),
    ("मुझे {np} चाहिए {tail}", "मुझे {np} चाहिए [{tail}]", "same placeholders"),
    ("मुझे {np} चाहिए {tail}", "मुझे {np} {np} चाहिए {tail}", "each of them once"),
    ("मुझे {np} चाहिए {tail}", "{np} दिखाइए {tail}", "says the same as hi/complete.toml:"),
    ("मुझे {np} चाहिए {tail}", "{np} (दिखाइए|लाइए) {tail}", "says the same as hi/complete.toml:"),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES, ids=[new for _, new, _ in MISTAKES])
def test_a_mistake_is_named_with_its_line(folder: Path, old: str, new: str, message: str) -> None:
    line = edit(folder, SAMPLE, f'"{old}"', f'"{new}"')
    problems = read_book(folder)[1]
    named = [problem for problem in problems if message in problem]
    assert named and (f"{SAMPLE}:{line}:" in named[0] or f"{SAMPLE}:{line}," in named[0]), problems


def test_all_mistakes_are_named_at_once(folder: Path) -> None:
    lines = [
        edit(folder, SAMPLE, '"मुझे {np} चाहिए {tail}"', '"मुझे <x> {np} चाहिए {tail}"'),
        edit(folder, SAMPLE, '"{np} निकालिए {tail}"', '"{np} निकालिए) {tail}"'),
    ]
    other = edit(folder, "en/openings.toml", '"hello,"', '"(hello,"')
    found = "\n".join(read_book(folder)[1])
    assert all(f"{SAMPLE}:{line}: " in found for line in lines) and f"en/openings.toml:{other}: " in found


def test_a_broken_file_is_named_with_its_line(folder: Path) -> None:
    line = edit(folder, SAMPLE, '"मुझे {np} चाहिए {tail}",', '"मुझे {np} चाहिए {tail}')
    assert any(problem.startswith(f"{SAMPLE}:{line}: no TOML") for problem in read_book(folder)[1])
    (folder / "hi" / "comparison.toml").write_bytes(b"[plain]\n" + "train = ['caf\u00e9']".encode("latin-1"))
    assert any(problem.startswith("hi/comparison.toml:2: no UTF-8") for problem in read_book(folder)[1])
    (folder / "hi" / "picture.toml").unlink()
    assert any(
        problem.startswith("hi/picture.toml: there is no such file") for problem in read_book(folder)[1]
    )


def test_unknown_kinds_lists_and_lenders_are_named(folder: Path) -> None:
    kind = edit(folder, SAMPLE, "[resume]", "[resumed]")
    other = edit(folder, "hi/picture.toml", "train = [", "traim = [")
    lender = edit(folder, "both/complete.toml", 'borrow = "hi"', 'borrow = "hindi"')
    found = "\n".join(read_book(folder)[1])
    assert f"{SAMPLE}:{kind}: [resumed] is no kind of complete in hi" in found
    assert "hi/complete.toml: [resume] is missing" in found
    assert f"hi/picture.toml:{other}: traim in [request] is no list" in found
    assert f"both/complete.toml:{lender}: borrow = 'hindi'" in found


def test_a_rule_that_cannot_be_read_is_named_with_its_line(folder: Path) -> None:
    rules = folder / "hi" / "rules.toml"
    start = len(rules.read_text(encoding="utf-8").splitlines())
    with rules.open("a", encoding="utf-8") as file:
        file.write('one = "(a|b"\ntwo = "<three>"\nthree = "<two>"\nfour = 4\n')
    found = "\n".join(read_book(folder)[1])
    assert f"hi/rules.toml:{start + 1}: unbalanced brackets" in found
    assert f"hi/rules.toml:{start + 2}: the rule <two> stands in itself" in found
    assert f"hi/rules.toml:{start + 4}: a rule is one text" in found


def test_words_that_two_scripts_share_stand_on_one_side(folder: Path) -> None:
    edit(folder, "en/chit_chat.toml", "train = [", 'train = [\n    "namaskar dosto",')
    line = edit(folder, "roman/chit_chat.toml", "test = [", 'test = [\n    "namaskar dosto",') + 1
    found = read_book(folder)[1]
    assert any(
        f"roman/chit_chat.toml:{line}: is listed for test, but en/chit_chat.toml:" in one for one in found
    )


def test_a_head_stands_on_one_side_of_its_shelf(folder: Path) -> None:
    edit(folder, "en/complete.toml", "train = [", 'train = [\n    "uncover {np} {tail}",')
    line = edit(folder, "en/complete.toml", "test = [", 'test = [\n    "uncovering {np} {tail}",') + 1
    found = read_book(folder)[1]
    assert any("same longest word (unco…)" in one and f"en/complete.toml:{line}" in one for one in found)


def test_what_is_said_beside_a_request_has_no_placeholders_and_stands_once(folder: Path) -> None:
    line = edit(folder, "hi/asides.toml", "train = [", 'train = [\n    "सुनिए {np},",') + 1
    twice = edit(folder, "hi/asides.toml", "test = [", 'test = [\n    "सुनिए {np},",') + 1
    kind = edit(folder, "en/closings.toml", "warm = [", "warmth = [")
    found = "\n".join(read_book(folder)[1])
    assert f"hi/asides.toml:{line}: what is said around a request has no placeholders" in found
    assert f"hi/asides.toml:{twice}: is there already" in found
    assert f"en/closings.toml:{kind}: warmth is not known here" in found


def test_a_topic_is_plain_and_a_file_has_a_name_that_is_read(folder: Path) -> None:
    line = edit(folder, "roman/topics.toml", "tasks = [", 'tasks = [\n    "(cab|auto) book karo",') + 1
    shutil.copy(folder / "hi" / "complete.toml", folder / "hi" / "complet.toml")
    broken = edit(folder, "en/spelling.toml", "please = {", "please = ")
    found = "\n".join(read_book(folder)[1])
    assert f"roman/topics.toml:{line}: a topic is plain text" in found
    assert "hi/complet.toml: nobody reads it" in found
    assert f"en/spelling.toml:{broken}: no TOML" in found


def test_the_key_of_a_stage_holds_every_file_of_requests() -> None:
    files = (name for intent in TURN_TYPES for name in files_of(intent))
    assert sorted(PACKAGE_DATA) == sorted(f"*/{name}.toml" for name in (*files, RULES))

"""Edits of a copy of the real sources, and the stages whose keys they change: what can change a result
re-runs it, and nothing more. (Stages further on run again only if what they read came out different.)"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from muse_core.closure import PACKAGE, SOURCE_ROOT, code_digests
from tests.unit.fingerprint.builders_fingerprint import edit

MODULES = sorted((SOURCE_ROOT / PACKAGE / "stages").glob("*.py"))
STAGES = tuple(path.stem for path in MODULES if path.stem != "__init__")
# read what is said by rules that know our wordings
ANSWERERS = "augment dpo export grpo pairs predict rft test_pairs"
ASKERS = " ".join(sorted(f"conversations evaluate talk talk_expert test_cases {ANSWERERS}".split()))
TOOL_READERS = (
    "augment base conversations dpo evaluate export grpo pairs predict rft sft talk talk_expert test_cases "
    "test_pairs"
)
SPEAKERS = f"augment base catalog {TOOL_READERS.removeprefix('augment base ')}"
EVERY = SPEAKERS.replace("predict", "predict profiles")


@dataclass(frozen=True)
class Edit:
    """One change of one file of muse_core, and the stages that it re-runs."""

    file: str
    before: str
    after: str
    stages: str


EDITS = {
    # the four of the issue
    "the look of a rater's page": Edit("evaluation/human/page.css", "{", "{ ", ""),
    "a Hindi request": Edit("wordings/hi/complete.toml", 'दिखाइए"', 'दिखाएँ"', ASKERS),
    "a Hindi reply": Edit(
        "wordings/hi/replies.toml", 'lead_search = [', 'lead_search = [\n    "ये देखें:",',
        "conversations dpo evaluate pairs talk talk_expert test_cases test_pairs",
    ),
    "an error text of the store": Edit("artifacts.py", "is missing from", "is not in", ""),
    "a comment among the cues": Edit("scoring/cues.toml", "\n[slots]", "\n# narrow ones first\n[slots]", ""),
    # what is said of the work
    "a docstring": Edit("tools/search.py", '"""`search`: find', '"""`search`: finds', ""),
    "an error text of a stage": Edit("stages/base.py", "expected at least one", "one is needed", ""),
    "how an artifact is moved into place": Edit(
        "durable.py", "def move_into_place", "X = 1\n\n\ndef move_into_place", ""
    ),
    "the look of the report": Edit("evaluation/report/style.css", "{", "{ ", ""),
    # what models read
    "a tool's description": Edit("tools/search.py", '"find products"', '"find any product"', TOOL_READERS),
    "what a tool refuses": Edit("tools/filter.py", 'ToolError("', 'ToolError("No: ', TOOL_READERS),
    # words
    "a safe reply": Edit(
        "dialogue/safe_replies.toml", '= "', '= "So: ', "evaluate predict talk talk_expert"
    ),
    "a topic that is declined": Edit(
        "wordings/en/topics.toml", "the weather", "any weather", ASKERS
    ),
    "a cue of the reply detectors": Edit(
        "scoring/cues.toml", "colour", "colour, tint",
        "conversations dpo evaluate grpo pairs predict rft talk talk_expert test_cases test_pairs",
    ),
    "a word of the lexicon": Edit("language/lexicon.toml", "laal", "lall", SPEAKERS),
    "a word of requests read by rules": Edit(
        "language/request_words.toml", '"without"', '"lacking"',
        "augment conversations dpo evaluate export grpo pairs predict rft talk talk_expert test_pairs",
    ),
    # data of one stage
    "a first name": Edit("profiles/personas.toml", "Asha", "Aasha", "profiles"),
    "a header of catalogues": Edit(
        "catalog/headers.toml", "product display name", "name on display", "catalog"
    ),
    "a labelled reply": Edit("evaluation/score/labelled_replies.txt", "Do you have", "Have you", "evaluate"),
    "a hand-written case": Edit(
        "evaluation/cases/handwritten/cases.jsonl", "any black", "some black", "evaluate"
    ),
    # what all share
    "how rows become a table": Edit("records.py", "def to_table", "X = 1\n\n\ndef to_table", EVERY),
}  # fmt: skip


Digests = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Digests]:
    """A copy of the sources, and what the stages' keys are made of there."""
    root = tmp_path_factory.mktemp("sources")
    shutil.copytree(SOURCE_ROOT / PACKAGE, root / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    return root, digests(root)


@contextmanager
def edited(root: Path, file: str, before: str, after: str) -> Iterator[None]:
    """The file with another text, for as long as it takes."""
    path = root / PACKAGE / file
    content, stat = path.read_bytes(), path.stat()
    edit(root, f"{PACKAGE}/{file}", before, after)
    try:
        yield
    finally:
        path.write_bytes(content)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def digests(root: Path) -> Digests:
    return {stage: code_digests(f"{PACKAGE}.stages.{stage}", root) for stage in STAGES}


def rekeyed(copied: tuple[Path, Digests]) -> str:
    root, before = copied
    return " ".join(stage for stage, found in digests(root).items() if found != before[stage])


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_re_runs_what_it_can_change(name: str, copied: tuple[Path, Digests]) -> None:
    one = EDITS[name]
    with edited(copied[0], one.file, one.before, one.after):
        assert rekeyed(copied) == one.stages


def test_comments_in_all_data_files_change_nothing(copied: tuple[Path, Digests]) -> None:
    files = [path.relative_to(copied[0] / PACKAGE).as_posix() for path in copied[0].rglob("*.toml")]
    assert len(files) > 20
    with ExitStack() as all_at_once:
        for file in files:
            line = (copied[0] / PACKAGE / file).read_text("utf-8").splitlines()[0]
            all_at_once.enter_context(edited(copied[0], file, line, f"# a comment\n{line}"))
        assert rekeyed(copied) == ""

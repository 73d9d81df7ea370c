"""A folder of wordings as it is written: `<script>/<intent>.toml`, and the problems found while reading.

An intent's file (some have two: `kinds.toml` says which kinds stand in the other) has a table per kind with
lists of wordings: `train`, `dev`, `test`, `reserved` (of train, kept for preference pairs) and `any`
(`sides.py` decides). `borrow = "hi"` takes another script's wordings of the kind as well. Other files of a
script: `rules.toml`, and what `beside.py` reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muse_core.types import TURN_TYPES
from muse_core.wordings.grammar import GrammarError, parse, write_out
from muse_core.wordings.kinds import Shelf, check_placeholders, files_of, kinds, shelves
from muse_core.wordings.lined_toml import Line, LinedToml, TomlError, read_toml
from muse_core.wordings.sides import ANY, PARTS
from muse_core.wordings.words import SCRIPTS, Script

LISTS = (*PARTS, ANY)
RULES = "rules"
PACKAGE_DATA = (  # the files that `read_folder` reads, for the key of a stage
    "*/captions.toml", "*/chit_chat.toml", "*/comparison.toml", "*/complete.toml", "*/manners.toml",
    "*/missing_slot.toml", "*/multi_step.toml", "*/out_of_scope.toml", "*/picture.toml", "*/questions.toml",
    "*/recommendation.toml", "*/refinement.toml", "*/rules.toml", "*/service.toml", "*/translation.toml",
)  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """One wording of a file. `text` has its rules written out, `listed` is the list it stands in."""

    shelf: Shelf
    text: str
    listed: str
    line: Line


@dataclass
class Folder:
    """What was read: the wordings in the order of the files, who borrows from whom, and all problems."""

    root: Path
    wordings: list[Listed] = field(default_factory=list)
    lenders: dict[Shelf, Shelf] = field(default_factory=dict)
    rules: dict[Script, dict[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def complain(self, line: Line | str, message: str) -> None:
        """Notes a problem of a line (or a file)."""
        self.problems.append(f"{line}: {message}")

    def file(self, script: Script, name: str) -> LinedToml | None:
        """A file of a script; None, and a problem, when it is missing or no TOML."""
        path = self.root / script / f"{name}.toml"
        try:
            return read_toml(path, f"{script}/{name}.toml")
        except FileNotFoundError:
            self.complain(f"{script}/{name}.toml", "there is no such file; every language has it")
        except TomlError as problem:
            self.problems.append(str(problem))
        return None

    def wording(self, script: Script, text: str, line: Line) -> str | None:
        """The text with its rules written out; None, and a problem, when it cannot be read."""
        try:
            written = write_out(text, self.rules[script])
            parse(written)
            return written
        except GrammarError as problem:
            self.complain(line, f"{problem}, in {text!r}")
            return None


def read_folder(root: Path) -> Folder:
    """Every request wording below a folder, with what is wrong in its lines."""
    folder = Folder(root)
    for script in SCRIPTS:
        folder.rules[script] = _rules(folder, script)
        for intent in TURN_TYPES:
            for name in files_of(intent):
                file = folder.file(script, name)
                if file is not None:
                    folder.wordings += _of_file(folder, script, intent, name, file)
    _check_shelves(folder)
    return folder


def _rules(folder: Folder, script: Script) -> dict[str, str]:
    """A script's rules, name -> words. A rule that cannot be read is left out."""
    file = folder.file(script, RULES)
    found: dict[str, str] = {}
    for name, text in (file.tables if file else {}).items():
        if isinstance(text, str):
            found[name] = text
        else:
            folder.complain(file.line("", name), f"a rule is one text, found {text!r}")  # type: ignore[union-attr]
    for name, text in list(found.items()):
        try:
            parse(write_out(text, found, (name,)))
        except GrammarError as problem:
            folder.complain(file.line("", name), f"{problem}, in the rule <{name}>")  # type: ignore[union-attr]
    return found


def _of_file(folder: Folder, script: Script, intent: Any, name: str, file: LinedToml) -> Iterator[Listed]:
    of_file = {key: kind for key, kind in kinds()[intent].items() if kind.file == name}
    known = [key for key, kind in of_file.items() if script in kind.only]
    for kind, table in file.tables.items():
        if kind not in known or not isinstance(table, Mapping):
            folder.complain(
                file.line(kind), f"[{kind}] is no kind of {name} in {script}; it has {', '.join(known)}"
            )
            continue
        shelf = script, intent, kind
        for key, value in table.items():
            if key == "borrow":
                _borrow(folder, shelf, value, file.line(kind, key))
            elif key in LISTS and isinstance(value, list) and all(isinstance(text, str) for text in value):
                yield from _of_list(folder, shelf, key, value, file)
            else:
                folder.complain(
                    file.line(kind, key),
                    f"{key} in [{kind}] is no list of wordings; a kind has the lists {', '.join(LISTS)}",
                )


def _of_list(
    folder: Folder, shelf: Shelf, listed: str, texts: list[str], file: LinedToml
) -> Iterator[Listed]:
    for index, text in enumerate(texts):
        line = file.line(shelf[2], listed, index)
        written = folder.wording(shelf[0], text, line)
        if written is None:
            continue
        try:
            check_placeholders(shelf, written)
        except GrammarError as problem:
            folder.complain(line, f"{problem}, in {text!r}")
            continue
        yield Listed(shelf, written, listed, line)


def _borrow(folder: Folder, shelf: Shelf, lender: Any, line: Line) -> None:
    script, intent, kind = shelf
    if lender not in SCRIPTS or lender == script or script not in kinds()[intent][kind].only:
        others = ", ".join(other for other in SCRIPTS if other != script)
        folder.complain(line, f"borrow = {lender!r}; it names another language: {others}")
        return
    folder.lenders[shelf] = (lender, intent, kind)


def _check_shelves(folder: Folder) -> None:
    """Nobody borrows from a borrower, and every shelf has something."""
    for shelf, lender in folder.lenders.items():
        if lender in folder.lenders:
            folder.complain(_file_of(shelf), f"[{shelf[2]}] borrows from {lender[0]}, which borrows itself")
    filled = {wording.shelf for wording in folder.wordings} | folder.lenders.keys()
    for shelf in shelves():
        if shelf not in filled and (folder.root / _file_of(shelf)).exists():
            folder.complain(_file_of(shelf), f"[{shelf[2]}] is missing, or has no wording that can be read")


def _file_of(shelf: Shelf) -> str:
    script, intent, kind = shelf
    return f"{script}/{kinds()[intent][kind].file}.toml"

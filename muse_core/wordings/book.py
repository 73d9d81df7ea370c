"""All request wordings with their sides, read once from the files beside this module.

`shipped()` refuses a folder with a mistake before anything is made of it, and names every mistake at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from muse_core.errors import ConfigError
from muse_core.types import Side
from muse_core.wordings.beside import check_beside, check_files
from muse_core.wordings.folder import Folder, read_folder
from muse_core.wordings.grammar import readings
from muse_core.wordings.kinds import Shelf, shelves
from muse_core.wordings.lined_toml import Line
from muse_core.wordings.sides import ANY, Part, heads_of, part_of, written_heads

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Wording:
    """One way of asking. `text` is written as `grammar.py` says, its rules written out."""

    shelf: Shelf
    text: str
    part: Part
    line: Line
    is_decided: bool = False  # it stands under `any`
    is_borrowed: bool = False

    @property
    def side(self) -> Side:
        return "train" if self.part == "reserved" else self.part

    @property
    def is_reserved(self) -> bool:
        return self.part == "reserved"


Book = Mapping[Shelf, tuple[Wording, ...]]


@lru_cache(maxsize=1)
def shipped() -> Book:
    """The wordings of this project. ConfigError with every problem, if there is one."""
    book, problems = read_book(HERE, with_others=False)
    if problems:
        raise ConfigError(
            f"the wordings of {HERE} have mistakes ({len(problems)}); mend these lines", problems
        )
    return book


def read_book(root: Path, with_others: bool = True) -> tuple[Book, list[str]]:
    """The wordings below a folder by shelf, and what is wrong with them; `with_others`: with the files there
    that other modules read, too."""
    folder = read_folder(root)
    check_beside(folder)
    if with_others:
        check_files(folder)
    parts = parts_of([(one.shelf, one.text, one.listed) for one in folder.wordings], folder.lenders)
    own: dict[Shelf, list[Wording]] = {}
    for one, part in zip(folder.wordings, parts, strict=True):
        wording = Wording(one.shelf, one.text, part, one.line, one.listed == ANY)
        own.setdefault(one.shelf, []).append(wording)
    book = {shelf: (*_borrowed(shelf, folder, own), *own.get(shelf, ())) for shelf in shelves()}
    return book, [*folder.problems, *contradictions(book)]


def parts_of(listed: Iterable[tuple[Shelf, str, str]], lenders: Mapping[Shelf, Shelf]) -> list[Part]:
    """Where each wording (shelf, text, list) belongs. What a shelf borrows stands on one side in both, so
    borrower and lender decide by the same heads."""
    listed = list(listed)
    groups: dict[Shelf, list[tuple[str, str]]] = {}
    for shelf, text, name in listed:
        groups.setdefault(lenders.get(shelf, shelf), []).append((text, name))
    written = {shelf: written_heads(group) for shelf, group in groups.items()}
    return [part_of(text, name, written[lenders.get(shelf, shelf)]) for shelf, text, name in listed]


def _borrowed(shelf: Shelf, folder: Folder, own: Mapping[Shelf, list[Wording]]) -> list[Wording]:
    lender = folder.lenders.get(shelf)
    return [
        Wording(shelf, one.text, one.part, one.line, one.is_decided, True)
        for one in (own.get(lender, []) if lender else [])
    ]


# ---- what contradicts ------------------------------------------------------------------------------


def contradictions(book: Book) -> list[str]:
    """Wordings that say the same twice, or stand on two sides."""
    every = [wording for shelf in book.values() for wording in shelf]
    found = [problem for shelf in book.values() for problem in (*_doubles(shelf), *_split_heads(shelf))]
    return list(dict.fromkeys([*found, *_split_texts(every)]))


def said(reading: str) -> str:
    """A reading's own words, with the first of the forms that agree: `show-me-np-tail`."""
    plain = re.sub(r"\(([^()/]+)/[^()]*\)", r"\1", reading)
    return "-".join(re.findall(r"[\w\u0900-\u097f]+", plain))


def _doubles(shelf: Iterable[Wording]) -> list[str]:
    """Wordings of one shelf that say the same."""
    first: dict[str, Wording] = {}
    problems = []
    for wording in shelf:
        before = next((first[said(r)] for r in readings(wording.text) if said(r) in first), None)
        if before is not None:
            problems.append(f"{wording.line}: says the same as {before.line}, {before.text!r}; delete one")
        first |= {said(reading): wording for reading in readings(wording.text)}
    return problems


def _split_heads(shelf: Iterable[Wording]) -> list[str]:
    """Heads that stand on two sides of a shelf: then a held-out wording is made of words that are trained."""
    first: dict[str, Wording] = {}
    problems = []
    for wording in shelf:
        for head in heads_of(wording.text):
            before = first.setdefault(head, wording)
            if before.side != wording.side:
                problems.append(
                    f"{wording.line}: is on {wording.side}, but {before.line}, which has the same longest "
                    f"word ({head or 'none'}…), is on {before.side}; put both on one side"
                )
    return problems


def _split_texts(wordings: Iterable[Wording]) -> list[str]:
    """Texts that two scripts share and put on different sides."""
    first: dict[tuple[str, str, str], Wording] = {}
    problems = []
    for wording in wordings:
        before = first.setdefault((*wording.shelf[1:], wording.text), wording)
        if before.part != wording.part:
            problems.append(
                f"{wording.line}: is listed for {wording.part}, but {before.line} has the same words for "
                f"{before.part}; list both under one"
            )
    return problems

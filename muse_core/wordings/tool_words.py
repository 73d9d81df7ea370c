"""The wordings of a tool of the user's own: one file beside it, in the form of this folder's files.

    [en.delivery]       # <script>.<kind>: how shoppers ask for it; lists and signs as in README.md
    train = ["when does it reach {pincode}?"]

    [en.replies]        # <script>.replies: what the assistant answers, by situation
    delivery = ["To your place it takes [1]."]

Hinglish is written below `roman` (Latin letters), `both` (two scripts), or each; where one of them is
missing, it takes the wordings of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muse_core.types import SIDES, TurnType
from muse_core.wordings.book import Book, Wording, contradictions, parts_of
from muse_core.wordings.grammar import GrammarError, parse, write_out
from muse_core.wordings.kinds import Kind, Shelf, check_placeholders
from muse_core.wordings.lined_toml import Line, LinedToml, TomlError, read_toml
from muse_core.wordings.sides import ANY, PARTS
from muse_core.wordings.words import SCRIPTS, Script, words

LISTS = (*PARTS, ANY)
REPLIES = "replies"
_STANDS_IN: Mapping[Script, Script] = {"roman": "both", "both": "roman"}


@dataclass(frozen=True)
class Wanted:
    """What the wordings of one tool must hold: its kinds, and the situations of its replies."""

    turn_type: TurnType
    kinds: Mapping[str, Kind]
    situations: tuple[str, ...]


@dataclass(frozen=True)
class ToolWords:
    """How shoppers ask for a tool, and what the assistant answers."""

    book: Book = field(default_factory=dict)
    replies: Mapping[Script, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def of(self, kinds: Sequence[str]) -> ToolWords:
        """Those of one tool of the file."""
        book = {shelf: wordings for shelf, wordings in self.book.items() if shelf[2] in kinds}
        return ToolWords(book, self.replies)


def read_tool_words(path: Path, wanted: Sequence[Wanted]) -> tuple[ToolWords, list[str]]:
    """The wordings of all tools of one file, and everything that is wrong with them, by file and line."""
    try:
        file = read_toml(path, path.name)
    except FileNotFoundError:
        lines = f"[en.{next(iter(wanted[0].kinds), '…')}]" if wanted else "[en.…]"
        return ToolWords(), [f"{path} is missing: write there how shoppers ask for the tool, from {lines} on"]
    except TomlError as problem:
        return ToolWords(), [str(problem)]
    reading = _Reading(file, wanted)
    book, replies = reading.book(), reading.replies()
    problems = [*reading.problems, *(contradictions(book) if not reading.problems else ())]
    return ToolWords(book, replies), problems


class _Reading:
    """One file being read; `problems` collects what is wrong."""

    def __init__(self, file: LinedToml, wanted: Sequence[Wanted]) -> None:
        self.file, self.wanted = file, wanted
        self.problems: list[str] = []
        self.of_kind = {name: one for one in wanted for name in one.kinds}
        for script, tables in file.tables.items():
            self._check_names(script, tables)

    def _check_names(self, script: str, tables: Any) -> None:
        if script not in SCRIPTS or not isinstance(tables, Mapping):
            self._complain(
                self.file.line(script), f"[{script}] is no language; they are {', '.join(SCRIPTS)}"
            )
            return
        known = (*self.of_kind, REPLIES)
        for kind, table in tables.items():
            if kind not in known or not isinstance(table, Mapping):
                where = self.file.line(f"{script}.{kind}")
                self._complain(where, f"[{script}.{kind}] is none of the tool's kinds: {', '.join(known)}")

    def _complain(self, line: Line | str, message: str) -> None:
        self.problems.append(f"{line}: {message}")

    def _table(self, script: Script, kind: str) -> Mapping[str, Any]:
        tables = self.file.tables.get(script)
        table = tables.get(kind) if isinstance(tables, Mapping) else None
        return table if isinstance(table, Mapping) else {}

    def book(self) -> Book:
        """Every shelf of the tools, filled; a script of Hinglish stands in for the other."""
        listed = [one for script in SCRIPTS for kind in self.of_kind for one in self._listed(script, kind)]
        parts = parts_of([(shelf, text, name) for shelf, text, name, _ in listed], {})
        shelves: dict[Shelf, list[Wording]] = {}
        for (shelf, text, name, line), part in zip(listed, parts, strict=True):
            shelves.setdefault(shelf, []).append(Wording(shelf, text, part, line, name == ANY))
        for shelf in self._shelves():
            if shelf not in shelves and (lent := self._lent(shelf, shelves)):
                shelves[shelf] = [Wording(shelf, w.text, w.part, w.line, w.is_decided, True) for w in lent]
        for shelf in self._shelves():
            self._check_filled(shelf, shelves.get(shelf, []))
        return {shelf: tuple(wordings) for shelf, wordings in shelves.items()}

    def _shelves(self) -> Iterator[Shelf]:
        for kind, one in self.of_kind.items():
            yield from ((script, one.turn_type, kind) for script in SCRIPTS)

    def _lent(self, shelf: Shelf, shelves: Mapping[Shelf, list[Wording]]) -> list[Wording]:
        lender = _STANDS_IN.get(shelf[0])
        return shelves.get((lender, *shelf[1:]), []) if lender else []

    def _listed(self, script: Script, kind: str) -> Iterator[tuple[Shelf, str, str, Line]]:
        shelf: Shelf = (script, self.of_kind[kind].turn_type, kind)
        for name, texts in self._table(script, kind).items():
            if name not in LISTS or not _are_texts(texts):
                where = self.file.line(f"{script}.{kind}", name)
                self._complain(where, f"{name} is no list of wordings; the lists are {', '.join(LISTS)}")
                continue
            for index, text in enumerate(texts):
                line = self.file.line(f"{script}.{kind}", name, index)
                if (written := self._written(shelf, text, line)) is not None:
                    yield shelf, written, name, line

    def _written(self, shelf: Shelf, text: str, line: Line) -> str | None:
        try:
            written = write_out(text, words("rules", shelf[0]))
            parse(written)
            check_placeholders(shelf, written, self.of_kind[shelf[2]].kinds[shelf[2]])
        except GrammarError as problem:
            self._complain(line, f"{problem}, in {text!r}")
            return None
        return written

    def _check_filled(self, shelf: Shelf, wordings: Sequence[Wording]) -> None:
        script, _, kind = shelf
        if not wordings:
            self._complain(
                self.file.name, f"nobody can ask in {script}: add a table [{script}.{kind}] with wordings"
            )
            return
        lacking = [side for side in SIDES if all(one.side != side for one in wordings)]
        if lacking and not wordings[0].is_borrowed:
            where = self.file.line(f"{script}.{kind}")
            lists = " and ".join(f"`{side}`" for side in lacking)
            self._complain(where, f"[{script}.{kind}] has no wording for {lists}; write some in such a list")

    def replies(self) -> dict[Script, dict[str, tuple[str, ...]]]:
        """What is answered in every situation of the tools, in every script."""
        needed = list(dict.fromkeys(name for one in self.wanted for name in one.situations))
        return {script: {name: self._reply(script, name) for name in needed} for script in SCRIPTS}

    def _reply(self, script: Script, situation: str) -> tuple[str, ...]:
        for one in (script, _STANDS_IN.get(script, script)):
            texts = self._table(one, REPLIES).get(situation)
            if texts is None:
                continue
            if _are_texts(texts) and texts:
                return tuple(texts)
            self._complain(self.file.line(f"{one}.{REPLIES}", situation), f"{situation} is no list of texts")
            return ()
        self._complain(
            self.file.name,
            f"no reply `{situation}` in {script}: add `{situation} = […]` to [{script}.replies]",
        )
        return ()


def _are_texts(texts: Any) -> bool:
    return isinstance(texts, list) and all(isinstance(text, str) and text.strip() for text in texts)

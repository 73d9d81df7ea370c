"""What people say around a request: openings, closings, and sentences told beside it.

`openings.toml` and `closings.toml` have lists by kind; `stories.toml` tells the occasion of a request;
`asides.toml` has tables by kind with the lists `train`, `dev`, `test` and `any`. Nothing told beside a
request may sound like a limit: what a call depends on stands in the request. The stories are the exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from muse_core.types import SIDES, Side
from muse_core.wordings.folder import Folder
from muse_core.wordings.grammar import slots_in_order
from muse_core.wordings.kinds import kinds_beside
from muse_core.wordings.lined_toml import LinedToml
from muse_core.wordings.sides import ANY, by_hash
from muse_core.wordings.words import SCRIPTS, Script, words

_ASIDE_LISTS = (*SIDES, ANY)


def openings(script: Script, kind: str) -> tuple[str, ...]:
    """The words of an opening kind."""
    return tuple(words("openings", script)[kind])


def closings(script: Script, kind: str) -> tuple[str, ...]:
    """The words of a closing kind."""
    return tuple(words("closings", script)[kind])


@cache
def asides(script: Script, kind: str, side: Side) -> tuple[str, ...]:
    """Sentences of a kind that are told beside a request, those of one side."""
    table = words("asides", script).get(kind, {})
    return (*table.get(side, ()), *(text for text in table.get(ANY, ()) if _side_of(text) == side))


def _side_of(text: str) -> Side:
    part = by_hash(text)
    return "train" if part == "reserved" else part


def check_beside(folder: Folder) -> None:
    """Notes what is wrong in these files of every script."""
    for script in SCRIPTS:
        for name in ("openings", "closings", "stories"):
            file = folder.file(script, name)
            if file is not None:
                _check_lists(folder, script, file, "", file.tables, name != "stories" and kinds_beside(name))
        file = folder.file(script, "asides")
        for kind, table in (file.tables if file else {}).items():
            if kind in kinds_beside("asides") and isinstance(table, Mapping):
                _check_lists(folder, script, file, kind, table, _ASIDE_LISTS)  # type: ignore[arg-type]
            else:
                known = ", ".join(kinds_beside("asides"))
                folder.complain(file.line(kind), f"[{kind}] is no kind of asides; they are {known}")  # type: ignore[union-attr]


def _check_lists(
    folder: Folder,
    script: Script,
    file: LinedToml,
    table: str,
    lists: Mapping[str, Any],
    known: Iterable[str] | bool,
) -> None:
    """Every list has a known name and holds texts that can be read, without placeholders, each once."""
    seen: dict[str, int] = {}
    for key, texts in lists.items():
        if known and key not in known:  # type: ignore[operator]
            folder.complain(file.line(table, key), f"{key} is not known here; known are {', '.join(known)}")  # type: ignore[arg-type]
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            folder.complain(file.line(table, key), f"{key} is no list of texts")
            continue
        for index, text in enumerate(texts):
            line = file.line(table, key, index)
            if folder.wording(script, text, line) and slots_in_order(text):
                folder.complain(line, f"what is said around a request has no placeholders, found {text!r}")
            if table and seen.setdefault(text, line.number) != line.number:
                folder.complain(line, f"is there already, on line {seen[text]}; delete one")

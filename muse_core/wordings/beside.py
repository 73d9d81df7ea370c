"""What people say around a request: openings, closings, and sentences told beside it.

`openings.toml` and `closings.toml` have lists by kind; `stories.toml` tells the occasion of a request;
`asides.toml` has tables by kind with the lists `train`, `dev`, `test` and `any`. Nothing told beside a
request may sound like a limit: what a call depends on stands in the request. The stories are the exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from muse_core.types import SIDES, TURN_TYPES, Side
from muse_core.wordings.folder import RULES, Folder
from muse_core.wordings.grammar import slots_in_order, write_out
from muse_core.wordings.kinds import files_of, kinds_beside
from muse_core.wordings.lined_toml import LinedToml
from muse_core.wordings.sides import ANY, by_hash
from muse_core.wordings.words import SCRIPTS, Script, words

_ASIDE_LISTS = (*SIDES, ANY)
_BESIDE = ("openings", "closings", "stories", "topics")
_OTHERS = ("asides", "spelling", "phrases", "replies")  # the files of a script that others read
_MARKS = re.compile(r"[()\[\]{}<>|*]")


@cache
def openings(script: Script, kind: str) -> tuple[str, ...]:
    """The words of an opening kind."""
    return _written_out(script, words("openings", script)[kind])


@cache
def closings(script: Script, kind: str) -> tuple[str, ...]:
    """The words of a closing kind."""
    return _written_out(script, words("closings", script)[kind])


@lru_cache(maxsize=1024)
def stories(script: Script, occasion: str) -> tuple[str, ...]:
    """Sentences that tell an occasion; none for most."""
    return _written_out(script, words("stories", script).get(occasion, ()))


@cache
def asides(script: Script, kind: str, side: Side) -> tuple[str, ...]:
    """Sentences of a kind that are told beside a request, those of one side."""
    table = words("asides", script).get(kind, {})
    decided = (text for text in table.get(ANY, ()) if _side_of(text) == side)
    return _written_out(script, (*table.get(side, ()), *decided))


def _side_of(text: str) -> Side:
    part = by_hash(text)
    return "train" if part == "reserved" else part


def _written_out(script: Script, texts: Iterable[str]) -> tuple[str, ...]:
    rules = words("rules", script)
    return tuple(write_out(text, rules) for text in texts)


# ---- checking --------------------------------------------------------------------------------------


def check_beside(folder: Folder) -> None:
    """Notes what is wrong in these files of every script."""
    for script in SCRIPTS:
        for name in _BESIDE:
            file = folder.file(script, name)
            if file is not None:
                known = kinds_beside(name) if name != "stories" else tuple(file.tables)
                _check_lists(folder, script, file, "", file.tables, known)
        file = folder.file(script, "asides")
        if file is not None:
            _check_asides(folder, script, file)


def _check_asides(folder: Folder, script: Script, file: LinedToml) -> None:
    known = kinds_beside("asides")
    for kind, table in file.tables.items():
        if kind in known and isinstance(table, Mapping):
            _check_lists(folder, script, file, kind, table, _ASIDE_LISTS)
        else:
            folder.complain(file.line(kind), f"[{kind}] is no kind of asides; they are {', '.join(known)}")


def _check_lists(
    folder: Folder,
    script: Script,
    file: LinedToml,
    table: str,
    lists: Mapping[str, Any],
    known: Sequence[str],
) -> None:
    """Every list has a known name and holds texts that can be read, without placeholders; asides once."""
    seen: dict[str, int] = {}
    for key, texts in lists.items():
        if key not in known:
            folder.complain(file.line(table, key), f"{key} is not known here; known are {', '.join(known)}")
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            folder.complain(file.line(table, key), f"{key} is no list of texts")
            continue
        for index, text in enumerate(texts):
            line = file.line(table, key, index)
            if file.name.endswith("topics.toml"):
                if _MARKS.search(text):
                    folder.complain(line, f"a topic is plain text, without brackets or marks; found {text!r}")
            elif folder.wording(script, text, line) and slots_in_order(text):
                folder.complain(line, f"what is said around a request has no placeholders, found {text!r}")
            if table and seen.setdefault(text, line.number) != line.number:
                folder.complain(line, f"is there already, on line {seen[text]}; delete one")


def check_files(folder: Folder) -> None:
    """Notes files that nobody reads, and files of others that are no TOML."""
    for script in SCRIPTS:
        _check_files(folder, script)


def _check_files(folder: Folder, script: Script) -> None:
    of_intents = (name for intent in TURN_TYPES for name in files_of(intent))
    known = (*of_intents, *_BESIDE, *_OTHERS, RULES)
    for path in sorted((folder.root / script).glob("*")):
        if path.suffix != ".toml" or path.stem not in known:
            folder.complain(f"{script}/{path.name}", f"nobody reads it; the files are {', '.join(known)}")
        elif path.stem in _OTHERS and path.stem != "asides":
            folder.file(script, path.stem)

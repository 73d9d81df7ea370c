"""The side of a wording: as written beside it, or decided by its head, so that adding one moves no other.

The head of a reading is the stem of its longest word. Wordings with one head ask in the same words, so
they stand on one side of their shelf. What is listed under `any` goes where a written wording with its
head stands; if none has it, by the hash of the head, which no other wording can change.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, get_args

from muse_core.wordings.grammar import readings

Part = Literal["train", "dev", "test", "reserved"]  # reserved: of train, kept for preference pairs
PARTS: tuple[Part, ...] = get_args(Part)
ANY = "any"
_STEM = 4  # letters of a head that wordings share: dikhao, dikhana
_HELD_OUT, _RESERVED = 10, 12  # in a hundred heads: on test and on dev each, and reserved


def head_of(reading: str) -> str:
    """The stem of the longest word of a reading; "" when it has no word of its own."""
    words = re.findall(r"[a-z]+|[\u0900-\u097f]+", re.sub(r"\{\w+\}", " ", reading.lower()))
    return max(words, key=len)[:_STEM] if words else ""


@lru_cache(maxsize=8192)
def heads_of(text: str) -> tuple[str, ...]:
    """The heads of a wording's readings, each once."""
    return tuple(dict.fromkeys(head_of(reading) for reading in readings(text)))


def written_heads(listed: Iterable[tuple[str, str]]) -> dict[str, Part]:
    """Head -> where it stands, from (text, list) of the wordings of a shelf; `any` says nothing."""
    return {
        head: part  # type: ignore[misc]
        for text, part in listed
        if part != ANY
        for head in heads_of(text)
    }


def part_of(text: str, listed: str, written: Mapping[str, Part]) -> Part:
    """Where a wording belongs that stands in the list `listed`."""
    if listed != ANY:
        return listed  # type: ignore[return-value]
    heads = heads_of(text)
    return next((written[head] for head in heads if head in written), by_hash(min(heads)))


def by_hash(head: str) -> Part:
    """Of a hundred heads ten on test, ten on dev, twelve reserved, the others on train."""
    point = int.from_bytes(hashlib.sha256(f"wording|{head}".encode()).digest()[:6], "big") % 100
    limits: Sequence[tuple[int, Part]] = (
        (_HELD_OUT, "test"), (2 * _HELD_OUT, "dev"), (2 * _HELD_OUT + _RESERVED, "reserved"), (100, "train"),
    )  # fmt: skip
    return next(part for limit, part in limits if point < limit)

"""Values that shoppers of the simulator give for the arguments of a user's own tool.

    samples = {pincode = ["560001", "110001"]}                    one of these
    samples = {pincode = {pattern = "[1-8]\\d{5}"}}                made up after a pattern
    samples = {speed = [{value = "express", en = "express", hi = "…", roman = "…"}]}    said so in a script

`{pincode}` in the tool's wordings is the value as it is said. A pattern has letters, `[a-z0-9]`, `\\d`, and
`{3}` or `{2,4}` behind one of these. The argument `item` needs none: it is a position in the last results,
and `{items}` in the wordings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from muse_core.types import JsonValue
from muse_core.wordings.words import SCRIPTS, Script

ITEM = "item"
MOST_SIGNS, MOST_DIGITS = 2000, 3  # of a sample that is made up; of a number of repeats
_PIECE = re.compile(r"(\\d|\\.|\[(?:[^\]\\]|\\.)+\]|[^\\\[\]{}()|*+?.^$])(?:\{(\d+)(?:,(\d+))?\})?")


class Dice(Protocol):
    """numpy's Generator, as far as it is needed."""

    def random(self) -> float: ...


@dataclass(frozen=True)
class Sample:
    """A value and how it is said, by script; else as it is written."""

    value: JsonValue
    said: Mapping[str, str]

    def in_words(self, script: Script) -> str:
        other = {"roman": "both", "both": "roman"}.get(script, script)
        return self.said.get(script) or self.said.get(other) or self.said.get("en") or f"{self.value}"


@dataclass(frozen=True)
class Samples:
    """What an argument is drawn from: `listed`, or a `pattern` as (signs, fewest, most) pieces."""

    listed: tuple[Sample, ...] = ()
    pattern: tuple[tuple[str, int, int], ...] = ()

    def draw(self, dice: Dice) -> Sample:
        if self.listed:
            return self.listed[int(dice.random() * len(self.listed))]
        text = "".join(
            signs[int(dice.random() * len(signs))]
            for signs, fewest, most in self.pattern
            for _ in range(fewest + int(dice.random() * (most - fewest + 1)))
        )
        return Sample(text, {})

    @property
    def first(self) -> JsonValue:
        """One value, always the same."""
        return self.listed[0].value if self.listed else "".join(s[0] * n for s, n, _ in self.pattern)


def read_samples(written: Any) -> dict[str, Samples]:
    """The samples of a tool by argument. ValueError names what cannot be read."""
    if not isinstance(written, Mapping):
        raise ValueError(f"`samples` is {written!r}, expected {{argument = [values]}}")
    return {name: _of_argument(name, entry) for name, entry in written.items()}


def _of_argument(name: str, entry: Any) -> Samples:
    if isinstance(entry, list | tuple) and entry:
        return Samples(tuple(_sample(name, one) for one in entry))
    if isinstance(entry, Mapping) and set(entry) == {"pattern"} and isinstance(entry["pattern"], str):
        return Samples(pattern=_pattern(name, entry["pattern"]))
    raise ValueError(f"the samples of {name!r} are {entry!r}, expected a list of values or {{pattern = …}}")


def _sample(name: str, one: Any) -> Sample:
    if not isinstance(one, Mapping):
        return Sample(one, {})
    said = {key: text for key, text in one.items() if key != "value"}
    if (
        "value" not in one
        or not set(said) <= set(SCRIPTS)
        or not all(isinstance(t, str) for t in said.values())
    ):
        raise ValueError(
            f"a sample of {name!r} is {dict(one)!r}, expected `value` and how it is said in "
            f"{', '.join(SCRIPTS)}"
        )
    return Sample(one["value"], said)


def _pattern(name: str, text: str) -> tuple[tuple[str, int, int], ...]:
    pieces, at = [], 0
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            raise ValueError(
                f"the pattern of {name!r}: found {text[at:]!r}, expected letters, [a-z0-9], \\d, or {{n}} "
                "behind one of these"
            )
        counts = [group for group in match.groups()[1:] if group]
        if any(len(count) > MOST_DIGITS for count in counts):
            raise ValueError(
                f"the pattern of {name!r}: {match.group()!r} repeats too often; at most 999 times"
            )
        signs, fewest = _signs(match.group(1)), int(match.group(2) or 1)
        if not signs:
            raise ValueError(
                f"the pattern of {name!r}: {match.group(1)!r} has no sign; write [a-z], not [z-a]"
            )
        pieces.append((signs, fewest, max(fewest, int(match.group(3) or fewest))))
        at = match.end()
    if sum(most for *_, most in pieces) > MOST_SIGNS:
        raise ValueError(f"the pattern of {name!r} makes texts of more than {MOST_SIGNS:,} signs")
    return tuple(pieces)


def _signs(piece: str) -> str:
    if piece == r"\d":
        return "0123456789"
    if piece.startswith("["):
        inner = re.sub(r"\\d", "0-9", piece[1:-1])
        spans = re.findall(r"(.)-(.)|(.)", inner)
        return "".join(one or "".join(map(chr, range(ord(low), ord(high) + 1))) for low, high, one in spans)
    return piece.removeprefix("\\")

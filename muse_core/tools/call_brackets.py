"""Where calls in Python's notation begin and end: brackets and commas that stand in no quotes."""

from __future__ import annotations

from collections.abc import Iterator

from muse_core.tools.call_objects import MAX_LITERAL_CHARS


def split_calls(text: str) -> Iterator[str]:
    """`f(a='x, y'), g()` at the commas between calls."""
    start = 0
    for at, char, depth in _outside_quotes(text):
        if char == "," and depth == 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def closing(text: str, start: int) -> int | None:
    """Behind the bracket that closes the one at `start`."""
    near = text[start : start + MAX_LITERAL_CHARS]
    return next((start + at + 1 for at, _, depth in _outside_quotes(near) if at and depth == 0), None)


def _outside_quotes(text: str) -> Iterator[tuple[int, str, int]]:
    """(place, character, brackets open behind it) of what stands in no quotes."""
    depth, quote = 0, ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote and text[at - 1] != "\\" else quote
            continue
        if char in "'\"":
            quote = char
            continue
        depth += (char in "([") - (char in ")]")
        yield at, char, depth

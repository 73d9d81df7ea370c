"""A messenger's text export: `12/01/24, 10:22 pm - Asha: red kurta dikhao`, a message over some lines.

Who asks is the one who writes first, where two talk; among more, everybody but who writes most (the shop).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from muse_core.utterances.text_file import MAX_LINE

_STAMP = (
    r"\W*\d{1,4}[./-]\d{1,2}[./-]\d{2,4},?\s+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[ap]\.?m\.?)?\]?\s*(?:-\s+)?"
)
_MESSAGE = re.compile(rf"{_STAMP}(?P<author>[^:\n]{{1,60}}): (?P<text>.*)", re.IGNORECASE)
_NOTICE = re.compile(_STAMP, re.IGNORECASE)  # a stamped line without an author: "X joined"
_NO_WORDS = re.compile(
    r"<[^>]{0,200}>|\W{0,20}(?:image|video|audio|sticker|gif|document) omitted\W*", re.IGNORECASE
)


def is_chat_export(head: Sequence[str]) -> bool:
    """Whether most of the first lines are stamped messages."""
    lines = [line for line in head[:50] if line.strip()]
    return sum(bool(_NOTICE.match(line)) for line in lines) >= max(1, 0.5 * len(lines))


def messages(lines: Iterable[str], head: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(line, text) of what customers wrote."""
    asks = _customers(head)
    at, author, said = 0, "", ""
    for number, line in enumerate(lines, 1):
        found = _MESSAGE.match(line)
        if found is None and not _NOTICE.match(line):
            said += f" {line.strip()}" if len(said) < MAX_LINE else ""
            continue
        if said and author in asks:
            yield at, said
        at, author = number, found["author"] if found else ""
        said = _NO_WORDS.sub(" ", found["text"]).strip() if found else ""
    if said and author in asks:
        yield at, said


class _Customers:
    """Every author but the shop's own."""

    def __init__(self, shop: str) -> None:
        self.shop = shop

    def __contains__(self, author: object) -> bool:
        return bool(author) and author != self.shop


def _customers(head: Sequence[str]) -> _Customers:
    authors = [found["author"] for line in head if (found := _MESSAGE.match(line))]
    counts = Counter(authors)
    if len(counts) < 2:
        return _Customers("")
    others = [name for name in counts if name != authors[0]]
    return _Customers(others[0] if len(counts) == 2 else counts.most_common(1)[0][0])

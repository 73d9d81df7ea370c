"""Requests that say the same → one, with how often it was typed.

Ten million lines are streamed: what differs is kept up to a limit, those with the smallest hash. So what is
kept is an even sample of all that was typed, whose counts are exact, and never depends on their order.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from muse_core.scoring.normal import lemma, normal_text
from muse_core.utterances.log_file import Logged

MOST_FORMS = 50_000
_ENDS = " .,!?;:\"'।-"
_EMPTY_WORDS = frozenset(("a", "an", "the", "please", "pls", "plz"))


@dataclass
class Folded:
    """`requests`: one for each form, with the sum of its counts; `lines`: how many there were; `left_out`:
    lines of forms beyond the limit."""

    requests: list[Logged] = field(default_factory=list)
    lines: int = 0
    left_out: int = 0


def fold(logged: Iterable[Logged], most: int = MOST_FORMS) -> Folded:
    """The forms in the order of their first line. A request that a person labelled is always kept."""
    kept: dict[str, Logged] = {}
    heap: list[tuple[int, str]] = []  # largest hash first
    folded = Folded()
    for one in logged:
        folded.lines += 1
        key = " ".join(one.text.casefold().split()).strip(_ENDS)
        if not key:
            continue
        before = kept.get(key)
        if before is not None:
            kept[key] = merged(before, one)
            continue
        place = -_hash(key)
        if one.is_labelled or len(heap) < most:
            kept[key] = one
        elif place > heap[0][0]:
            kept[key] = one
            folded.left_out += kept.pop(heapq.heappop(heap)[1]).count
        else:
            folded.left_out += one.count
            continue
        if not one.is_labelled:
            heapq.heappush(heap, (place, key))
    folded.requests = sorted(kept.values(), key=lambda one: one.line)
    return folded


def merged(first: Logged, other: Logged) -> Logged:
    """The first with both counts; labelled if either is, by the later label. A label comes from a table of
    what the log holds: its count is the log's once more."""
    is_again = first.is_labelled != other.is_labelled
    one = replace(first, count=max(first.count, other.count) if is_again else first.count + other.count)
    return replace(one, tool=other.tool, arguments=other.arguments) if other.is_labelled else one


def normal_form(text: str) -> str:
    """What near-duplicates share: their words in the singular, without case, order and small words."""
    return " ".join(sorted({lemma(word) for word in normal_text(text).split() if word not in _EMPTY_WORDS}))


def digest_of(form: str) -> str:
    """Twelve hex digits of a normal form: the same request has the same name and side in every log."""
    return hashlib.sha256(form.encode()).hexdigest()[:12]


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")

"""Which tokens of a base a shop needs.

Those that its texts are made of; and, for what customers type beside them, the most frequent of its scripts.
The scripts are read off the texts: a row of 128 code points counts when a thousandth of the characters lies
in it (ASCII is one row, and so is Devanagari, like most scripts of India). A base numbers its tokens by how
often it met them, so that of equal scripts the low ids come first. Scripts beside ASCII come before it: a
base has few tokens for them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from muse_core.models.trimming.derivation import with_parts
from muse_core.models.trimming.described import Described

ROW = 128
SHARE = 0.001
_RESERVED = re.compile(r"unused|reserved", re.IGNORECASE)  # rows that a base keeps free: <unused7>


def rows_of(texts: Iterable[str]) -> frozenset[int]:
    """The rows of 128 code points that hold at least a thousandth of the characters."""
    counts: Counter[int] = Counter()
    for text in texts:
        for sign, count in Counter(text).items():
            counts[ord(sign) // ROW] += count
    least = SHARE * sum(counts.values())
    return frozenset(row for row, count in counts.items() if count >= least)


def choose(base: Described, used: Collection[str], rows: Collection[int], most: int) -> set[str]:
    """About `most` tokens. However many they are: what is `used`, each single character of the rows, what no
    cut may lose, all with their parts, and names. Then by script and rank."""
    named = {token for token in base.added if not _RESERVED.search(token)}
    ranked = _by_rank(base, rows)
    signs = {token for token in ranked if len((base.text_of(token) or "").strip()) <= 1}
    kept = with_parts({*used, *signs, *base.needed()}, base.merges) | named
    room = [token for token in ranked if token not in kept]
    return with_parts({*kept, *room[: max(0, most - len(kept))]}, base.merges)


def _by_rank(base: Described, rows: Collection[int]) -> list[str]:
    """Tokens of these rows: scripts beside ASCII first, each by rank."""
    found = []
    for token, at in base.vocabulary.items():
        text = base.text_of(token)
        if text and token not in base.added and all(ord(sign) // ROW in rows for sign in text):
            found.append((text.isascii(), at, token))
    return [token for *_, token in sorted(found)]

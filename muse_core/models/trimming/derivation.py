r"""Which tokens a token is made of: with them kept, it is still made.

BPE joins the pair of lowest rank, the leftmost of equal ones, until none can be joined (Sennrich et al.
2016). What it joins inside a token of the result does not depend on what stands around that token, for
nothing is ever taken apart. So where all tokens of a text are kept, each with the tokens that it is joined
from, and all merges among these, the text is cut as before: at each step the lowest pair of all merges is
still there, and no new one can be lower. Unigram needs no such closure: the best path through all pieces is
still the best through fewer (Kudo 2018).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

Pair = tuple[str, str]


def with_parts(tokens: Iterable[str], merges: Sequence[Pair]) -> set[str]:
    """The tokens and everything that they are joined from. Tokens that BPE cannot make stay alone."""
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    found: set[str] = set()
    for token in tokens:
        found.add(token)
        joined = steps_of(token, ranks)
        if joined and joined[-1] == token:
            found.update(token, joined)
    return found


def steps_of(token: str, ranks: Mapping[Pair, int]) -> list[str]:
    """The characters of a token and what they are joined to, in the order in which BPE does it."""
    parts = list(token)
    made = list(parts)
    while len(parts) > 1:
        rank, at = min(
            (ranks.get(pair, math.inf), at) for at, pair in enumerate(pairwise(parts))
        )  # ties: the leftmost
        if rank == math.inf:
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
        made.append(parts[at])
    return made

"""How varied a set of texts is: distinct-n, self-BLEU and near-duplicates.

`distinct` is Li et al. 2016 ("A Diversity-Promoting Objective Function", distinct-2: different bigrams
over all bigrams). `self_bleu` is Zhu et al. 2018 ("Texygen"): each text is scored with BLEU-4 against
all others, higher means more alike. Both depend on how many texts there are, so they are only
comparable over samples of one size.

Self-BLEU is our own code: libraries compare every text with every other one, minutes for a thousand.
Here the highest two counts of each n-gram are found once, which gives the same clipped counts
(`tests/unit/evaluation/test_data_quality.py` checks it against the definition).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import chain

ORDER = 4
EPSILON = 0.1  # the count of an order without a match: Chen & Cherry 2014, smoothing 1, as in Texygen
SIMILAR = 0.9  # Jaccard similarity from which two conversations are near-duplicates
SHINGLE = 3  # words
PERMUTATIONS = 128

Words = Sequence[str]


def distinct(texts: Sequence[Words], order: int = 2) -> float:
    """Different n-grams over all n-grams; 0 when there is none."""
    counts: Counter[Words] = Counter(chain.from_iterable(_grams(words, order) for words in texts))
    total = sum(counts.values())
    return len(counts) / total if total else 0.0


def self_bleu(texts: Sequence[Words]) -> float:
    """Mean BLEU-4 of each text against all the others; 0 for fewer than two texts or no words."""
    texts = [text for text in texts if text]
    if len(texts) < 2:
        return 0.0
    counts = [[Counter(_grams(text, order)) for order in range(1, ORDER + 1)] for text in texts]
    highest = [_two_highest([one[order] for one in counts]) for order in range(ORDER)]
    lengths = sorted(len(text) for text in texts)
    scores = [_bleu(place, len(text), counts[place], highest, lengths) for place, text in enumerate(texts)]
    return sum(scores) / len(scores)


def _grams(words: Words, order: int) -> list[Words]:
    return [tuple(words[at : at + order]) for at in range(len(words) - order + 1)]


Highest = dict[Words, tuple[int, int, int]]  # n-gram -> (highest count, the text that has it, second highest)


def _two_highest(counts: Sequence[Counter[Words]]) -> Highest:
    found: Highest = {}
    for place, one in enumerate(counts):
        for gram, count in one.items():
            first, owner, second = found.get(gram, (0, -1, 0))
            found[gram] = (count, place, first) if count > first else (first, owner, max(second, count))
    return found


def _bleu(
    place: int, length: int, own: Sequence[Counter[Words]], highest: Sequence[Highest], lengths: Sequence[int]
) -> float:
    """BLEU-4 (Papineni et al. 2002) of text `place` against the others. A text without a common word
    scores 0."""
    logs = 0.0
    for order, counts in enumerate(own):
        matched = sum(_clipped(gram, count, place, highest[order]) for gram, count in counts.items())
        if not matched and not order:
            return 0.0
        logs += math.log((matched or EPSILON) / max(1, sum(counts.values())))
    closest = _closest(length, lengths)
    return math.exp(logs / ORDER) * (1.0 if length > closest else math.exp(1 - closest / length))


def _clipped(gram: Words, count: int, place: int, highest: Highest) -> int:
    first, owner, second = highest[gram]
    return min(count, second if owner == place else first)


def _closest(length: int, lengths: Sequence[int]) -> int:
    """The length nearest to `length` among the other texts, the shorter of two; `lengths` is sorted."""
    at = bisect_left(lengths, length)
    others = [*lengths[max(0, at - 1) : at], *lengths[at + 1 : at + 2]]  # one of the equal ones is the text
    return min(others, key=lambda other: (abs(other - length), other))


def near_duplicates(texts: Sequence[Words]) -> float:
    """Share of texts that an earlier one resembles: MinHash estimate of the Jaccard similarity of their
    sets of word 3-grams at least `SIMILAR` (Broder 1997; datasketch). A shorter text is one gram."""
    from datasketch import MinHash, MinHashLSH

    shingles = [
        sorted({" ".join(gram) for gram in _grams(words, SHINGLE)} or {" ".join(words)}) for words in texts
    ]
    signatures = MinHash.bulk(
        [[gram.encode() for gram in one] for one in shingles], num_perm=PERMUTATIONS, seed=1
    )
    index, found = MinHashLSH(threshold=SIMILAR, num_perm=PERMUTATIONS), 0
    for place, signature in enumerate(signatures):
        alike = index.query(signature)
        if any(signature.jaccard(signatures[other]) >= SIMILAR for other in alike):
            found += 1
        else:
            index.insert(place, signature, check_duplication=False)
    return found / len(texts) if texts else 0.0

"""What the titles of several variants have in common: the title of the product that they are."""

from __future__ import annotations

from collections.abc import Sequence

_ENDS = " -\u2013\u2014,|/:("


def shared(titles: Sequence[str]) -> str:
    """The words that all titles begin with, at least two; else the first title.

    shared(["Linen Shirt White S", "Linen Shirt Green M"]) -> "Linen Shirt" """
    known = [title for title in titles if title]
    if not known:
        return ""
    split = [title.split() for title in known]
    common = 0
    while all(common < len(words) and words[common] == split[0][common] for words in split):
        common += 1
    head = " ".join(split[0][:common]).rstrip(_ENDS)
    return head if common >= 2 else known[0]

"""Which column of a log is the text, the count, the label: by its name, else by what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from muse_core.utterances.word_lists import read_words

LABELS = ("count", "tool", "arguments", "author")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_NO_TEXT = re.compile(r"(?:https?://\S+|\S+@\S+\.\S+|[\w-]*\d[\w:./-]*)")


@dataclass(frozen=True)
class Columns:
    """Names of a log's columns; "" where there is none. `texts`: one, or the same of several languages."""

    texts: tuple[str, ...]
    count: str = ""
    tool: str = ""
    arguments: str = ""
    author: str = ""


def folded(name: str) -> str:
    """`en.Search_Term` -> "search term": the last part of a name, as the lists have it."""
    return " ".join(re.split(r"[\s_-]+", name.rpartition(".")[2].strip(" \"'\ufeff").lower())).strip()


def is_known(name: str) -> bool:
    """Whether a list has the name."""
    return any(folded(name) in _listed(kind) for kind in ("text", *LABELS))


def choose(sample: Mapping[str, Sequence[str]]) -> Columns | None:
    """The columns of a table by name and some of its values; None where none holds text."""
    texts = _texts(sample)
    if not texts:
        return None
    others = {kind: _named(sample, kind, texts) for kind in LABELS}
    if others["count"] and not _are_counts(sample[others["count"]]):
        others["count"] = ""
    return Columns(texts, **others)


def counts_without_name(sample: Mapping[str, Sequence[str]]) -> str:
    """The one column of whole numbers that neither rise line by line nor are all the same; "" for none."""
    found = [name for name, values in sample.items() if _are_counts(values) and not _is_numbering(values)]
    return found[0] if len(found) == 1 else ""


def is_customer(author: str) -> bool:
    """Whether a cell of the author's column says that a customer speaks."""
    return folded(author) in _listed("customers")


def read_count(cell: str) -> int:
    """A count as tables write it ("1,204", "17.0"); 1 where the cell is none."""
    bare = re.sub(r"[,\s_]|\.0*$", "", cell)
    return max(1, int(bare)) if bare.isdecimal() and len(bare) < 16 else 1


@cache
def _listed(kind: str) -> tuple[str, ...]:
    return tuple(read_words("columns")[kind])


def _texts(sample: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    for wanted in _listed("text"):
        found = [name for name in sample if folded(name) == wanted and _share_of_text(sample[name]) >= 0.5]
        if found:
            return tuple(found)
    others = [name for name in sample if not is_known(name)]
    best = max(others, key=lambda name: _share_of_text(sample[name]) * _variety(sample[name]), default="")
    return (best,) if best and _share_of_text(sample[best]) * _variety(sample[best]) >= 0.3 else ()


def _named(sample: Mapping[str, Sequence[str]], kind: str, taken: Sequence[str]) -> str:
    known = _listed(kind)
    found = [name for name in sample if folded(name) in known and name not in taken]
    return min(found, key=lambda name: known.index(folded(name)), default="")


def _filled(values: Sequence[str]) -> list[str]:
    return [value.strip() for value in values if value.strip()]


def _share_of_text(values: Sequence[str]) -> float:
    filled = _filled(values)
    is_text = [bool(_WORDS.search(value)) and not _NO_TEXT.fullmatch(value) for value in filled]
    return sum(is_text) / len(filled) if filled else 0.0


def _variety(values: Sequence[str]) -> float:
    """Share of different values, and of those of several words: a city or a device has neither."""
    filled = _filled(values)
    several = sum(" " in value for value in filled) / len(filled) if filled else 0.0
    return (len(set(filled)) / len(filled) + several) / 2 if filled else 0.0


def _are_counts(values: Sequence[str]) -> bool:
    filled = [re.sub(r"[,\s_]|\.0*$", "", value) for value in _filled(values)]
    return bool(filled) and sum(value.isdecimal() for value in filled) >= 0.9 * len(filled)


def _is_numbering(values: Sequence[str]) -> bool:
    numbers = [read_count(value) for value in _filled(values)]
    rises = all(after > before for before, after in pairwise(numbers))
    return len(numbers) > 1 and (rises or len(set(numbers)) == 1)

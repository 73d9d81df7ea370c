"""How well each product fits the words of a query: the product noun, the other words, BM25.

The product noun decides what may be shown at all ("shirts" never shows a shirt box: the noun must end the
product's type); the other words must all be there if any product has them all, otherwise they only rank.
BM25 is Lucene's variant (Kamphuis et al. 2020) from the library bm25s, whose scores are computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from muse_core.catalog.facets import NO, YES
from muse_core.catalog.words import plain_words, stem, stems
from muse_core.language import lexicon
from muse_core.types import HINDI_TITLE, Product

# How often a field's words count; the title is what a shopper reads.
_FIELD_WEIGHT = (
    ("title", 3),
    ("product_type", 3),
    ("brand", 2),
    ("colour", 2),
    ("category", 1),
    ("material", 2),
    ("occasion", 2),
)
_STOPWORDS = frozenset([
    "a", "an", "the", "of", "for", "in", "on", "with", "and", "or", "to", "me", "my", "some", "any", "please",
    "show", "want", "need", "good", "best", "under", "below",
])  # fmt: skip


@dataclass(frozen=True)
class Ranking:
    """Rows that a query allows, best first; the first `whole` of them have all its words."""

    rows: np.ndarray
    whole: int


class Ranker:
    """Ranks the rows of one catalogue. Ties are broken by row order."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._count = len(products)
        self._types = _Types(products)
        self._bm25 = _build_bm25(products)

    def rank(self, query: str) -> Ranking:
        """The rows that fit a query; of an empty one, all in row order."""
        all_words = plain_words(query)
        words = [word for word in all_words if word not in _STOPWORDS] or all_words
        everything = np.arange(self._count)
        if not words:
            return Ranking(everything, len(everything))
        of_type, rest = self._types.named_in(words)
        scores, hits = self._scores([*map(stem, words), *rest], rest)
        allowed = of_type if of_type is not None else scores > 0
        rows = everything[allowed]
        whole = hits[rows] >= len(rest)
        order = np.lexsort((rows, -scores[rows], ~whole))
        return Ranking(rows[order].astype(np.int32), int(whole.sum()))

    def _scores(self, words: Sequence[str], rest: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """BM25 per row for all words, and how many of `rest` (words beside the noun) each row has."""
        hits = np.zeros(self._count, dtype=np.int32)
        if self._bm25 is None:
            return np.zeros(self._count, dtype=np.float32), hits
        vocabulary, matrix = self._bm25.vocab_dict, self._bm25.scores
        for word in set(rest):
            token = vocabulary.get(word)
            if token is not None:
                hits[matrix["indices"][matrix["indptr"][token] : matrix["indptr"][token + 1]]] += 1
        hits += len(rest) - len(set(rest))
        known = [word for word in dict.fromkeys(words) if word in vocabulary]
        if not known:
            return np.zeros(self._count, dtype=np.float32), hits
        return self._bm25.get_scores(known), hits


class _Types:
    """Product types as stemmed words: which rows a noun of a query means."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._rows: dict[tuple[str, ...], np.ndarray] = {}
        by_type: dict[str, list[int]] = {}
        for row, product in enumerate(products):
            by_type.setdefault(product.product_type, []).append(row)
        for kind, having in by_type.items():
            words = tuple(stems(kind))
            for start in range(len(words)):  # "sports shoes" is also "shoes"
                rows = self._rows.setdefault(words[start:], np.zeros(len(products), dtype=bool))
                rows[having] = True
        self._longest = max((len(words) for words in self._rows), default=1)

    def named_in(self, words: Sequence[str]) -> tuple[np.ndarray | None, list[str]]:
        """Rows of the last type named in a query's plain words, and the stems of its other words."""
        for end in range(len(words), 0, -1):
            for start in range(max(0, end - self._longest - 1), end):
                rows, more = self._rows_of(words[start:end])
                if rows is None:
                    continue
                while start + 1 < end and self._rows_of(words[start + 1 : end])[0] is rows and not more:
                    start += 1  # "casual shirt" is a shirt whose other word still counts
                return rows, [*map(stem, words[:start]), *more, *map(stem, words[end:])]
        return None, [stem(word) for word in words]

    def _rows_of(self, words: Sequence[str]) -> tuple[np.ndarray | None, list[str]]:
        """Rows of the type that these words name, and words that they stand for beside it: where the
        catalogue has "shoes" alone, "running shoes" are shoes of which "sports" is asked."""
        rows = self._rows.get(tuple(map(stem, words)))
        if rows is not None:
            return rows, []
        said = lexicon.canonical("product_type", " ".join(words))
        meant = stems(said) if said else []
        for start in range(len(meant)):
            rows = self._rows.get(tuple(meant[start:]))
            if rows is not None:
                return rows, meant[:start]
        return None, []


# ---- words ----------------------------------------------------------------------------------------


def _document(product: Product) -> list[str]:
    """The words of a product, each field as often as it weighs, the description once."""
    words: list[str] = []
    for name, weight in _FIELD_WEIGHT:
        value = getattr(product, name)
        if value:
            words += stems(value) * weight
    facets = (form for values in product.facets.values() for value in values for form in _forms(value))
    told = " ".join([*product.colours[1:], product.attributes.get(HINDI_TITLE, ""), *facets])
    return words + stems(told) + stems(product.description)


def _forms(value: str) -> tuple[str, ...]:
    """How a facet's value is written in a query: "16 gb" and "16gb"; yes and no say nothing."""
    if value in (YES, NO):
        return ()
    return (value, value.replace(" ", "")) if value[0].isdigit() and " " in value else (value,)


def _build_bm25(products: Sequence[Product]) -> Any:
    """The bm25s index, or None when no product has a word."""
    import bm25s

    documents = [_document(product) for product in products]
    if not any(documents):
        return None
    index = bm25s.BM25(method="lucene", backend="numpy", csc_backend="numpy")
    index.index(_as_numbers(documents), show_progress=False)
    return index


def _as_numbers(documents: Sequence[Sequence[str]]) -> tuple[list[list[int]], dict[str, int]]:
    """Token numbers and the vocabulary, as bm25s takes them."""
    vocabulary: dict[str, int] = {}
    numbered = [[vocabulary.setdefault(word, len(vocabulary)) for word in words] for words in documents]
    return numbered, vocabulary

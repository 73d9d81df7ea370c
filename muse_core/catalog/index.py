"""The searchable catalogue: BM25 over the words of a product, structured limits over its columns.

A query is read the way a shop reads it. The product noun decides what may be shown at all ("shirts"
never shows a shirt box: the noun must end the product's type); the other words must all be there if
any product within the limits has them all, otherwise they only rank. BM25 is Lucene's variant
(Kamphuis et al. 2020) from the library bm25s, whose scores are computed once, when the index is built.
Ties are broken by row order, so that the same catalogue and query always give the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from muse_core.catalog.product import Catalog
from muse_core.catalog.words import plain_words, stem, stems
from muse_core.language import lexicon
from muse_core.types import HINDI_TITLE, Product

if TYPE_CHECKING:
    from muse_core.catalog.pictures import PictureIndex

SORT_ORDERS = ("price_low", "price_high", "rating")
LIMIT_NAMES = (
    "category", "colour", "brand", "gender", "size", "material", "occasion",
    "min_price", "max_price", "min_rating",
)  # fmt: skip
_WORDS = ("category", "colour", "brand", "gender", "material", "occasion")
_REMEMBERED = 512  # queries whose ranking is kept
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
_STOPWORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "for",
        "in",
        "on",
        "with",
        "and",
        "or",
        "to",
        "me",
        "my",
        "some",
        "any",
        "please",
        "show",
        "want",
        "need",
        "good",
        "best",
        "under",
        "below",
    ]
)


@dataclass(frozen=True)
class _Ranking:
    """Rows that a query allows, best first; the first `whole` of them have all its words."""

    rows: np.ndarray
    whole: int


class CatalogIndex:
    """Search over one catalogue. Build it once; it is read-only apart from its caches. `shared`: a folder
    of this catalogue and this code in which processes keep what one of them has computed."""

    def __init__(self, catalog: Catalog, shared: Path | None = None) -> None:
        self.catalog = catalog
        self._shared = shared
        self._ids = [product.product_id for product in catalog]
        self._id_array = np.array(self._ids, dtype=object)
        self._row_of = {product_id: row for row, product_id in enumerate(self._ids)}
        self._columns = {name: _Words(getattr(product, name) for product in catalog) for name in _WORDS}
        self._sizes = _rows_having([product.sizes for product in catalog], _size_key)
        self._further_colours = _rows_having([product.colours[1:] for product in catalog], _fold)
        self._price = _numbers(product.price for product in catalog)
        self._rating = _numbers(product.rating for product in catalog)
        self._types = _Types(catalog.products)
        self._bm25 = _build_bm25(catalog.products)
        self._rankings: dict[str, _Ranking] = {}
        self._pictures: PictureIndex | None = None

    @property
    def pictures(self) -> PictureIndex | None:
        """The pictures' index, built when first asked for; None for a catalogue without pictures."""
        if self._pictures is None and self.catalog.has_images:
            from muse_core.catalog.pictures import PictureIndex, kept_in

            path = self._shared and self._shared / "pictures.npy"
            self._pictures = kept_in(path, self.catalog) if path else PictureIndex(self.catalog)
        return self._pictures

    def search(
        self, query: str, limits: Mapping[str, Any] | None = None, limit: int = 10, sort_by: str | None = None
    ) -> tuple[list[str], int]:
        """The best `limit` product ids and how many match in all. An empty query means the limits alone."""
        rows = self._matching(query, limits or {})
        rows = self._sorted(rows, sort_by)
        return self._id_array[rows[:limit]].tolist(), len(rows)

    def count(self, query: str, limits: Mapping[str, Any] | None = None) -> int:
        """How many products match."""
        return len(self._matching(query, limits or {}))

    def narrow(
        self, ids: Sequence[str], limits: Mapping[str, Any] | None = None, sort_by: str | None = None
    ) -> list[str]:
        """Those of `ids` within the limits, in the given order or sorted."""
        rows = np.array([self._row_of[product_id] for product_id in ids], dtype=np.int64)
        if limits:
            rows = rows[self._mask(limits)[rows]]
        return self._id_array[self._sorted(rows, sort_by)].tolist()

    # ---- matching ----

    def _matching(self, query: str, limits: Mapping[str, Any]) -> np.ndarray:
        ranking = self._ranking(query)
        if not limits:
            return ranking.rows[: ranking.whole] if ranking.whole else ranking.rows
        mask = self._mask(limits)
        whole = ranking.rows[: ranking.whole]
        whole = whole[mask[whole]]
        return whole if len(whole) else ranking.rows[mask[ranking.rows]]

    def _ranking(self, query: str) -> _Ranking:
        found = self._rankings.get(query)
        if found is None:
            found = self._rank(query)
            if len(self._rankings) >= _REMEMBERED:
                self._rankings.pop(next(iter(self._rankings)))
            self._rankings[query] = found
        return found

    def _rank(self, query: str) -> _Ranking:
        all_words = plain_words(query)
        words = [word for word in all_words if word not in _STOPWORDS] or all_words
        everything = np.arange(len(self._ids))
        if not words:
            return _Ranking(everything, len(everything))
        of_type, rest = self._types.named_in(words)
        scores, hits = self._scores([*map(stem, words), *rest], rest)
        allowed = of_type if of_type is not None else scores > 0
        rows = everything[allowed]
        whole = hits[rows] >= len(rest)
        order = np.lexsort((rows, -scores[rows], ~whole))
        return _Ranking(rows[order].astype(np.int32), int(whole.sum()))

    def _scores(self, words: Sequence[str], rest: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """BM25 per row for all words, and how many of `rest` (words beside the noun) each row has."""
        hits = np.zeros(len(self._ids), dtype=np.int32)
        if self._bm25 is None:
            return np.zeros(len(self._ids), dtype=np.float32), hits
        vocabulary, matrix = self._bm25.vocab_dict, self._bm25.scores
        for word in set(rest):
            token = vocabulary.get(word)
            if token is not None:
                hits[matrix["indices"][matrix["indptr"][token] : matrix["indptr"][token + 1]]] += 1
        hits += len(rest) - len(set(rest))
        known = [word for word in dict.fromkeys(words) if word in vocabulary]
        if not known:
            return np.zeros(len(self._ids), dtype=np.float32), hits
        return self._bm25.get_scores(known), hits

    # ---- limits and order ----

    def _mask(self, limits: Mapping[str, Any]) -> np.ndarray:
        """Rows within every limit; an unknown price or rating is within none. None means "not given"."""
        mask = np.ones(len(self._ids), dtype=bool)
        for name, value in limits.items():
            if value is None:
                continue
            if name in _WORDS:
                mask &= self._word_rows(name, str(value))
            elif name == "size":
                mask &= self._sizes.get(_size_key(str(value)), np.zeros(len(self._ids), dtype=bool))
            elif name == "min_price":
                mask &= self._price >= float(value)
            elif name == "max_price":
                mask &= self._price <= float(value)
            elif name == "min_rating":
                mask &= self._rating >= float(value)
            else:
                raise ValueError(f"unknown limit {name!r}; the limits are {', '.join(LIMIT_NAMES)}")
        return mask

    def _word_rows(self, name: str, value: str) -> np.ndarray:
        column = self._columns[name]
        rows = column.equal(value)
        if rows is None and name != "brand":
            rows = column.equal(lexicon.canonical(name, value) or value)
        if name == "colour":
            also = self._further_colours.get(_fold(lexicon.canonical(name, value) or value))
            rows = also if rows is None else rows if also is None else rows | also
        if name == "gender" and value.lower() != "unisex":
            unisex = column.equal("unisex")
            rows = unisex if rows is None else rows if unisex is None else rows | unisex
        return np.zeros(len(self._ids), dtype=bool) if rows is None else rows

    def _sorted(self, rows: np.ndarray, sort_by: str | None) -> np.ndarray:
        """Rows by price or rating, the unknown last; equal ones keep their order."""
        if sort_by is None:
            return rows
        if sort_by not in SORT_ORDERS:
            raise ValueError(f"unknown order {sort_by!r}; the orders are {', '.join(SORT_ORDERS)}")
        values = self._price[rows] if sort_by != "rating" else self._rating[rows]
        return rows[
            np.argsort(values if sort_by == "price_low" else -values, kind="stable")
        ]  # NaN sorts last


# ---- columns --------------------------------------------------------------------------------------


class _Words:
    """One text column, coded: rows that equal a value without regard to case."""

    def __init__(self, values: Iterable[str | None]) -> None:
        codes: dict[str, int] = {}
        coded = [-1 if not value else codes.setdefault(_fold(value), len(codes)) for value in values]
        self._codes = codes
        self._coded = np.array(coded, dtype=np.int32)

    def equal(self, value: str) -> np.ndarray | None:
        """Rows that have the value; None when no row has."""
        code = self._codes.get(_fold(value))
        return None if code is None else self._coded == code


def _fold(value: str) -> str:
    return " ".join(value.lower().split())


def _size_key(size: str) -> str:
    return (lexicon.canonical("size", size) or size).lower().strip()


def _rows_having(values: Sequence[Sequence[str]], key: Callable[[str], str]) -> dict[str, np.ndarray]:
    """Value -> rows that have it among theirs: sizes, further colours."""
    rows: dict[str, list[int]] = {}
    for row, of_product in enumerate(values):
        for value in of_product:
            rows.setdefault(key(value), []).append(row)
    out = {}
    for value, having in rows.items():
        out[value] = np.zeros(len(values), dtype=bool)
        out[value][having] = True
    return out


def _numbers(values: Iterable[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


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
    told = " ".join([*product.colours[1:], product.attributes.get(HINDI_TITLE, "")])
    return words + stems(told) + stems(product.description)


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

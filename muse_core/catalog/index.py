"""The searchable catalogue: the words of a product (`ranking.py`), structured limits (`limits.py`).

A query is read the way a shop reads it: the product noun decides what may be shown at all, the other words
must all be there if any product within the limits has them all, otherwise they only rank. Ties are broken by
row order, so that the same catalogue and query always give the same list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from muse_core.catalog.limits import Limits
from muse_core.catalog.product import Catalog
from muse_core.catalog.ranking import Ranker, Ranking

if TYPE_CHECKING:
    from muse_core.catalog.pictures import PictureIndex

_REMEMBERED = 512  # queries whose ranking is kept


class CatalogIndex:
    """Search over one catalogue. Build it once; it is read-only apart from its caches. `shared`: a folder
    of this catalogue and this code in which processes keep what one of them has computed."""

    def __init__(self, catalog: Catalog, shared: Path | None = None) -> None:
        self.catalog = catalog
        self._shared = shared
        ids = [product.product_id for product in catalog]
        self._id_array = np.array(ids, dtype=object)
        self._row_of = {product_id: row for row, product_id in enumerate(ids)}
        self._limits = Limits(catalog)
        self._ranker = Ranker(catalog.products)
        self._rankings: dict[str, Ranking] = {}
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
        rows = self._limits.in_order(rows, sort_by)
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
            rows = rows[self._limits.mask(limits)[rows]]
        return self._id_array[self._limits.in_order(rows, sort_by)].tolist()

    def within(self, limits: Mapping[str, Any]) -> np.ndarray:
        """Whether each row of the catalogue is within the limits."""
        return self._limits.mask(limits)

    # ---- matching ----

    def _matching(self, query: str, limits: Mapping[str, Any]) -> np.ndarray:
        ranking = self._ranking(query)
        if not limits:
            return ranking.rows[: ranking.whole] if ranking.whole else ranking.rows
        mask = self._limits.mask(limits)
        whole = ranking.rows[: ranking.whole]
        whole = whole[mask[whole]]
        return whole if len(whole) else ranking.rows[mask[ranking.rows]]

    def _ranking(self, query: str) -> Ranking:
        ranking = self._rankings.get(query)
        if ranking is None:
            ranking = self._ranker.rank(query)
            if len(self._rankings) >= _REMEMBERED:
                self._rankings.pop(next(iter(self._rankings)))
            self._rankings[query] = ranking
        return ranking

"""A catalogue that several threads look at: one at a time, since an index keeps what it has ranked."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex


class SharedIndex:
    """Answers as the index does, behind a lock."""

    def __init__(self, index: CatalogIndex) -> None:
        self._index, self._lock = index, threading.RLock()

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            found = getattr(self._index, name)
        if not callable(found):
            return found

        def locked(*given: Any, **named: Any) -> Any:
            with self._lock:
                return found(*given, **named)

        return locked

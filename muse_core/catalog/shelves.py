"""The path of shelves in a category cell: of several paths the deepest, without the tree's root.

tidy("Default Category/Women,Default Category/Women/Kurtas") -> "Women > Kurtas"
tidy("All / Saleable / Stools")                              -> "Stools"
"""

from __future__ import annotations

import re
from functools import lru_cache

from muse_core.catalog import cells, records

_SEPARATOR = re.compile(r">|/|\||::|\u203a|\u00bb")


@lru_cache(maxsize=8192)
def tidy(cell: str) -> str:
    """The cell's deepest path, roots left out; a cell that has neither several paths nor a root as it is."""
    paths = _paths(cell)
    deepest = max(paths, key=lambda path: len(cells.path(path)))
    steps = cells.path(deepest)
    kept = [step for step in steps if not records.is_root(step)]
    if len(paths) == 1 and len(kept) == len(steps):
        return cell
    return " > ".join(kept)


def _paths(cell: str) -> list[str]:
    """The paths that a cell lists: all have steps, or one is the beginning of another."""
    parts = [part.strip() for part in cell.split(",") if part.strip()]
    if len(parts) < 2 or cell[:1] in ("[", "{"):
        return [cell]
    with_steps = [part for part in parts if _SEPARATOR.search(part)]
    begins = any(one != other and other.startswith(one) for one in parts for other in with_steps)
    return parts if with_steps and (len(with_steps) == len(parts) or begins) else [cell]

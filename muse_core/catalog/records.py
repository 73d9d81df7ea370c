"""What a row of a shop system is: a product, a variant of one, a service, a picture; on sale or not.

    role_of("simple, virtual") -> "single"     is_off("draft") -> True     is_fee("Shipping Charges") -> True

Words only (`records.toml`); which column says it is found in `columns.py`, what follows from it for a
whole table in `on_sale.py` and `variants.py`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from muse_core.catalog import cells
from muse_core.catalog.headers import folded, spoken
from muse_core.catalog.tables import listed, table

_LONGEST_FEE = 40  # characters of the title of a fee
ROLES = ("parent", "child", "container", "service", "extra", "single")


@cache
def _words(section: str, name: str) -> frozenset[str]:
    return frozenset(map(folded, listed(table("records")[section][name])))


@lru_cache(maxsize=8192)
def plain(cell: str) -> str:
    """A cell as the word lists spell it: 'Storable_Product' -> 'storable product'."""
    bare = folded(cells.text(cell)) or cell.strip()
    return " ".join(re.sub(r"[^\w\u0900-\u097f-]+|_|(?<=\w)-(?=\w)", " ", bare).split())


@lru_cache(maxsize=4096)
def role_of(cell: str) -> str | None:
    """The kind of record that a cell names: one of `ROLES`; None when it names none."""
    whole = plain(cell)
    parts = [whole, *(plain(part) for part in cell.split(","))]
    return next((role for role in ROLES if any(part in _words("kinds", role) for part in parts)), None)


@lru_cache(maxsize=8192)
def is_no_noun(cell: str) -> bool:
    """Whether a cell of a type column is no kind of thing: a kind of record, a state, a condition, yes/no."""
    bare = plain(cell)
    states = ("stock", "condition", "answer")
    return role_of(cell) is not None or any(bare in _words("states", name) for name in states)


@lru_cache(maxsize=4096)
def is_stock_state(cell: str) -> bool:
    """Whether a cell says how much is there, or whether it is sold at all: 'Low stock', 'Discontinued'."""
    return plain(cell) in _words("states", "stock")


@lru_cache(maxsize=4096)
def state_of(cell: str) -> bool | None:
    """Whether a status cell says that the row is on sale; None when it says nothing known."""
    bare = plain(cell)
    if bare in _words("status", "off"):
        return False
    return True if bare in _words("status", "on") or bare in _words("states", "stock") else None


def is_negative(header: str) -> bool:
    """Whether a yes under this header takes the row off sale: 'Disabled'."""
    return any(
        f" {word} " in f" {spoken(header)} " for word in listed(table("records")["status"]["negative"])
    )


@lru_cache(maxsize=8192)
def is_fee(title: str) -> bool:
    """Whether a title names a charge beside the goods: 'Delivery charges'."""
    return len(title) <= _LONGEST_FEE and plain(title) in _words("fees", "titles")


def is_root(step: str) -> bool:
    """Whether a step of a shelf path is the tree's root and no shelf: 'Default Category'."""
    return plain(step) in _words("shelves", "roots")


def is_service_shelf(step: str) -> bool:
    """Whether a shelf holds services and charges."""
    return plain(step) in _words("shelves", "services")

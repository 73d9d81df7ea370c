"""How a long computation says where it is. The terminal and the Prefect UI implement it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called often; implementations throttle."""

    def update(self, done: int, total: int, note: str = "") -> None:
        """`done` of `total` units are finished; `note` is one short line (tokens/s, loss, ETA)."""


class Silent:
    """A progress that nobody watches."""

    def update(self, done: int, total: int, note: str = "") -> None:
        return None

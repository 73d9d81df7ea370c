"""Where a training's samples come from when no plan holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from muse_core.examples.example import Example


class Draw(Protocol):
    """Makes the samples of a step (0-based) with the model as it is, the same in every process; is told, in
    the first one, what came of them."""

    def __call__(self, step: int) -> list[Example]: ...

    def learnt(self, step: int, values: Mapping[str, float]) -> None: ...

"""A turn of each side of a closed-loop conversation: what the shopper said, and got out of the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from muse_core.dialogue.shopper import Said
from muse_core.types import Product

Ending = Literal["accepted", "gave up", "too long"]
Act = Literal["open", "tell", "answer", "correct", "repeat", "detour", "compare"]


@dataclass(frozen=True)
class Spoken:
    """One shopper turn: what kind of act it was, its words with the expert's calls, and the constraints
    that it names."""

    act: Act
    said: Said
    named: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.said.utterance.text


@dataclass(frozen=True)
class Heard:
    """One assistant turn. `recommended`: the products that the reply names; `asked`: the slot it asks for;
    `faults`: those of the model's own turn (`generation/faults.py`), `failed call`; `fits`: the language of
    the shopper's turn; `repair`: what stands in for what could not be shown."""

    text: str
    recommended: tuple[Product, ...] = ()
    asked: str | None = None
    faults: tuple[str, ...] = ()
    fits: bool = True
    repair: str = ""

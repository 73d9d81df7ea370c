"""Who shops: life situations that keep a shopper's age, money, style and occasions consistent.

Everything that a profile says is drawn within what its situation allows, so that a student does not have
a manager's budget. The data is `personas.toml`; names and cities are common Indian ones."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from muse_core.types import Language


@dataclass(frozen=True)
class Persona:
    """One life situation. `budget` is the span of the upper budget in INR (log-uniform within it);
    `polite` the chance of a polite tone; `shelves` the categories that the person mostly buys."""

    name: str
    ages: tuple[str, ...]
    budget: tuple[int, int]
    styles: tuple[str, ...]
    occasions: tuple[str, ...]
    shelves: tuple[str, ...]
    polite: float
    weight: float


@cache
def personas() -> tuple[Persona, ...]:
    """All situations, in the order of the file."""
    return tuple(_persona(name, row) for name, row in _data()["personas"].items())


def _persona(name: str, row: dict[str, Any]) -> Persona:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    values: dict[str, Any] = row | lists
    return Persona(name=name, **values)


@cache
def names(gender: str) -> tuple[str, ...]:
    """First names of women or of men."""
    return tuple(_data()["names"][gender])


@cache
def cities(language: Language) -> tuple[str, ...]:
    """Where speakers of a language are likely to live."""
    return tuple(_data()["cities"][language])


@cache
def _data() -> dict[str, Any]:
    file = resources.files("muse_core.profiles").joinpath("personas.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))

"""What the loader could not tell by itself, and the flag that answers it."""

from __future__ import annotations

from dataclasses import dataclass

from muse_core.types import JsonValue


@dataclass(frozen=True)
class Question:
    """`about`: the meaning or setting; `asks`: what is unsure and what was taken; `flag`: what settles it."""

    about: str
    asks: str
    flag: str

    def as_json(self) -> JsonValue:
        return {"about": self.about, "question": self.asks, "flag": self.flag}


@dataclass(frozen=True)
class Answers:
    """What the user has settled about money: `catalog.currency`, `catalog.decimal`, `catalog.minor_units`."""

    currency: str | None = None
    decimal: str | None = None
    minor_units: int | None = None


def set_flag(key: str, value: str) -> str:
    """The command-line flag that sets a key of the catalogue's section."""
    return f"--set 'catalog.{key}={value}'"

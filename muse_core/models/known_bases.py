"""The base models that have a name here (`known_bases.toml`): where they are, whose licence, how large."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class IndexFile:
    """A weights file that packages of the index hold, whole or in pieces to be joined in their order."""

    file: str
    packages: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class KnownBase:
    """`is_gated`: the hub asks for an account that has accepted `terms`. `is_restricted`: the licence is no
    free one. `width`: of a token's embedding, which is both input and output in all that are listed.
    `tokens_per_word`: by script, {} where it was not measured."""

    name: str
    hub: str
    family: str
    licence: str
    terms: str
    parameters: int
    vocabulary: int
    width: int
    is_gated: bool = False
    is_restricted: bool = False
    tokens_per_word: Mapping[str, float] = field(default_factory=dict)
    index: IndexFile | None = None

    @property
    def caution(self) -> str:
        """What must be said before anything is trained on it; "" for nothing."""
        if not self.is_restricted:
            return ""
        return (
            f"{self.name} is under the {self.licence}, which is no free licence and binds what is trained on "
            f"it: read {self.terms} first"
        )


@cache
def known_bases() -> Mapping[str, KnownBase]:
    """By name, in the order of the file."""
    text = resources.files("muse_core.models").joinpath("known_bases.toml").read_text("utf-8")
    found = {}
    for name, values in tomllib.loads(text).items():
        index = values.pop("index", None)
        file = IndexFile(index["file"], tuple(index["packages"]), index["sha256"]) if index else None
        found[name] = KnownBase(name, index=file, **values)
    return found


def known_as(model: str) -> KnownBase | None:
    """The entry whose name, hub id (or its last part, a folder's name) or weights file `model` is."""
    last = model.replace("\\", "/").rstrip("/").rpartition("/")[2]
    for base in known_bases().values():
        file = base.index.file if base.index else None
        if model in (base.name, base.hub) or last in (base.name, base.hub.rpartition("/")[2], file):
            return base
    return None

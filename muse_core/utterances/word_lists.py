"""The word lists of this room, kept as TOML files beside the modules."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any


@lru_cache(maxsize=8)
def read_words(name: str) -> dict[str, Any]:
    """The content of `<name>.toml`; read once, on first use."""
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)

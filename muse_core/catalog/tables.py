"""The data files beside the catalogue's code: nouns, headers, outlines, the synthetic shop's shelves."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """The TOML file `<name>.toml` of this package. Do not change what it returns."""
    return tomllib.loads(
        resources.files("muse_core.catalog").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    )


def listed(text: str) -> list[str]:
    """The names of a comma-separated block over several lines."""
    return [" ".join(name.split()) for name in text.split(",")]

"""The words of a script for one purpose, read from `<script>/<purpose>.toml` beside this module.

`phrases.toml` says how a shopper puts constraints, orders and positions, `replies.toml` what the assistant
says. A translator edits one folder; `shared.toml` holds what has no script. Who reads a file names it: a
purpose is a literal in the module that asks for it, so that it can be seen whose results a word changes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

from muse_core.types import Language

# `hi` is Devanagari; mixed shoppers write `roman` (Hinglish in Latin script) or `both` (Devanagari with
# English words).
Script = Literal["en", "hi", "roman", "both"]
SCRIPTS: tuple[Script, ...] = ("en", "hi", "roman", "both")
LANGUAGE_OF: Mapping[Script, Language] = {"en": "en", "hi": "hi", "roman": "mixed", "both": "mixed"}


@cache
def words(purpose: str, script: Script | None = None) -> dict[str, Any]:
    """The content of a script's file, or without a script of the one that all scripts share; read once.
    Raises FileNotFoundError when there is none."""
    name = f"{script}/{purpose}.toml" if script else f"{purpose}.toml"
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))

"""The words that the page and the terminal say themselves, as data: a file per language below `words/`.

What the assistant says is the model's; it answers in the language that it is written to.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("en", "hi", "mixed")


@cache
def words_of(language: str) -> dict[str, Any]:
    """`{"page": {…}, "terminal": {…}}` of one of LANGUAGES; KeyError for another. Do not change it."""
    if language not in LANGUAGES:
        raise KeyError(language)
    file = resources.files("serving").joinpath("words", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))

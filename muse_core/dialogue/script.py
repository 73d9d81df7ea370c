"""The scripts that words come in, whose words they are, and the reader of the word files of this room.

Scripts: `en`, `hi` (Devanagari), and for mixed shoppers `roman` (Hinglish in Latin script) and `both`
(Devanagari with English words). No words stand here: a module names the files that it reads itself, so
that who needs the assistant's words (`replies.py`) does not depend on the shopper's.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

from muse_core.wordings.words import LANGUAGE_OF, SCRIPTS, Script

__all__ = ["LANGUAGE_OF", "SCRIPTS", "Script", "SpeakerGender", "read_words"]
SpeakerGender = Literal["m", "f"]


@cache
def read_words(name: str) -> dict[str, Any]:
    """The content of `<name>.toml`; read once per process. Do not change what it returns."""
    file = resources.files("muse_core.dialogue").joinpath(f"{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))

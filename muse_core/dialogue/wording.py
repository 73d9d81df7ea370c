"""The simulator's other words, read from TOML files once per process.

`replies_*.toml` are the assistant's sentences; `wording.toml` how constraints, orders and positions are
said; what a script's folder of `muse_core/wordings` says beside a request or declines is looked up here.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from muse_core.wordings.words import LANGUAGE_OF as LANGUAGE_OF
from muse_core.wordings.words import SCRIPTS as SCRIPTS
from muse_core.wordings.words import Script as Script
from muse_core.wordings.words import words


@cache
def replies(script: Script) -> dict[str, Any]:
    """`replies` {situation: [text]}, `limits` {argument: its name}, `targets` {language: its name}."""
    return _read(f"replies_{script}")


@cache
def sayings(script: Script) -> dict[str, Any]:
    """How one script says constraints, orders, positions and attributes."""
    return dict(shared()[script])


@cache
def shared() -> dict[str, Any]:
    """The whole of `wording.toml`: the scripts' sections and what they share."""
    return _read("wording")


@cache
def topics(kind: str, script: Script) -> tuple[str, ...]:
    """What the shop declines, in one script: `nouns`, `tasks`, `questions`."""
    return tuple(words("topics", script)[kind])


def stories(script: Script) -> dict[str, Any]:
    """{occasion: [sentence]}: a request's occasion, told."""
    return words("stories", script)


@cache
def _read(name: str) -> dict[str, Any]:
    file = resources.files("muse_core.dialogue").joinpath(f"{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))

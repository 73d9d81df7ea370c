"""The simulator's words, read from the TOML files beside this module, once per process.

`frames_*.toml` are request patterns, openings and closings; `replies_*.toml` the assistant's sentences;
`wording.toml` how constraints, orders and positions are said; `topics.toml` what the shop declines;
`asides.toml` what people tell beside a request; `spelling.toml` habits and slips. Scripts: `en`, `hi`
(Devanagari), and for mixed shoppers `roman` (Hinglish in Latin script) and `both` (Devanagari with
English words).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

from muse_core.types import Language

Script = Literal["en", "hi", "roman", "both"]
SCRIPTS: tuple[Script, ...] = ("en", "hi", "roman", "both")
LANGUAGE_OF: Mapping[Script, Language] = {"en": "en", "hi": "hi", "roman": "mixed", "both": "mixed"}


@cache
def frames(script: Script) -> dict[str, Any]:
    """`patterns` {turn type: {kind: [pattern]}}, `openings` and `closings` {kind: [words]}."""
    found = _read(f"frames_{script}")
    own = found["patterns"]
    for name in found.get("from_hindi", ()):
        turn_type, kind = name.split("/")
        borrowed = frames("hi")["patterns"][turn_type][kind]
        own.setdefault(turn_type, {})[kind] = list(
            dict.fromkeys([*borrowed, *own.get(turn_type, {}).get(kind, ())])
        )
    return found


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
    column = SCRIPTS.index(script)
    return tuple(row[column] for row in _read("topics")[kind])


@cache
def spelling() -> dict[str, Any]:
    """`habits`, `polite`, `casual` {script: {word: {form: weight}}}, `slips` {english: {word: [..]},
    devanagari: {part: other}}."""
    return _read("spelling")


@cache
def asides(script: Script) -> dict[str, Any]:
    """What is said beside a request, {kind: [sentence]}: `arrive`, `shop`, `follow`,
    `talk`."""
    return dict(_read("asides")[script])


@cache
def stories(script: Script) -> dict[str, Any]:
    """{occasion: [sentence]}: a request's occasion, told."""
    return dict(_read("asides")["stories"][script])


@cache
def _read(name: str) -> dict[str, Any]:
    file = resources.files("muse_core.dialogue").joinpath(f"{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))

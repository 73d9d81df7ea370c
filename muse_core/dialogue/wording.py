"""The shopper's words, read from the TOML files beside this module, once per process.

`frames_*.toml` are request patterns, openings and closings; `topics.toml` what the shop declines;
`asides.toml` what people tell beside a request; `spelling.toml` habits and slips. How constraints are said:
`phrases.py`; the assistant's sentences: `replies.py`, `safe_replies.py`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from muse_core.dialogue.script import SCRIPTS, Script, read_words


@cache
def frames(script: Script) -> dict[str, Any]:
    """`patterns` {turn type: {kind: [pattern]}}, `openings` and `closings` {kind: [words]}."""
    found = read_words(f"frames_{script}")
    own = found["patterns"]
    for name in found.get("from_hindi", ()):
        turn_type, kind = name.split("/")
        borrowed = frames("hi")["patterns"][turn_type][kind]
        own.setdefault(turn_type, {})[kind] = list(
            dict.fromkeys([*borrowed, *own.get(turn_type, {}).get(kind, ())])
        )
    return found


@cache
def topics(kind: str, script: Script) -> tuple[str, ...]:
    """What the shop declines, in one script: `nouns`, `tasks`, `questions`."""
    column = SCRIPTS.index(script)
    return tuple(row[column] for row in read_words("topics")[kind])


@cache
def spelling() -> dict[str, Any]:
    """`habits`, `polite`, `casual` {script: {word: {form: weight}}}, `slips` {english: {word: [..]},
    devanagari: {part: other}}."""
    return read_words("spelling")


@cache
def asides(script: Script) -> dict[str, Any]:
    """What is said beside a request, {kind: [sentence]}: `arrive`, `shop`, `follow`,
    `talk`."""
    return dict(read_words("asides")[script])


@cache
def stories(script: Script) -> dict[str, Any]:
    """{occasion: [sentence]}: a request's occasion, told."""
    return dict(read_words("asides")["stories"][script])

"""The README as a list of code blocks and of things in backticks."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_VARIABLE = re.compile(r"^[A-Z_]+=")


class Block(NamedTuple):
    language: str
    text: str

    @property
    def first_line(self) -> str:
        return self.text.splitlines()[0]


def blocks() -> list[Block]:
    """Every fenced block, in order."""
    return [Block(*found) for found in _BLOCK.findall(_text())]


def block(language: str, beginning: str) -> Block:
    """The one that begins so."""
    return next(one for one in blocks() if one.language == language and one.text.startswith(beginning))


def spans() -> list[str]:
    """Everything in single backticks outside of the blocks, on one line each."""
    return [" ".join(found.split()) for found in _SPAN.findall(_BLOCK.sub("", _text()))]


def _text() -> str:
    return (ROOT / "README.md").read_text("utf-8")


class Command(NamedTuple):
    """A line for a shell: the variables set in front of it, and its words."""

    variables: dict[str, str]
    words: list[str]


def command(line: str) -> Command:
    """Without its comment and a `&` at its end."""
    words = shlex.split(line, comments=True)
    words = words[:-1] if words[-1:] == ["&"] else words
    count = next((at for at, word in enumerate(words) if not _VARIABLE.match(word)), len(words))
    variables = dict(word.split("=", 1) for word in words[:count])
    return Command(variables, words[count:])


def commands() -> list[str]:
    """Every line of every bash block, and every span that is a whole command."""
    lines = [
        line for one in blocks() if one.language == "bash" for line in one.text.splitlines() if line.strip()
    ]
    inside = [text for text in spans() if text.split()[0] in ("muse", "make", "torchrun") and " " in text]
    return list(dict.fromkeys([*lines, *inside]))

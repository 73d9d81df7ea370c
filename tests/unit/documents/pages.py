"""README and docs/ as a list of code blocks, of things in backticks, of headings and of links."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_VARIABLE = re.compile(r"^[A-Z_]+=")
_INSTALLED = ".venv/bin/"  # where `make install` puts programs


class Block(NamedTuple):
    language: str
    text: str

    @property
    def first_line(self) -> str:
        return self.text.splitlines()[0]


def pages() -> list[Path]:
    """What is tested line by line: the README, then docs/ by name."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks() -> list[Block]:
    """Every fenced block, in order."""
    return [Block(*found) for found in _BLOCK.findall(_text())]


def block(language: str, beginning: str) -> Block:
    """The one that begins so."""
    return next(one for one in blocks() if one.language == language and one.text.startswith(beginning))


def spans() -> list[str]:
    """Everything in single backticks outside of the blocks, on one line each."""
    return [" ".join(found.split()) for found in _SPAN.findall(_BLOCK.sub("", _text()))]


@cache
def _text() -> str:
    return "\n".join(page.read_text("utf-8") for page in pages())


@cache
def anchors(page: Path) -> frozenset[str]:
    """The sections of a page, as GitHub names them in addresses."""
    return frozenset(anchor(title) for title in _HEADING.findall(_BLOCK.sub("", page.read_text("utf-8"))))


def anchor(title: str) -> str:
    """Lower case, no punctuation but `-` and `_`, spaces as `-`."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


class Command(NamedTuple):
    """A line for a shell: the variables set in front of it, and its words."""

    variables: dict[str, str]
    words: list[str]


def command(line: str) -> Command:
    """Without its comment, a `&` at its end, and the folder of its program."""
    words = shlex.split(line, comments=True)
    words = words[:-1] if words[-1:] == ["&"] else words
    count = next((at for at, word in enumerate(words) if not _VARIABLE.match(word)), len(words))
    variables = dict(word.split("=", 1) for word in words[:count])
    return Command(variables, [word.removeprefix(_INSTALLED) for word in words[count:]])


def commands() -> list[str]:
    """Every line of every bash block, and every span that is a whole command."""
    lines = [
        line for one in blocks() if one.language == "bash" for line in one.text.splitlines() if line.strip()
    ]
    inside = [text for text in spans() if text.split()[0] in ("muse", "make", "torchrun") and " " in text]
    return list(dict.fromkeys([*lines, *inside]))

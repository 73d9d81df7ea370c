"""The ledger of measured numbers: docs/claims.toml beside what README and docs/ state.

Which numbers count as measured, and how a page says where they come from, stands at the head of the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.unit.documents.pages import ROOT

LEDGER = ROOT / "docs" / "claims.toml"
_N = r"(?<![\w.,/#])[−+-]?\d+(?:,\d{3})*(?:\.\d+)?(?!\.?\w)"
_UNIT = r"(?:\s?%|\s(?:points?|times|ms|s|min|h|seconds?|minutes?|hours?|MB|GB)\b)"
_INTERVAL = r"\[[−+-]?[\d.,]+,\s[−+-]?[\d.,]+\]"
NUMBER = re.compile(_N)
# A number with a unit; one and its interval; an interval alone, with a sign or decimals.
_SHAPES = [
    re.compile(shape)
    for shape in (_N + _UNIT, rf"{_N}{_UNIT}?\s?{_INTERVAL}", rf"(?=\[[−+]|\[[\d,\s]*\.){_INTERVAL}")
]
_MARKER = re.compile(r"^ *<!-- figures: ([\w, -]+) -->$")
_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s")
_HIDDEN = re.compile(r"^```.*?^```$|`[^`]+`|(?<=\])\([^)]*\)", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A paragraph, an item of a list or a table; `sources`: the names that hold for it."""

    line: int
    text: str
    sources: tuple[str, ...]

    @property
    def is_table(self) -> bool:
        return self.text.lstrip().startswith("|")


class Fault(NamedTuple):
    line: int
    number: str
    sources: tuple[str, ...]


@cache
def ledger() -> dict[str, dict[str, Any]]:
    """Source -> what the file says of it."""
    return tomllib.loads(LEDGER.read_text("utf-8"))


def texts(source: Mapping[str, Any]) -> list[str]:
    """The numbers of a source, as pages write them."""
    return [*(text for _, text in figures(source)), *source.get("numbers", [])]


def figures(source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, text) of what a run measures; a name may have several texts."""
    for name, written in source.get("figures", {}).items():
        yield from ((name, text) for text in ([written] if isinstance(written, str) else written))


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page's Markdown; code and addresses are blank in them."""
    shown = _HIDDEN.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), page)
    of_page: tuple[str, ...] = ()
    here: tuple[str, ...] = ()
    is_top, first, lines = True, 1, list[str]()
    for at, line in enumerate([*shown.splitlines(), ""], 1):
        marker = _MARKER.match(line)
        is_text = bool(line.strip()) and not marker and not line.startswith("#")
        if lines and (not is_text or _ITEM.match(line)):
            yield Block(first, "\n".join(lines), here)
            lines = []
        if is_text:
            first = first if lines else at
            lines.append(line)
        if line.startswith("##"):
            is_top, here = False, of_page
        if marker:
            here = tuple(name.strip() for name in marker[1].split(","))
            of_page = here if is_top else of_page


def measured(block: Block) -> list[re.Match[str]]:
    """The numbers of a block that count as measured."""
    found = list(NUMBER.finditer(block.text))
    shapes = [one.span() for shape in _SHAPES for one in shape.finditer(block.text)]
    certain = [one for one in found if any(start <= one.start() < end for start, end in shapes)]
    if not certain:
        return []
    if block.is_table:
        return [one for one in found if _is_a_value(block.text, one.start(), one in certain)]
    return [one for one in found if one in certain or "." in one[0]]


def _is_a_value(table: str, at: int, is_certain: bool) -> bool:
    """Of a cell that begins with a number. The first line and the first column have names."""
    start = table.rfind("\n", 0, at) + 1
    cell = table[table.rfind("|", 0, at) + 1 : at].strip()
    begins = not cell or NUMBER.match(cell) is not None
    return start > 0 and table.count("|", start, at) > 1 and (is_certain or begins)


def places(text: str, block: str) -> list[tuple[int, int]]:
    """Where a block has a text as whole numbers, however its lines are broken."""
    words = r"\s+".join(re.escape(word) for word in text.split())
    whole = re.compile(rf"(?<![\w.,−+]){words}(?!\d|[.,]\d)")
    return [found.span() for found in whole.finditer(block)]


def faults(page: str, sources: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Measured numbers of a page's Markdown that no source in force has."""
    for block in blocks(page):
        known = [text for name in block.sources for text in texts(sources.get(name, {}))]
        covered = [place for text in known for place in places(text, block.text)]
        for one in measured(block):
            if not any(start <= one.start() and one.end() <= end for start, end in covered):
                line = block.line + block.text.count("\n", 0, one.start())
                yield Fault(line, one[0], block.sources)


def stale(pages: list[str], sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Texts of the ledger that no page states under their source, and sources that no page names."""
    shown: dict[str, list[str]] = {name: [] for name in sources}
    for page in pages:
        for block in blocks(page):
            for name in block.sources:
                shown.setdefault(name, []).append(block.text)
    lost = [name for name in sources if not shown[name]]
    return lost + [
        f"{name}: {text}"
        for name, source in sources.items()
        for text in dict.fromkeys(texts(source))
        if shown[name] and not any(places(text, block) for block in shown[name])
    ]


@cache
def timings() -> frozenset[str]:
    """The sections of tests/benchmarks/RESULTS.md."""
    text = (ROOT / "tests" / "benchmarks" / "RESULTS.md").read_text("utf-8")
    return frozenset(re.findall(r"^## (.+)$", text, re.MULTILINE))


def module_of(command: str) -> Path | None:
    """The file of `python -m NAME …` or `pytest FILE …`; None for another program."""
    words = [*command.split(), ""]
    if words[:2] == ["python", "-m"]:
        path = ROOT / words[2].replace(".", "/")
        return path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    return ROOT / words[1] if words[0] == "pytest" else None

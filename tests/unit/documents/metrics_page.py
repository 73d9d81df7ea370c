"""docs/metrics.md as a list of names, and where a name of the code belongs in it."""

from __future__ import annotations

import re
from functools import cache

from tests.unit.documents.pages import ROOT

PAGE = ROOT / "docs" / "metrics.md"
# In front of a name in manifests and MLflow: whose figure it is (docs/metrics.md#models-and-baselines).
MODELS = (
    "base",
    "sft",
    "dpo",
    "expert",
    "majority",
    "always_none",
    "always_search",
    "linear",
    "linear_readings",
    "test_side",
    "sft-base",
    "dpo-sft",
    "dpo-always_none",
    "dpo-always_search",
    "dpo-linear",
    "dpo-linear_readings",
)
_SECTION = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
_NAMES = re.compile(r"^Names: (.+?)(?=\n\n)", re.MULTILINE | re.DOTALL)
_BULLET = re.compile(r"^- (`.+?`): ", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_PLACEHOLDER = re.compile(r"<[^>]+>")


@cache
def sections() -> dict[str, str]:
    """Title -> text, of every section."""
    _, *parts = _SECTION.split(PAGE.read_text("utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def names_in(text: str) -> list[str]:
    """The names that a section explains: behind `Names:`, and in front of a bullet's colon."""
    found = [*_NAMES.findall(text), *_BULLET.findall(text)]
    return [" ".join(name.split()) for names in found for name in _SPAN.findall(names)]


@cache
def documented() -> dict[str, str]:
    """Name as it is written (`yield/<tool>`) -> a section that explains it."""
    return {name: title for title, text in sections().items() for name in names_in(text)}


def pattern(name: str) -> re.Pattern[str]:
    """`yield/<tool>` as the names that it stands for."""
    literal = [re.escape(part) for part in _PLACEHOLDER.split(name)]
    return re.compile(".+".join(literal))


def plain(name: str) -> str:
    """The figure's own name: `sft.tool_accuracy.low` is `tool_accuracy`."""
    name = re.sub(r"\.(low|high)$", "", name)
    model, _, rest = name.partition(".")
    return rest if model in MODELS else name


def without_entry(names: set[str]) -> list[str]:
    """The names that the page does not explain, in order."""
    known = [pattern(name) for name in documented()]
    return sorted(name for name in map(plain, names) if not any(one.fullmatch(name) for one in known))

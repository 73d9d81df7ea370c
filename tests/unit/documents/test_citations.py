"""What is cited exists: pages and sections of docs/, from code, comments, configuration and other pages."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.documents.pages import ROOT, anchor, anchors, pages

FOLDERS = (
    "flows",
    "tasks",
    "data_contracts",
    "muse_core",
    "deployments",
    "docker",
    "docs",
    "samples",
    "tests",
)
SUFFIXES = (".py", ".toml", ".yaml", ".yml", ".md", ".jinja")
CITED = re.compile(r"\bdocs/([\w-]+\.md)(?:#([\w-]+))?")
LINK = re.compile(r"\]\((?!https?:)([^)\s]*?)(?:#([\w-]+))?\)")
# Pages that people worked from and that are no part of the project; and the founding guide by another name.
OUTSIDE = re.compile(
    r"\b(?:MEASURES|DECISIONS|TRAPS|INTERFACES)\b(?!\s*=)|\bSTYLE\.md\b"
    r"|\b[Ss]eed document|\bthe seed's (?!own)"
)
ITSELF = Path(__file__).resolve()


class Text(NamedTuple):
    place: str
    words: str


def files() -> list[Path]:
    """Every file that may cite: those of the folders, and those that lie at the top."""
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    found = [*ROOT.iterdir(), *inside]
    return sorted(path for path in found if path.suffix in SUFFIXES and path.is_file() and path != ITSELF)


def prose(path: Path) -> Iterator[Text]:
    """What is written for people: of Python the comments and docstrings, of other files all."""
    place, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    if path.suffix != ".py" or not OUTSIDE.search(text):  # reading it token by token takes long
        yield Text(place, text)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield Text(f"{place}:{token.start[0]}", token.string)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield Text(f"{place}, {getattr(node, 'name', 'module')}", ast.get_docstring(node) or "")


def fault_of(page: Path, section: str | None) -> str | None:
    """Why a citation leads nowhere; None where it leads somewhere."""
    if not page.exists():
        return "there is no such page"
    if section and page.suffix == ".md" and section not in anchors(page):
        return f"it has no section #{section}; its sections: {', '.join(sorted(anchors(page)))}"
    return None


def test_every_page_and_section_that_is_cited_exists() -> None:
    lost, seen = [], set()
    for path in files():
        for page, section in CITED.findall(path.read_text("utf-8")):
            seen.add((page, section))
            fault = fault_of(ROOT / "docs" / page, section or None)
            if fault:
                lost.append(f"{path.relative_to(ROOT)} cites docs/{page}#{section}: {fault}")
    assert lost == []
    assert {("metrics.md", "fluency"), ("decisions.md", "the-anchor"), ("seed.md", "the-dpo-loss")} <= seen


@pytest.mark.parametrize(
    "page", [*pages(), ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name
)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    lost = []
    for target, section in LINK.findall(page.read_text("utf-8")):
        fault = fault_of((page.parent / target).resolve() if target else page, section or None)
        if fault:
            lost.append(f"{target}#{section}: {fault}")
    assert lost == []


def test_no_page_outside_the_project_is_cited() -> None:
    found = [
        f"{place}: {match[0].strip()!r}; cite a section of docs/, or say the thing itself"
        for path in files()
        for place, words in prose(path)
        for match in OUTSIDE.finditer(words)
    ]
    assert found == []


def test_citations_are_told_from_words() -> None:
    assert OUTSIDE.search("as in MEASURES, exact call") and OUTSIDE.search("the seed's column")
    assert not OUTSIDE.search("drawn from the seed") and not OUTSIDE.search("the run's seed")
    assert anchor("Not worse, and better") == "not-worse-and-better"
    assert anchor("A word is `one_token`") == "a-word-is-one_token"
    assert fault_of(ROOT / "docs" / "metrics.md", "no-such-section")
    assert fault_of(ROOT / "docs" / "no-such-page.md", None)


def test_no_two_sections_of_a_page_have_one_address() -> None:
    """The second would be `…-1`, and the first would move when another is put in front."""
    for page in pages():
        titles = re.findall(r"^#{1,6} (.+)$", re.sub(r"(?ms)^```.*?^```$", "", page.read_text("utf-8")), re.M)
        names = [anchor(title) for title in titles]
        assert len(names) == len(set(names)), page.name

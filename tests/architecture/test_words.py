"""Words are data: no Hindi is written in the code, in either script.

A string of a module that is no docstring has no Devanagari letter and no Hindi in Latin letters; what is said
is in `muse_core/wordings`. Readers are left out: rules of the language room, and the few patterns elsewhere
that recognise a word in a text (`READERS`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from muse_core.language.scripts import detect_language
from tests.architecture.laws import ROOT, sources

_LETTER = re.compile(
    r"[\u0904-\u0939\u0958-\u0961]"
)  # no digits, dandas and ends of the block: they are no words
# Patterns that read a text; nothing in them is said.
READERS = (
    "muse_core/language/",
    "muse_core/catalog/amounts.py",
    "muse_core/catalog/header_row.py",
    "muse_core/catalog/identity.py",
    "muse_core/augmentation/anchor.py",
    "muse_core/scoring/groundedness.py",
    "muse_core/scoring/said.py",
)
READING_ROOMS = (
    "muse_core/catalog/",
    "muse_core/scoring/",
)  # many short words of many languages in Latin letters


def hindi_in_code(root: Path) -> list[str]:
    """`path:line 'text'` of every string that holds Hindi."""
    return [
        f"{path}:{line} {text!r}"
        for path, tree in sources(root, "muse_core")
        if not path.startswith(READERS)
        for line, text in _strings(tree)
        if _LETTER.search(text) or _is_hinglish(path, text)
    ]


def _is_hinglish(path: str, text: str) -> bool:
    return not path.startswith(READING_ROOMS) and detect_language(text) == "mixed"


def _strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_no_hindi_is_written_in_the_code() -> None:
    assert hindi_in_code(ROOT) == []


def test_every_reader_that_is_left_out_has_hindi() -> None:
    files = [path for path in READERS if path.endswith(".py")]
    trees = {path: ast.parse((ROOT / path).read_text(encoding="utf-8")) for path in files}
    assert [p for p, tree in trees.items() if not any(_LETTER.search(t) for _, t in _strings(tree))] == []


@pytest.mark.parametrize("text", ["दाम", "ये रहे options", "ye dekhiye", "{n} ke andar", "kya chahiye?"])
def test_hindi_in_code_is_seen(text: str, tmp_path: Path) -> None:
    file = tmp_path / "muse_core" / "dialogue" / "asking.py"
    file.parent.mkdir(parents=True)
    file.write_text(f'"""Says {text}."""\n\n\ndef say() -> str:\n    """{text}."""\n    return "{text}"\n')
    assert hindi_in_code(tmp_path) == [f"muse_core/dialogue/asking.py:6 {text!r}"]


@pytest.mark.parametrize("text", ["show me a red kurta", "।", "[.!?।]", "max_price", "₹1,500"])
def test_other_text_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "muse_core").mkdir()
    (tmp_path / "muse_core" / "types.py").write_text(f"TEXT = {text!r}\n")
    assert hindi_in_code(tmp_path) == []

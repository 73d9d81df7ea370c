"""A source file by its meaning: a digest that changes when what the file does changes, and not before.

- Python: the syntax tree. Comments, docstrings, layout and positions are not in it, nor what an error says
  that ends the run (`ENDS_THE_RUN`): no finished artifact can hold it.
- TOML, JSON, JSON lines: the values, in their order, which results may depend on.
- Any other file: its bytes.

Nothing is imported. What is known of a file is kept while its size and time stay.
"""

from __future__ import annotations

import ast
import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

# Errors that only the user reads. A ToolError is not among them: the model reads it, and a conversation
# keeps it.
ENDS_THE_RUN = frozenset(
    ("MuseError", "ConfigError", "CatalogError", "ContractViolation", "ArtifactError", "HardwareError")
)
HOLE = "*"  # stands for what an f-string is filled with
_LONGEST_NAME = 100  # letters of a text that may name a file
_SKIPPED_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_params"})


@dataclass(frozen=True)
class Source:
    """What a Python file means: its digest, and the texts in it that may name files.

    `texts`: string constants, and f-strings with `*` for each hole; `asked`: those of them that stand first
    in a call; `declared`: the patterns of the module's own `PACKAGE_DATA`."""

    digest: str
    texts: frozenset[str]
    asked: frozenset[str]
    declared: tuple[str, ...]


def read_source(path: Path) -> Source:
    """A Python file's meaning. SyntaxError when it cannot be parsed."""
    return _read_source(path, *look(path))


@lru_cache(maxsize=4096)
def _read_source(path: Path, mtime_ns: int, size: int) -> Source:
    tree, seen = parse(path), _Reader()
    seen.read(tree)
    digest = hashlib.sha256("\x1f".join(seen.out).encode()).hexdigest()[:16]
    return Source(digest, frozenset(seen.texts - {""}), frozenset(seen.asked - {""}), _declared(tree))


def data_digest(path: Path) -> str:
    """The digest of a file that is not Python."""
    return _data_digest(path, *look(path))


@lru_cache(maxsize=4096)
def _data_digest(path: Path, mtime_ns: int, size: int) -> str:
    content = path.read_bytes()
    read = _READERS.get(path.suffix)
    if read is not None:
        with suppress(ValueError):  # broken: until it is mended, every change of it counts
            content = json.dumps(read(content.decode("utf-8")), default=str).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _json_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


_READERS: Mapping[str, Callable[[str], Any]] = {
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".jsonl": _json_lines,
}


def look(path: Path) -> tuple[int, int]:
    """What tells a changed file from the same one: its time in nanoseconds and its size."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return _parse(path, *look(path))


@lru_cache(maxsize=8)  # who needs a tree asks in a row; kept trees make every garbage collection slow
def _parse(path: Path, mtime_ns: int, size: int) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _declared(tree: ast.Module) -> tuple[str, ...]:
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.Assign) and isinstance(target, ast.Name) and target.id == "PACKAGE_DATA":
            return tuple(ast.literal_eval(node.value))
    return ()


@dataclass
class _Reader:
    """Writes a tree down as text: types and values, no positions; equal on every supported Python."""

    out: list[str] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)

    def read(self, node: ast.AST) -> None:
        out = self.out
        out.append(type(node).__name__)
        if isinstance(node, ast.Constant | ast.JoinedStr):
            self.texts.add(_text(node))
        elif isinstance(node, ast.Call):
            called = _name_of(node.func)
            if called in ENDS_THE_RUN:
                out.append(called)
                return
            self.asked.update(map(_text, node.args[:1]))
        for name in node._fields:
            value = getattr(node, name, None)
            if value is None or name in _SKIPPED_FIELDS:
                continue
            if isinstance(value, ast.AST):
                out.append(name)
                self.read(value)
            elif isinstance(value, list):
                out.append(f"{name}[")
                for item in value:
                    if not isinstance(item, ast.AST):
                        out.append(repr(item))
                    elif not _is_bare_text(item):
                        self.read(item)
                out.append("]")
            else:
                out.append(f"{name}={value!r}")


def _name_of(function: ast.expr) -> str:
    """`ConfigError` of `ConfigError(…)` and of `errors.ConfigError(…)`."""
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _text(node: ast.AST) -> str:
    """A string that may name a file; "" for what cannot."""
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else HOLE for part in node.values]
        text = "".join(map(str, parts))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = "" if HOLE in node.value else node.value
    else:
        return ""
    return text if len(text) <= _LONGEST_NAME and not set(text) & set(" \n?[]") else ""


def _is_bare_text(node: ast.AST) -> bool:
    """A string that is a statement of its own: a docstring."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )

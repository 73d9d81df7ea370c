"""Which code and package data a module depends on inside muse_core, read from source.

Nothing is imported: modules are parsed, so that `muse explain` never loads torch. A file's digest is
taken from its syntax tree without comments, docstrings and positions; a reformatted file or a new
comment leaves it alone. Files that are not Python count by their bytes.

Not covered: modules found at run time by name (`importlib.import_module(variable)`).
"""

from __future__ import annotations

import ast
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

SOURCE_ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "muse_core"
# What these hold cannot change a result: config values enter the key one by one.
LEFT_OUT = (
    "muse_core.config", "muse_core.errors", "muse_core.progress", "muse_core.context",
    "muse_core.stage_table",
)  # fmt: skip
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # where a statement holds statements
_SKIPPED_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_params"})


def code_digests(module: str, root: Path = SOURCE_ROOT) -> dict[str, str]:
    """Relative path -> digest, for `module`, all it imports inside muse_core, and the data beside them."""
    modules = sorted(modules_below(module, root).values())
    digests = {path.relative_to(root).as_posix(): _tree_digest(path, *_look(path)) for path in modules}
    for path in {path.parent: path for path in modules}.values():  # one of each folder: they share its data
        for data in data_files(path, root):
            digests[data.relative_to(root).as_posix()] = _bytes_digest(data, *_look(data))
    return digests


def modules_below(module: str, root: Path = SOURCE_ROOT) -> dict[str, Path]:
    """Every module reachable from `module` by imports, function-level ones included."""
    found: dict[str, Path] = {}
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        path = None if _left_out(name) else locate(name, root)
        if path is None:
            continue
        found[name] = path
        targets = imports_of(path, name)
        waiting += [part for target in targets for part in _with_parents(target)]
    return found


def _left_out(name: str) -> bool:
    return any(name == other or name.startswith(other + ".") for other in LEFT_OUT)


def _with_parents(name: str) -> list[str]:
    """`muse_core.a.b` runs `muse_core.a` first; the package root itself is empty and left out."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(2, len(parts) + 1)]


def locate(name: str, root: Path = SOURCE_ROOT) -> Path | None:
    """The file of a module, or None when there is none of that name."""
    base = root.joinpath(*name.split("."))
    if base.with_suffix(".py").is_file():
        return base.with_suffix(".py")
    package = base / "__init__.py"
    return package if package.is_file() else None


def imports_of(path: Path, name: str) -> frozenset[str]:
    """Names below muse_core that a file imports; `from a import b` gives both `a` and `a.b`."""
    return _imports(path, *_look(path), name)


@lru_cache(maxsize=4096)
def _imports(path: Path, mtime_ns: int, size: int, name: str) -> frozenset[str]:
    home = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in _runtime_statements(_parse(path, mtime_ns, size)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, home)
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(target for target in found if target.startswith(PACKAGE + "."))


def _absolute(node: ast.ImportFrom, home: str) -> str:
    if not node.level:
        return node.module or ""
    parts = home.split(".")
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, node.module] if node.module else parts)


def _runtime_statements(tree: ast.Module) -> list[ast.AST]:
    """All statements except those that only a type checker sees; no expression holds an import."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting += node.orelse
        else:
            waiting += [inner for name in _BLOCKS for inner in getattr(node, name, ())]
    return found


def data_files(module_path: Path, root: Path = SOURCE_ROOT) -> list[Path]:
    """Package data beside a module: other files of its package, in folders that are not packages too."""
    folder = module_path.parent
    if folder == root / PACKAGE:
        return []
    return [path for path in _walk_data(folder) if path.suffix not in (".py", ".pyc", ".typed")]


def _walk_data(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__pycache__")):
            continue
        if path.is_file():
            found.append(path)
        elif not (path / "__init__.py").exists():
            found += _walk_data(path)
    return found


def literals_of(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Values of module-level constants, without importing the module. ValueError if one is no literal."""
    values: dict[str, Any] = {}
    for node in _parse(path, *_look(path)).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if (
            isinstance(target, ast.Name)
            and target.id in names
            and isinstance(node, ast.Assign | ast.AnnAssign)
        ):
            values[target.id] = ast.literal_eval(node.value) if node.value else None
    return values


def strings_in(path: Path) -> set[str]:
    """Every string constant of a file."""
    tree = _parse(path, *_look(path))
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _look(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=1024)
def _parse(path: Path, mtime_ns: int, size: int) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@lru_cache(maxsize=4096)
def _tree_digest(path: Path, mtime_ns: int, size: int) -> str:
    out: list[str] = []
    _write(_parse(path, mtime_ns, size), out)
    return hashlib.sha256("\x1f".join(out).encode()).hexdigest()[:16]


@lru_cache(maxsize=4096)
def _bytes_digest(path: Path, mtime_ns: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _write(node: ast.AST, out: list[str]) -> None:
    """The tree as text: types and values, no positions; equal on every supported Python."""
    out.append(type(node).__name__)
    for name in node._fields:
        value = getattr(node, name, None)
        if value is None or name in _SKIPPED_FIELDS:
            continue
        if isinstance(value, ast.AST):
            out.append(name)
            _write(value, out)
        elif isinstance(value, list):
            out.append(f"{name}[")
            for item in value:
                if not isinstance(item, ast.AST):
                    out.append(repr(item))
                elif not _is_bare_text(item):
                    _write(item, out)
            out.append("]")
        else:
            out.append(f"{name}={value!r}")


def _is_bare_text(node: ast.AST) -> bool:
    """A string that is a statement of its own: a docstring."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )

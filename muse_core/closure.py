"""Which code and package data a module depends on inside muse_core, read from source.

Nothing is imported: modules are parsed, so that `muse explain` never loads torch. What a change of a file
means: `source_digests.py`; which data a module reads: `package_data.py`.

Not covered: modules found at run time by name (`importlib.import_module(variable)`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from muse_core.kept_digests import KeptDigests
from muse_core.package_data import Listing, data_of
from muse_core.source_digests import data_digest, look, parse, read_source

SOURCE_ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "muse_core"
# What these hold cannot change a stage's result, only where it lies, how it is found again, what is said
# meanwhile, and how a run that fails is told. Config values enter the key one by one.
LEFT_OUT = tuple(
    f"{PACKAGE}.{name}"
    for name in (
        # a table's values and a folder's files are the stage's own
        "artifacts", "inspection", "arrow_schema", "manifests", "durable", "lease",
        "retention", "remote", "team_store",
        "fingerprint", "closure", "package_data", "source_digests", "kept_digests",  # they make the key
        "config", "errors", "ordinary_files", "progress", "context", "stage_table",
    )
)  # fmt: skip
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # where a statement holds statements


@dataclass(frozen=True)
class _Module:
    """`file` is relative to the root; `imports` are names below muse_core, sorted."""

    path: Path
    file: str
    digest: str
    imports: tuple[str, ...]


class Glance:
    """One look at the sources below a root: for the keys of several stages each module is read once."""

    def __init__(self, root: Path = SOURCE_ROOT) -> None:
        self.root = root
        self._modules: dict[str, _Module | None] = {}
        self._data: dict[str, dict[str, str]] = {}
        self._listing: Listing = {}

    @cached_property
    def kept(self) -> KeptDigests:
        """What this look has found, or one before it of the same files."""
        return KeptDigests(self.root / PACKAGE)

    def module(self, name: str) -> _Module | None:
        """None for what is no module, or left out."""
        if name not in self._modules:
            path = None if _left_out(name) else locate(name, self.root)
            self._modules[name] = None if path is None else self._read(path, name)
        return self._modules[name]

    def _read(self, path: Path, name: str) -> _Module:
        file = path.relative_to(self.root).as_posix()
        return _Module(path, file, read_source(path).digest, tuple(sorted(imports_of(path, name))))

    def data(self, module: _Module) -> dict[str, str]:
        """Relative path -> digest of the package data that a module reads."""
        if module.file not in self._data:
            imported = [other.path for name in module.imports if (other := self.module(name))]
            found = data_of(module.path, imported, self.root / PACKAGE, self._listing)
            digests = {file.relative_to(self.root).as_posix(): data_digest(file) for file in found}
            self._data[module.file] = digests
        return self._data[module.file]


def code_digests(module: str, root: Path = SOURCE_ROOT, glance: Glance | None = None) -> dict[str, str]:
    """Relative path -> digest, for `module`, all it imports inside muse_core, and the data they read.
    `glance`: a look at the same root that others have had."""
    glance = glance or Glance(root)
    known = glance.kept.get(module)
    if known is not None:
        return known
    reached = _reached(module, glance)
    digests = dict(sorted((found.file, found.digest) for found, _ in reached.values()))
    for found, _ in reached.values():
        digests |= glance.data(found)
    glance.kept.keep(module, digests)
    return digests


def modules_below(module: str, root: Path = SOURCE_ROOT) -> dict[str, Path]:
    """Every module reachable from `module` by imports, function-level ones included."""
    return {name: found.path for name, (found, _) in _reached(module, Glance(root)).items()}


def chain(module: str, target: str, root: Path = SOURCE_ROOT) -> list[str]:
    """The shortest way of imports from `module` to `target`, both included. KeyError when there is none."""
    reached, steps = _reached(module, Glance(root)), [target]
    while steps[0] != module:
        steps.insert(0, reached[steps[0]][1])
    return steps


def _reached(module: str, glance: Glance) -> dict[str, tuple[_Module, str]]:
    """Name -> the module and the one that imports it, the nearest first."""
    reached: dict[str, tuple[_Module, str]] = {}
    seen: set[str] = set()
    waiting = [(module, "")]
    for name, importer in waiting:  # grows meanwhile
        if name in seen:
            continue
        seen.add(name)
        found = glance.module(name)
        if found is not None:
            reached[name] = found, importer
            waiting += [(part, name) for target in found.imports for part in _with_parents(target)]
    return reached


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
    return _imports(path, *look(path), name)


@lru_cache(maxsize=4096)
def _imports(path: Path, mtime_ns: int, size: int, name: str) -> frozenset[str]:
    home = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in _runtime_statements(parse(path)):
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


def literals_of(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Values of module-level constants, without importing the module. ValueError if one is no literal."""
    values: dict[str, Any] = {}
    for node in parse(path).body:
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
    tree = parse(path)
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}

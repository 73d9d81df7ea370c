"""The laws of ARCHITECTURE.md that an import linter cannot see, as functions over a source tree.

Each returns what breaks it, one line each, so that the tests can also run them on trees in which a law
is broken on purpose.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from muse_core.closure import literals_of
from muse_core.stage_table import STAGES

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("flows", "tasks", "serving", "data_contracts", "muse_core")
MODEL_ROOMS = tuple(
    f"muse_core/{room}/"
    for room in ("models", "examples", "training", "generation", "export", "processes", "stages")
)

# Law 2: who may import what, wherever in the file the import stands.
ALLOWED_IN: dict[str, tuple[str, ...]] = {
    "prefect": ("flows/", "tasks/"),
    "prefect_dask": ("tasks/execution.py",),
    "prefect_ray": ("tasks/execution.py",),
    "mlflow": ("tasks/tracking.py", "tasks/registered_model.py"),
    "great_expectations": ("data_contracts/validate.py",),
    "torch": MODEL_ROOMS,
    "transformers": MODEL_ROOMS,
    "accelerate": MODEL_ROOMS,
}
# Law 2: what reads or writes data files, and where that may stand.
FILE_MODULES = ("parquet", "csv", "json", "dataset", "feather", "ipc", "orc", "fs")
FILE_CALLS = ("memory_map", "OSFile", "input_stream", "output_stream")
PANDAS_CALLS = (
    "read_parquet",
    "read_csv",
    "read_json",
    "read_excel",
    "to_parquet",
    "to_csv",
    "to_excel",
    "to_pickle",
)
FILE_PLACES = ("muse_core/artifacts.py", "muse_core/catalog/parquet_file.py")
# Law 5: what a module of muse_core may import at its top.
BARE_BOX = (
    "torch", "transformers", "accelerate", "numpy", "pandas", "pyarrow", "pydantic", "safetensors",
    "tokenizers", "muse_core", "data_contracts",
)  # fmt: skip
# The test side is evaluate's alone; these rooms serve the stages that must not see it.
EXAMINERS = {f"{stage.module.replace('.', '/')}.py" for stage in STAGES if stage.whole == "evaluate"}
BLIND_ROOMS = (
    "stages", "examples", "training", "augmentation", "preferences", "models", "generation", "export",
)  # fmt: skip
# How long code outside tests may be.
MAX_FILE_LINES, MAX_FUNCTION_LINES = 300, 45


def sources(root: Path, *packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Relative path and syntax tree of every module."""
    for package in packages or PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> list[str]:
    """Dotted names that one statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        for name in imported(node):
            yield getattr(node, "lineno", 0), name


def wrong_external_imports(root: Path) -> list[str]:
    """Law 2: an external package outside the places it may be used in."""
    return [
        f"{path}:{line} imports {name}"
        for path, tree in sources(root)
        for line, name in imports(tree)
        if not path.startswith(ALLOWED_IN.get(name.partition(".")[0], ("",)))
    ]


def wrong_contract_imports(root: Path) -> list[str]:
    """Law 1: muse_core knows data_contracts.schemas only; data_contracts knows muse_core.errors only."""
    found = []
    for path, tree in sources(root, "muse_core", "data_contracts"):
        allowed = "data_contracts.schemas" if path.startswith("muse_core") else "muse_core.errors"
        other = allowed.partition(".")[0]
        for line, name in imports(tree):
            if name.partition(".")[0] == other and not (name + ".").startswith(allowed + "."):
                found.append(f"{path}:{line} imports {name}")
    return found


def file_io(root: Path) -> list[str]:
    """Law 2: data files read or written outside the store and the catalogue loader."""
    found = []
    for path, tree in sources(root):
        if path in FILE_PLACES:
            continue
        found += [
            f"{path}:{line} imports {name}"
            for line, name in imports(tree)
            if name.startswith("pyarrow.") and name.split(".")[1] in FILE_MODULES
        ]
        found += [
            f"{path}:{node.lineno} uses {node.attr}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in (*FILE_CALLS, *PANDAS_CALLS)
        ]
    return found


def environment_reads(root: Path) -> list[str]:
    """Environment variables outside flows/environment.py."""
    return [
        f"{path}:{getattr(node, 'lineno', 0)} reads the environment"
        for path, tree in sources(root)
        if path != "flows/environment.py"
        for node in ast.walk(tree)
        if _is_environment(node)
    ]


def _is_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ("environ", "environb", "getenv", "putenv")
    return any(name in ("os.environ", "os.getenv") for name in imported(node))


def stages_importing_stages(root: Path) -> list[str]:
    """Law 3: stages never import each other."""
    return [
        f"{path}:{line} imports {name}"
        for path, tree in sources(root, "muse_core")
        if path.startswith("muse_core/stages/") and not path.endswith("__init__.py")
        for line, name in imports(tree)
        if name.startswith("muse_core.stages")
    ]


def heavy_top_imports(root: Path) -> list[str]:
    """Law 5: a top-level import that a bare GPU box does not have."""
    found = []
    for path, tree in sources(root, "muse_core"):
        for node in _top_statements(tree):
            for name in imported(node):
                first = name.partition(".")[0]
                if first not in sys.stdlib_module_names and first not in BARE_BOX:
                    found.append(f"{path}:{node.lineno} imports {first} at its top")
    return found


def _top_statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run on import, class bodies and branches included."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.stmt):
            yield node
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            waiting += ast.iter_child_nodes(node)


def undeclared_config(root: Path) -> list[str]:
    """A stage that reads a config section its READS does not name.

    Looked at: every attribute of a parameter annotated `RunConfig`, in the stage module. Handing the
    whole config to code outside the stage module is refused, since nobody could see what it reads."""
    found = []
    for path, tree in sources(root, "muse_core"):
        if path.startswith("muse_core/stages/") and not path.endswith("__init__.py"):
            reads = tuple(literals_of(root / path, ("READS",)).get("READS", ()))
            local = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef):
                    found += [f"{path}:{line} {text}" for line, text in _config_uses(function, reads, local)]
    return found


def _config_uses(
    function: ast.FunctionDef, reads: tuple[str, ...], local: set[str]
) -> Iterator[tuple[int, str]]:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    whole = {
        a.arg for a in arguments if a.annotation is not None and "RunConfig" in ast.unparse(a.annotation)
    }
    chains: dict[str, int] = {}
    for node in ast.walk(function):
        text = _dotted(node)
        name, _, key = text.partition(".")
        if name in whole and key:
            chains[key] = node.lineno  # type: ignore[attr-defined]
        if isinstance(node, ast.Call):
            handed = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(a, ast.Name) and a.id in whole for a in handed):
                called = _dotted(node.func).partition(".")[0]
                if called not in local and called not in ("self", "cls"):
                    yield node.lineno, f"hands the whole config to {called}"
    for key, line in chains.items():
        longest = not any(other.startswith(key + ".") for other in chains)
        if longest and key != "seed" and not any((key + ".").startswith(read + ".") for read in reads):
            yield line, f"reads config.{key}, which READS does not name"


def _dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain that starts with a name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def test_side_readers(root: Path) -> list[str]:
    """The literal 'test' in a stage that is no part of evaluate, or in a room that serves such a stage.

    `side != "test"` is no reading: it keeps the test side out."""
    rooms = tuple(f"muse_core/{room}/" for room in BLIND_ROOMS)
    return [
        f"{path}:{node.lineno} names the test side"
        for path, tree in sources(root, "muse_core")
        if path.startswith(rooms) and path not in EXAMINERS
        for node in _outside_exclusions(tree)
        if isinstance(node, ast.Constant) and node.value == "test"
    ]


def _outside_exclusions(tree: ast.AST) -> Iterator[ast.AST]:
    waiting = [tree]
    while waiting:
        node = waiting.pop(0)
        yield node
        if not (isinstance(node, ast.Compare) and all(isinstance(op, ast.NotEq) for op in node.ops)):
            waiting += ast.iter_child_nodes(node)


test_side_readers.__test__ = False  # type: ignore[attr-defined]  # a law, not a test


def long_files(root: Path) -> list[str]:
    """A file of more lines than one can hold in the head: it has two nouns in it."""
    lengths = {path: (root / path).read_text(encoding="utf-8").count("\n") for path, _ in sources(root)}
    return [
        f"{path} has {lines} lines; at most {MAX_FILE_LINES} are allowed, split it along its meaning"
        for path, lines in lengths.items()
        if lines > MAX_FILE_LINES
    ]


def long_functions(root: Path) -> list[str]:
    """A function that does not fit a screen. Decorators do not count, the docstring does."""
    return [
        f"{path}:{node.lineno} {node.name} has {lines} lines; at most {MAX_FUNCTION_LINES} are allowed"
        for path, tree in sources(root)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]

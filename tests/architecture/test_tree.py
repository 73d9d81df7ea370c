"""The tree in ARCHITECTURE.md is the tree: every folder is named there, and nothing that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.laws import ROOT

WHOLE = (
    "muse_core",
    "flows",
    "tasks",
    "serving",
    "data_contracts",
    "docs",
)  # every folder of these has a line
_TREE = re.compile(r"^## The tree\n+```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"(?:[\w-]+/)+|[\w.-]+\.(?:py|yaml|toml|md)")
_STEP, _DEEPEST = 2, 8  # spaces a level; what stands further right goes on with the line above


def tree_of(text: str) -> str:
    """The block under "The tree"."""
    found = _TREE.search(text)
    assert found, 'ARCHITECTURE.md has no block under "## The tree"'
    return found[1]


def named(tree: str) -> list[str]:
    """Every path that leads a line of the tree, folders with a `/` at their end."""
    parents: dict[int, str] = {0: ""}
    depth, found = 0, []
    for line in tree.splitlines():
        spaces = len(line) - len(line.lstrip())
        depth = depth if spaces > _DEEPEST else spaces // _STEP
        for name in _leading(line.strip()):
            path = parents[depth] + name
            found.append(path)
            if name.endswith("/"):
                parents[depth + 1] = path
    return found


def _leading(line: str) -> list[str]:
    """The names at the beginning, one space apart: what stands behind more spaces is said about them."""
    names = []
    for word in re.split(r"\s{2,}", line)[0].split(" "):
        if not _NAME.fullmatch(word):
            break
        names.append(word)
    return names


def expected(root: Path) -> list[str]:
    """Folders and top-level modules that need a line."""
    folders = [path for name in WHOLE for path in (root / name, *(root / name).rglob("*")) if path.is_dir()]
    found = [f"{path.relative_to(root).as_posix()}/" for path in folders if _holds_something(path)]
    modules = (path for path in (root / "muse_core").glob("*.py") if path.name != "__init__.py")
    return sorted([*found, *(path.relative_to(root).as_posix() for path in modules)])


def _holds_something(folder: Path) -> bool:
    """Whether there is a file in it beside what Python leaves."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return folder.name != "__pycache__" and any("__pycache__" not in path.parts for path in files)


def lines_to_add(root: Path, text: str) -> list[str]:
    """What has no line yet, as the line that it needs and where."""
    known = set(named(tree_of(text)))
    lacking = [path for path in expected(root) if path not in known]
    return [_line(path) for path in lacking]


def _line(path: str) -> str:
    parent, _, name = path.rstrip("/").rpartition("/")
    if not path.endswith("/"):
        return f"name `{name}` among the modules at the top of {parent}/"
    spaces = " " * _STEP * path.rstrip("/").count("/")
    return f"add `{f'{spaces}{name}/':<22}what lives there` below {parent or 'the top'}/"


def lines_to_drop(root: Path, text: str) -> list[str]:
    """What is named and does not exist."""
    return [
        f"take `{path}` out: it does not exist" for path in named(tree_of(text)) if not (root / path).exists()
    ]


def test_every_folder_has_its_line() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert lines_to_add(ROOT, text) == [], "ARCHITECTURE.md, The tree"


def test_nothing_is_named_that_does_not_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert lines_to_drop(ROOT, text) == [], "ARCHITECTURE.md, The tree"


TREE = """
## The tree

```
flows/              order only
  cli.py commands/    a file per verb
muse_core/          the domain
  errors.py types.py
                      context.py
  dialogue/           the shopper, said in
                      many words
    llm/                some turns reworded
conversation_files/ one space
```
"""


def test_the_tree_is_read() -> None:
    assert named(tree_of(TREE)) == [
        "flows/", "flows/cli.py", "flows/commands/",
        "muse_core/", "muse_core/errors.py", "muse_core/types.py", "muse_core/context.py",
        "muse_core/dialogue/", "muse_core/dialogue/llm/", "conversation_files/",
    ]  # fmt: skip


def test_a_new_room_and_a_lost_one_are_seen(tmp_path: Path) -> None:
    for name in (
        "muse_core/dialogue/llm",
        "muse_core/world",
        "flows/commands",
        "tasks",
        "data_contracts",
        "docs",
    ):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.py").write_text("")
    for name in ("errors", "types", "context", "closure"):
        (tmp_path / "muse_core" / f"{name}.py").write_text("")
    added = lines_to_add(tmp_path, TREE)
    assert "add `  world/              what lives there` below muse_core/" in added
    assert "name `closure.py` among the modules at the top of muse_core/" in added
    assert not any("dialogue" in line or "commands" in line for line in added)
    dropped = lines_to_drop(tmp_path, TREE)
    assert dropped == [
        f"take `{name}` out: it does not exist" for name in ("flows/cli.py", "conversation_files/")
    ]

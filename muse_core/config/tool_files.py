"""Which files a tool of the user's own consists of (`tools.extra`): its own, and its wordings beside it."""

from __future__ import annotations

from pathlib import Path

WORDINGS = ".wordings.toml"
KINDS = (".py", ".toml", ".json")


def wordings_of(tool: Path) -> Path:
    """`shop/delivery.toml` -> `shop/delivery.wordings.toml`."""
    return tool.with_name(tool.stem + WORDINGS)


def files_of(tool: Path) -> tuple[Path, ...]:
    """The tool's file and its wordings'. The first must be there; the reader says so where the second is
    not."""
    return tuple(path for path in (tool, wordings_of(tool)) if path == tool or path.is_file())


def problems(tools: tuple[str, ...]) -> list[str]:
    """What is wrong with the list, before a file is opened."""
    found = []
    for text in tools:
        path = Path(text)
        if path.suffix.lower() not in KINDS or path.name.endswith(WORDINGS):
            found.append(f"tools.extra: {text} is no tool; give a .py file, or a .toml or .json file (HTTP)")
        elif not path.is_file():
            found.append(f"tools.extra: {text} is not a file; give the path of the tool's file")
    twice = sorted({text for text in tools if tools.count(text) > 1})
    return found + [f"tools.extra names {text} more than once" for text in twice]

"""The files of a base model before anything reads them whole: damage, and the licence that they declare."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

_LICENCE = re.compile(r"^license(?:_name)?:\s*[\"']?([^\"'\n]+)", re.MULTILINE)
FETCH_AGAIN = "Get it again (muse base get), and compare its checksum with the one its page states."


def file_problems(model: str) -> list[str]:
    """What is wrong with the weights of a folder or a `.gguf` file; [] for a hub id."""
    path = Path(model).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            return [f"there is no file {path}; give the path of a .gguf file"]
        return list(_gguf_problems(path, path.stat().st_mtime_ns))
    return _folder_problems(path) if path.is_dir() else []


@lru_cache(maxsize=2)
def _gguf_problems(path: Path, changed_ns: int) -> tuple[str, ...]:
    """Asked before a run, for the budget and by the base stage; the file is parsed as a whole for it."""
    from gguf import GGUFReader

    try:
        GGUFReader(path)
    except (ValueError, IndexError, KeyError, OSError, OverflowError, TypeError) as problem:
        size = path.stat().st_size
        return (
            f"{path} ({size:,} bytes) is no whole GGUF file: it is truncated, or is none "
            f"({type(problem).__name__}: {str(problem)[:120]}). {FETCH_AGAIN}",
        )
    return ()


def _folder_problems(folder: Path) -> list[str]:
    from safetensors import SafetensorError, safe_open

    if not (folder / "config.json").is_file():
        return [f"{folder} has no config.json; give the folder of a transformers model, or a .gguf file"]
    files = sorted(folder.glob("*.safetensors"))
    problems = [f"{folder} lacks {name}, which its index names. {FETCH_AGAIN}" for name in _absent(folder)]
    if not problems and not files and not any(folder.glob("*.bin")):
        problems.append(f"{folder} has no weights; expected *.safetensors. {FETCH_AGAIN}")
    for file in files:
        try:
            with safe_open(file, framework="pt"):
                pass
        except (SafetensorError, OSError) as problem:
            problems.append(f"{file} is truncated or damaged ({str(problem)[:120]}). {FETCH_AGAIN}")
    return problems


def _absent(folder: Path) -> list[str]:
    """Shards that the index of the weights names and that are not there; the index where it is none."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return []
    try:
        named = {str(name) for name in json.loads(index.read_bytes())["weight_map"].values()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [index.name]
    return sorted(name for name in named if not (folder / name).is_file())


def declared_licence(model: str) -> str | None:
    """What a folder's README or a GGUF file's own metadata says; None where nothing is said."""
    path = Path(model).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        from gguf import GGUFReader

        found = GGUFReader(path).get_field("general.license")
        return str(found.contents()) if found is not None else None
    card = path / "README.md"
    if not card.is_file():
        return None
    head = card.read_text("utf-8", errors="replace").split("\n---", 1)[0]
    named = _LICENCE.search(head)
    return named[1].strip() if named else None

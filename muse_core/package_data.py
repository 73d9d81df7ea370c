"""Which package data a module reads, told from its source. A file belongs to the modules that name it:

- in full, of the own package or of one that the module names: `files("muse_core.scoring")` with
  `"cues.toml"`, or `f"frames_{script}.toml"`;
- by its stem, first in a call, of the own package or of the package of a reader that the module imports:
  `table("headers")`, `words(f"replies_{script}")`. A reader is a module with a name that is all hole
  (`f"{name}.toml"`); it reads what it is told to and owns none of it;
- in the module's `PACKAGE_DATA = ("pictures/*",)`, where neither can be seen: patterns below its package.

So a word that one module reads re-runs the stages that import this one, not all that use its folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from muse_core.source_digests import HOLE, Source, read_source

NOT_DATA = (".py", ".pyc", ".typed", ".md")
_ALL_HOLE = re.compile(r"\*+(?:\.\w+)+")
_ENDING = re.compile(r"\.\w+$")

Listing = dict[Path, list[Path]]  # folder -> its data files; one for each look at the tree


def data_of(path: Path, imported: Iterable[Path], root: Path, listing: Listing) -> list[Path]:
    """The data files of one module. `imported`: the files that it imports; `root`: the folder of the
    package."""
    source = read_source(path)
    own = _folders(path, source, root)
    lent = {folder for one in imported if is_reader(one) for folder in _folders(one, read_source(one), root)}
    full = [text for text in source.texts if _ENDING.search(text) and not _is_open(text)]
    found = {file for folder in own for file in _named(folder, [*full, *source.declared], listing)}
    found |= {file for folder in {*own, *lent} for file in _asked_for(folder, source.asked, listing)}
    return sorted(found)


def is_reader(path: Path) -> bool:
    """Whether a module reads files whose names it is given."""
    return any(_ALL_HOLE.fullmatch(text.rpartition("/")[2]) for text in read_source(path).texts)


def data_files(folder: Path, listing: Listing) -> list[Path]:
    """Files of a package that are not code, in folders that are not packages too."""
    if folder not in listing:
        listing[folder] = [path for path in _walk(folder) if path.suffix not in NOT_DATA]
    return listing[folder]


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__pycache__")):
            continue
        if path.is_file():
            found.append(path)
        elif not (path / "__init__.py").exists():
            found += _walk(path)
    return found


def _folders(path: Path, source: Source, root: Path) -> set[Path]:
    """The own package, and those named in the module; the outermost holds no data."""
    named = {
        root.parent.joinpath(*text.split(".")) for text in source.texts if text.startswith(f"{root.name}.")
    }
    return {path.parent, *(folder for folder in named if folder.is_dir())} - {root}


def _named(folder: Path, texts: Iterable[str], listing: Listing) -> list[Path]:
    """Files whose name, or path below the folder, is one of the texts."""
    return _matching(texts, {file: (_below(file, folder), file.name) for file in data_files(folder, listing)})


def _asked_for(folder: Path, texts: Iterable[str], listing: Listing) -> list[Path]:
    """The same without endings."""
    files = data_files(folder, listing)
    wanted = [text for text in texts if not _ENDING.search(text) and not _is_open(text)]
    return _matching(wanted, {file: (_stem(_below(file, folder)), _stem(file.name)) for file in files})


def _matching(texts: Iterable[str], names: dict[Path, tuple[str, str]]) -> list[Path]:
    every = set(texts)
    patterns = [text for text in every if HOLE in text]
    return [
        file
        for file, known in names.items()
        if every & set(known) or any(fnmatchcase(name, text) for name in known for text in patterns)
    ]


def _is_open(text: str) -> bool:
    """Whether the last part of a name begins with a hole, and so could be any file."""
    return text.rpartition("/")[2].startswith(HOLE)


def _below(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()


def _stem(name: str) -> str:
    """A name without its endings: `page` of `page.html.jinja`, `en/replies` of `en/replies.toml`."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition('.')[0]}"

"""A small muse_core on disk: three stages, a tool, a lexicon; enough to change one thing at a time."""

from __future__ import annotations

import os
from pathlib import Path

from muse_core.fingerprint import Stage

FILES = {
    "muse_core/__init__.py": "",
    "muse_core/types.py": "SIZE = 3\n",
    "muse_core/errors.py": "class MuseError(Exception): ...\n",
    "muse_core/config/__init__.py": "",
    "muse_core/config/run_config.py": "DEFAULT = 1\n",
    "muse_core/language/__init__.py": "",
    "muse_core/language/lexicon.py": (
        "from importlib.resources import files\nfrom muse_core.types import SIZE\n"
        "WORDS = files(__package__) / 'words.toml'\n"
    ),
    "muse_core/language/words.toml": "red = 'lal'\n",
    "muse_core/tools/__init__.py": "",
    "muse_core/tools/search.py": (
        '"""Searches."""\n\n\nclass Search:\n    """A tool."""\n    description = "finds products"\n\n'
        '    def __call__(self):\n        """Does it."""\n        from ..language import lexicon\n\n'
        "        return lexicon.SIZE\n"
    ),
    "muse_core/tools/unused.py": "X = 1\n",
    "muse_core/stages/__init__.py": "from muse_core.tools import unused\n",
    "muse_core/stages/catalog.py": (
        "from muse_core.config.run_config import DEFAULT\nfrom muse_core.types import SIZE\n"
        'READS = ("catalog",)\nINPUTS = ()\nKIND = "products"\n'
    ),
    "muse_core/stages/profiles.py": (
        "from muse_core.errors import MuseError\n"
        'READS = ("profiles.count",)\nINPUTS = ("catalog",)\nKIND: str = "profiles"\n'
    ),
    "muse_core/stages/conversations.py": (
        "from muse_core.tools.search import Search\n"
        'READS = ("conversations", "reply.style")\nINPUTS = ("catalog", "profiles")\nKIND = "conversations"\n'
    ),
}
NAMES = ("catalog", "profiles", "conversations")


def make_tree(root: Path) -> Path:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def edit(root: Path, name: str, before: str, after: str) -> None:
    """Changes a file; its time moves on even within a clock tick."""
    path = root / name
    text = path.read_text()
    assert before in text
    stat = path.stat()
    path.write_text(text.replace(before, after))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


def stages(root: Path) -> tuple[Stage, ...]:
    return tuple(Stage(name, root=root) for name in NAMES)

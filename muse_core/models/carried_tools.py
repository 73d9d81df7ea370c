"""The user's own tools in a model's folder: what a model trained with them needs to be served.

    <model>/extra_tools/1/delivery.toml, 1/delivery.wordings.toml, 2/shop_tools.py, …

They are copied there when the model is saved, and used by whoever serves the model on purpose (`serving`):
a Python file in a folder from elsewhere would be code that runs at a look. Reading a model without them says
which they are.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from muse_core.config.tool_files import KINDS, WORDINGS, files_of
from muse_core.tools.in_use import InUse, in_use, use

FOLDER = "extra_tools"


def carry(folder: Path) -> None:
    """Copies the files of the tools in use into a model's folder; nothing without such tools."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    for number, name in enumerate(in_use().files, 1):
        place = folder / FOLDER / str(number)
        place.mkdir(parents=True)
        for file in files_of(Path(name)):
            shutil.copyfile(file, place / file.name)


def carried(folder: Path) -> tuple[str, ...]:
    """The tools' files in a model's folder, in the order in which it was told of them."""
    found = [path for path in (folder / FOLDER).glob("*/*") if path.suffix in KINDS]
    tools = [path for path in found if not path.name.endswith(WORDINGS)]
    return tuple(str(path) for path in sorted(tools, key=lambda path: int(path.parent.name)))


def serving(folder: Path) -> None:
    """Have the tools that a model's folder carries, and no others; addresses are asked each time. Runs the
    Python files there: for models that you trust as you trust code. ConfigError for a file that is broken."""
    use(InUse(carried(folder), is_live=True))

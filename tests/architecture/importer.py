"""Imports modules in a process of its own and reports what that did besides defining things.

    python tests/architecture/importer.py ROOT BLOCKED[,BLOCKED...] PACKAGE[,PACKAGE...]

Prints one JSON list of complaints. Only what the tree's own code does counts: the nearest frame that
is not the standard library's decides. Started by `test_importing.py`.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import pkgutil
import random
import sys
import sysconfig
from collections.abc import Iterator, MutableMapping
from types import FrameType
from typing import Any

ROOT = sys.argv[1]
STDLIB = sysconfig.get_paths()["stdlib"]
complaints: list[str] = []


def culprit(frame: FrameType | None) -> str | None:
    """The tree's file that is acting, or None when a library is."""
    while frame is not None:
        name = frame.f_code.co_filename
        library = name.startswith("<") or (name.startswith(STDLIB) and "site-packages" not in name)
        if not library and name != __file__:
            inside = name.startswith(ROOT + os.sep) and "site-packages" not in name
            return f"{os.path.relpath(name, ROOT)}:{frame.f_lineno}" if inside else None
        frame = frame.f_back
    return None


def complain(what: str) -> None:
    where = culprit(sys._getframe(2))
    if where:
        complaints.append(f"{where} {what}")


class WatchedEnvironment(MutableMapping[str, str]):
    """os.environ, with every look reported."""

    def __init__(self, real: MutableMapping[str, str]) -> None:
        self.real = real

    def __getitem__(self, key: str) -> str:
        complain(f"reads the environment variable {key}")
        return self.real[key]

    def __setitem__(self, key: str, value: str) -> None:
        complain(f"sets the environment variable {key}")
        self.real[key] = value

    def __delitem__(self, key: str) -> None:
        del self.real[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.real)

    def __len__(self) -> int:
        return len(self.real)

    def copy(self) -> dict[str, str]:
        return dict(self.real)


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        complain(f"opens {arguments[0]} for writing")
    elif event in ("os.mkdir", "os.remove", "os.rename", "socket.connect", "subprocess.Popen"):
        complain(f"does {event}")


def main() -> None:
    sys.dont_write_bytecode = True
    sys.path.insert(0, ROOT)
    for name in filter(None, sys.argv[2].split(",")):
        sys.modules[name] = None  # type: ignore[assignment]
    os.environ = WatchedEnvironment(os.environ)  # type: ignore[assignment]  # noqa: B003
    sys.addaudithook(watch)
    real_print = builtins.print
    builtins.print = lambda *a, **k: complain("prints")  # type: ignore[assignment]
    before = random.getstate()
    for package in sys.argv[3].split(","):
        import_all(package)
    if "prefect" in sys.argv[2] and random.getstate() != before:  # prefect itself draws numbers
        complaints.append("the seed of `random` was changed")
    real_print(json.dumps(complaints))


def import_all(package: str) -> None:
    for name in [package, *(found.name for found in walk(package))]:
        try:
            importlib.import_module(name)
        except Exception as problem:
            complaints.append(f"{name} cannot be imported: {type(problem).__name__}: {problem}")


def walk(package: str) -> Iterator[pkgutil.ModuleInfo]:
    folder = os.path.join(ROOT, *package.split("."))
    for found in pkgutil.iter_modules([folder], package + "."):
        yield found
        if found.ispkg:
            yield from walk(found.name)


if __name__ == "__main__":
    main()

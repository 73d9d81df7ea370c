"""Tools of the user's own in a Python file: its classes on `Tool`, in the form of ours (docs/tools.md).

A tool is a pure function of the world and its arguments: the same call must always give the same, or no
conversation replays. It is called in a thread with a limit of time; Python cannot end a thread, so one that
hangs ends the run, not the thread.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from muse_core.errors import ConfigError, MuseError
from muse_core.tools.base import ShopWorld, Tool
from muse_core.tools.tool_result import checked_value
from muse_core.types import JsonValue

LIMIT_S = 60.0  # of one call; a machine that is busy with other things is slow


def classes_of(path: Path) -> list[type[Tool]]:
    """The classes on `Tool` that a file defines, in their order. ConfigError when it cannot be imported, or
    has none."""
    content = path.read_bytes()
    name = f"muse_extra_{path.stem}_{hashlib.sha256(content).hexdigest()[:12]}"
    spec = importlib.util.spec_from_loader(name, None, origin=str(path))
    if spec is None:
        raise ConfigError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # annotations are looked up there
    try:
        exec(compile(content, str(path), "exec"), module.__dict__)
    except Exception as problem:
        del sys.modules[name]
        where = f" (line {problem.lineno})" if isinstance(problem, SyntaxError) else ""
        raise ConfigError(
            f"{path} cannot be imported: {type(problem).__name__}: {problem}{where}",
            ["try it with `python` alone; it may import the standard library and muse_core"],
        ) from problem
    found = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Tool) and one.__module__ == name
    ]
    tools = [one for one in found if not any(one in other.__bases__ for other in found)]
    if not tools:
        raise ConfigError(f"{path} defines no class on muse_core.tools.base.Tool; see docs/tools.md")
    return tools


def guarded(tool: Tool, where: str, limit_s: float, **traits: Any) -> Tool:
    """The tool with these traits, whose calls are held to a time and to the contract of results. Whatever it
    raises but ToolError becomes a MuseError that names the tool, the call and the file."""
    kind = type(tool)

    def call(self: Tool, arguments: Any, world: ShopWorld) -> JsonValue:
        shown = f"{tool.name}({_written(arguments)}) of {where}"
        value = _within(limit_s, lambda: kind.__call__(self, arguments, world), shown)
        found, problems = checked_value(value)
        if problems:
            raise MuseError(f"{shown} returned what is no result: {'; '.join(problems[:5])} (docs/tools.md)")
        return found

    made: Tool = type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__, **traits})()
    return made


def _written(arguments: Any) -> str:
    given = arguments.model_dump(exclude_none=True)
    return ", ".join(f"{name}={value!r}"[:80] for name, value in given.items())


def _within(limit_s: float, call: Callable[[], Any], shown: str) -> Any:
    done: list[Any] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            done.append(call())
        except BaseException as problem:  # handed over to the thread that waits
            failed.append(problem)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(limit_s)
    if failed:
        if isinstance(failed[0], MuseError):
            raise failed[0]
        raise MuseError(f"{shown} raised {type(failed[0]).__name__}: {failed[0]}") from failed[0]
    if not done:
        raise MuseError(f"{shown} did not end within {limit_s:g} s; a tool must answer at once")
    return done[0]

"""The tools of a run's own (`tools.extra`): read from their files and checked.

A tool is checked in full before anything runs: its declaration, that a model can write its calls, the values
that shoppers give, and its wordings in all languages. `in_use` puts them into a process's registry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import get_args

import numpy as np
from pydantic import ValidationError

from muse_core.config.tool_files import files_of, wordings_of
from muse_core.errors import ConfigError
from muse_core.tools.base import Tool, ToolArguments
from muse_core.tools.http_tool import HttpTool, read_http_tool
from muse_core.tools.python_tool import LIMIT_S, classes_of, guarded
from muse_core.tools.refused import refused
from muse_core.tools.samples import ITEM, Samples, read_samples
from muse_core.tools.tool_schema import NAME, schema_problems
from muse_core.types import TurnType
from muse_core.wordings.kinds import Kind
from muse_core.wordings.tool_words import Wanted, read_tool_words

_DRAWN = 20  # values of a pattern that are tried
MOST_ASKED = 0.9  # of the turns of a type, by all tools together


def load(files: Sequence[str], is_live: bool) -> tuple[Tool, ...]:
    """The tools of these files, read once for each content. ConfigError names everything wrong with them."""
    named = tuple((name, _digest(Path(name))) for name in files)
    return _load(named, is_live)


def _digest(tool: Path) -> str:
    whole = hashlib.sha256()
    for path in files_of(tool):
        try:
            whole.update(f"{path.name}\0".encode() + path.read_bytes())
        except OSError as problem:
            raise ConfigError(f"{path}, a file of tools.extra, cannot be read: {problem.strerror}") from None
    return whole.hexdigest()


@lru_cache(maxsize=16)
def _load(named: tuple[tuple[str, str], ...], is_live: bool) -> tuple[Tool, ...]:
    tools = [tool for name, _ in named for tool in tools_of(Path(name), is_live)]
    problems = [
        f"{turn_type}: its tools together are asked for in {share:.0%} of the turns, at most "
        f"{MOST_ASKED:.0%} are possible; lower their shares"
        for turn_type, share in _shares(tools).items()
        if share > MOST_ASKED
    ]
    if problems:
        raise ConfigError("the tools of tools.extra do not go together:", problems)
    return tuple(tools)


def _shares(tools: Sequence[Tool]) -> dict[TurnType, float]:
    types = dict.fromkeys(tool.turn_type for tool in tools)
    return {one: sum(t.item_share + t.asked_share for t in tools if t.turn_type == one) for one in types}


def tools_of(path: Path, is_live: bool = False) -> list[Tool]:
    """The tools of one file with their wordings. ConfigError with every problem."""
    if path.suffix.lower() == ".py":
        tools: list[Tool] = [_made(kind, path) for kind in classes_of(path)]
    else:
        tools = [read_http_tool(path, is_live, read_samples)]
    problems = [f"{tool.name}: {problem}" for tool in tools for problem in tool_problems(tool)]
    if problems:
        raise ConfigError(f"{path} is no tool that can be used:", problems)
    words, problems = read_tool_words(wordings_of(path), [_wanted(tool) for tool in tools])
    if problems:
        raise ConfigError(f"the wordings of {path.name} have mistakes ({len(problems)}):", problems)
    limits = [LIMIT_S if not isinstance(tool, HttpTool) else tool.timeout_s + LIMIT_S for tool in tools]
    return [
        guarded(tool, path.name, limit, words=words.of(tool.wordings))
        for tool, limit in zip(tools, limits, strict=True)
    ]


def _made(kind: type[Tool], path: Path) -> Tool:
    """An instance of a class of the user's, its samples read."""
    lacks = [name for name in ("name", "description", "Arguments", "turn_type", "wordings", "replies")
             if not hasattr(kind, name)]  # fmt: skip
    if lacks:
        raise ConfigError(f"{path}: {kind.__name__} does not say {', '.join(lacks)}; see docs/tools.md")
    try:
        return type(kind.__name__, (kind,), {"samples": read_samples(kind.samples)})()
    except (TypeError, ValueError) as problem:
        raise ConfigError(f"{path}: {kind.__name__}: {problem}") from problem


# ---- checking --------------------------------------------------------------------------------------


def tool_problems(tool: Tool) -> list[str]:
    """What is wrong with a tool's declaration; [] when it can go through a run."""
    if not isinstance(tool.Arguments, type) or not issubclass(tool.Arguments, ToolArguments):
        return ["`Arguments` is no class on muse_core.tools.base.ToolArguments"]
    rules = [
        (not NAME.fullmatch(str(tool.name)), f"the name {tool.name!r} is none: {NAME.pattern}"),
        (not str(tool.description).strip() or "\n" in tool.description, "`description` is one line of text"),
        (tool.turn_type not in get_args(TurnType), f"`turn_type` is one of {', '.join(get_args(TurnType))}"),
        (not tool.wordings or not tool.replies, "`wordings` and `replies` name at least one each"),
        (tool.left_open > 0, "`left_open`: shoppers of the simulator answer our own tools' questions alone"),
        (
            not 0 < tool.item_share + tool.asked_share < 1,
            "nobody asks for it: set `item_share`, or `asked_share` (`share` of a file), between 0 and 1",
        ),
    ]
    found = [text for is_wrong, text in rules if is_wrong]
    return [*found, *_schema_of(tool), *_argument_problems(tool)]


def _schema_of(tool: Tool) -> list[str]:
    return schema_problems(tool.Arguments.model_json_schema())


def _argument_problems(tool: Tool) -> Iterator[str]:
    fields = tool.Arguments.model_fields
    if ITEM in fields and not tool.needs_results:
        yield "`item` is a position in the last results: set `needs_results = True`"
    if tool.item_share and set(fields) != {ITEM}:
        yield "`item_share` is for tools whose one argument is `item`; set `asked_share` and `samples`"
    for name in tool.samples:
        if name not in fields:
            yield f"`samples` has {name!r}, which is no argument; they are {', '.join(fields)}"
    for name, field in fields.items():
        if name != ITEM and field.is_required() and name not in tool.samples:
            yield f"the argument {name!r} has no samples: write which values shoppers give for it"
        elif name in tool.samples:
            yield from _sample_problems(tool.Arguments, name, tool.samples[name])


def _sample_problems(arguments: type[ToolArguments], name: str, samples: Samples) -> Iterator[str]:
    """Values that the tool itself would refuse."""
    dice = np.random.default_rng(17)
    drawn = samples.listed or [samples.draw(dice) for _ in range(_DRAWN)]
    for value in dict.fromkeys(repr(one.value) for one in drawn):
        sample = next(one for one in drawn if repr(one.value) == value)
        try:
            arguments.model_validate({name: sample.value})
        except ValidationError as problem:
            if why := refused(problem).get(name):
                yield f"the sample {value} is refused: {why}"
                return


def _wanted(tool: Tool) -> Wanted:
    fields = tool.Arguments.model_fields
    said = {name: "items" if name == ITEM else name for name in fields}
    needs = tuple((said[name],) for name, field in fields.items() if field.is_required())
    may = tuple(
        said[name] for name, field in fields.items() if not field.is_required() and name in tool.samples
    )
    kinds = {name: Kind(f"asks for {tool.name}", needs, may) for name in tool.wordings}
    failure = [tool.failure] if tool.failure else []
    return Wanted(tool.turn_type, kinds, (*tool.replies, *failure))

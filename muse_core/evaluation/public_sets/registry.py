"""The public sets that can be converted, and how one is: read, recognise, convert, check.

A set is a module with `knows` (is this value of a file the set's?) and `convert`. What no model could pass
in the set's shop is left out, so that `muse eval --cases` takes every file that is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muse_core.errors import ConfigError
from muse_core.evaluation.cases.case_file import read_case
from muse_core.evaluation.public_sets import webshop, xrisawoz
from muse_core.evaluation.public_sets.harvest import Harvest
from muse_core.evaluation.public_sets.set_files import read_set_file
from muse_core.records import Row


@dataclass(frozen=True)
class PublicSet:
    """`files`: those of the set that are read. `licence`: as its repository states it."""

    name: str
    title: str
    source: str
    licence: str
    files: str
    knows: Callable[[Any], bool]
    convert: Callable[[Sequence[tuple[Path, Any]]], Harvest]


_ALL: tuple[PublicSet, ...] = (
    PublicSet(
        "xrisawoz",
        "X-RiSAWOZ",
        "github.com/stanford-oval/dialogues",
        "BSD-3-Clause",
        "dialogues (data/original/hi_test.json) and databases (database/db_en/pc_en.json …)",
        xrisawoz.knows,
        xrisawoz.convert,
    ),
    PublicSet(
        "webshop",
        "WebShop",
        "github.com/princeton-nlp/WebShop",
        "MIT",
        "goal_query_map.json, human_goals.json or items_human_ins.json",
        webshop.knows,
        webshop.convert,
    ),
)
PUBLIC_SETS = {one.name: one for one in _ALL}


def set_named(name: str) -> PublicSet:
    """ConfigError for an unknown set, which lists the known ones."""
    if name not in PUBLIC_SETS:
        known = "".join(f"\n  {one.name}: {one.title}, {one.files}" for one in _ALL)
        raise ConfigError(f"there is no public set {name!r} here; expected one of these:{known}")
    return PUBLIC_SETS[name]


def convert_files(name: str, paths: Sequence[Path]) -> Harvest:
    """The set's files as cases. ConfigError when a file cannot be read or is of another set, or when nothing
    of it becomes a case."""
    chosen = set_named(name)
    files = [(path, read_set_file(path)) for path in paths]
    strange = [_strange(chosen, path, value) for path, value in files if not chosen.knows(value)]
    if strange:
        raise ConfigError(f"{chosen.title} has no such files; expected {chosen.files}:", strange)
    harvest = _possible(chosen.convert(files))
    if not harvest.cases:
        reasons = [f"{count}: {why}" for why, count in harvest.left_out.most_common()]
        raise ConfigError(f"nothing of these files of {chosen.title} became a case:", reasons or ["no entry"])
    return harvest


def _strange(chosen: PublicSet, path: Path, value: Any) -> str:
    others = [one.name for one in _ALL if one is not chosen and one.knows(value)]
    advice = f"; it looks like {others[0]}: muse bench convert {others[0]} …" if others else ""
    return f"{path} holds {_shape(value)}{advice}"


def _shape(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}, first {_shape(value[0])}" if value else "an empty list"
    if isinstance(value, dict):
        names = ", ".join(map(repr, list(value)[:5]))
        return f"an object with {names[:120]}" if value else "an empty object"
    return f"a {type(value).__name__}"


def _possible(harvest: Harvest) -> Harvest:
    """Without the cases that `muse eval` would refuse, each counted with the reason."""
    kept: list[Row] = []
    for row in harvest.cases:
        case, problems = read_case(row, Path(), harvest.schema)
        if case is None:
            harvest.left_out[f"refused as a case: {_kind(problems[0])}"] += 1
        else:
            kept.append(row)
    harvest.cases = kept
    return harvest


def _kind(problem: str) -> str:
    """The problem without the values that differ from case to case."""
    return problem.split(" as none of ")[0][:80]


def as_lines(rows: Sequence[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

"""The case file of `muse eval`: one JSON object a line, every problem listed with its line.

One case::

    {"id": "h7", "language": "mixed", "utterance": "black shoes dikhao 2000 tak", "expected_tool": "search",
     "acceptable_tools": ["recommend"], "expected_args": {"query": ["shoes"], "colour": ["black"],
     "max_price": [2000], "sort_by": ["price_low", ""]}}

`""` among the accepted values makes an argument optional. Without `expected_args` only the decision is
judged; `{}` says that the call has no arguments. They may name facets of the shop that is asked. A case that
no call can pass is refused (`case_possible.py`). Unknown extra fields are passed over. Which files are read:
`json_files.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from muse_core.errors import ConfigError
from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.cases.case_possible import impossible
from muse_core.json_files import Entry, JsonFile
from muse_core.records import Row
from muse_core.scoring.normal import slot_name
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.tools.toolbox import DECISIONS
from muse_core.types import LANGUAGES, JsonValue, Message

MAX_PROBLEMS = 50


def load_cases(path: Path, schema: ShopSchema = PLAIN) -> list[EvalCase]:
    """All cases of a file, for a shop with this schema; ConfigError names every faulty line."""
    cases: list[EvalCase] = []
    problems: list[str] = []
    seen: dict[str, Entry] = {}
    for entry in JsonFile(path, "case", _is_case, _DECODER).entries():
        case, found = (
            (None, [entry.problem]) if entry.problem else read_case(entry.value, path.parent, schema)
        )
        if case is not None:
            found = [*found, *_repeated(case, entry, seen)]
            cases.append(replace(case, line=entry.number))
        problems += [f"{entry.place}: {problem}" for problem in found]
    if not cases and not problems:
        problems.append("the file holds no case; expected one JSON object a line")
    if problems:
        more = [f"… and {len(problems) - MAX_PROBLEMS} more"] if len(problems) > MAX_PROBLEMS else []
        raise ConfigError(
            f"the case file {path} has {len(problems)} problem(s):", problems[:MAX_PROBLEMS] + more
        )
    return cases


def _is_case(value: Any) -> bool:
    return isinstance(value, dict) and "utterance" in value


def _repeated(case: EvalCase, entry: Entry, seen: dict[str, Entry]) -> list[str]:
    before = seen.setdefault(case.case_id, entry)
    if before is entry:
        return []
    return [f"the id {case.case_id!r} stands in {before.place} already; ids must differ"]


def read_case(row: Any, folder: Path, schema: ShopSchema = PLAIN) -> tuple[EvalCase | None, list[str]]:
    """(case, problems) of one entry; the case is None when there are problems."""
    if not isinstance(row, dict):
        return None, [f"found a {type(row).__name__}, expected an object"]
    problems = [problem for check in _CHECKS for problem in check(row)] + _check_arguments(row, schema)
    problems = problems or _attachment_problems(row, folder)
    if problems:
        return None, problems
    case = replace(_case(row, folder), schema=schema)
    judged = case.judges_arguments and case.expected_tool != "none"
    problems = impossible(case.expected_tool, case.accepted, schema) if judged else []
    return (None, problems) if problems else (case, [])


def _without_repeats(pairs: list[tuple[str, Any]]) -> Row:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))} given twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no value")


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeats, parse_constant=_no_constant)


def _case(row: Row, folder: Path) -> EvalCase:
    tool = row["expected_tool"]
    accepted = {slot_name(name): _values(values) for name, values in (row.get("expected_args") or {}).items()}
    profile = row.get("profile")
    return EvalCase(
        case_id=str(row["id"]),
        language=row["language"],
        utterance=row["utterance"],
        expected_tool=tool,
        acceptable_tools=tuple(dict.fromkeys([tool, *(row.get("acceptable_tools") or [])])),
        accepted=accepted,
        judges_arguments=tool == "none" or row.get("expected_args") is not None,
        history=tuple(Message(turn["role"], turn["content"]) for turn in row.get("history") or []),
        attachments={name: str(folder / path) for name, path in (row.get("attachments") or {}).items()},
        profile=profile if isinstance(profile, str) else None,
    )


def _values(values: Any) -> list[JsonValue]:
    return list(values) if isinstance(values, list) else [values]


def _check_texts(row: Row) -> list[str]:
    problems = [
        f"{key!r} is missing" for key in ("id", "language", "utterance", "expected_tool") if key not in row
    ]
    if "id" in row and (
        isinstance(row["id"], bool) or not isinstance(row["id"], str | int) or row["id"] == ""
    ):
        problems.append(f"'id' is {row['id']!r}, expected a text or a whole number")
    if "utterance" in row and not (isinstance(row["utterance"], str) and row["utterance"].strip()):
        problems.append(f"'utterance' is {row['utterance']!r}, expected a text")
    if "language" in row and row["language"] not in LANGUAGES:
        problems.append(f"'language' is {row['language']!r}, expected {', '.join(LANGUAGES)}")
    return problems


def _check_tools(row: Row) -> list[str]:
    also = row.get("acceptable_tools") or []
    if not isinstance(also, list):
        return [f"'acceptable_tools' is {also!r}, expected a list"]
    named = ([("expected_tool", row["expected_tool"])] if "expected_tool" in row else []) + [
        ("acceptable_tools", name) for name in also
    ]
    return [
        f"{key!r} names {name!r}, expected one of {', '.join(DECISIONS)}"
        for key, name in named
        if name not in DECISIONS
    ]


def _check_arguments(row: Row, schema: ShopSchema) -> list[str]:
    given, tool = row.get("expected_args") or {}, row.get("expected_tool")
    if not isinstance(given, dict):
        return [f"'expected_args' is {given!r}, expected an object of lists"]
    if tool == "none" and given:
        return ["'expected_args' is not empty although 'expected_tool' is none"]
    known = (schema.order(tool) if isinstance(tool, str) else ()) or None
    problems = [f"{name!r} and {slot_name(name)!r} are one argument" for name in _two_names(given)]
    for name, values in given.items():
        if known is not None and slot_name(name) not in known:
            problems.append(f"{tool} has no argument {name!r}; it has {', '.join(sorted(known))}")
        if not isinstance(values, list) or not values:
            problems.append(
                f"the accepted values of {name!r} are {values!r}, expected a list of at least one"
            )
    return problems


def _two_names(given: Row) -> Iterator[str]:
    yield from (name for name in given if slot_name(name) != name and slot_name(name) in given)


def _check_history(row: Row) -> list[str]:
    history = row.get("history") or []
    if not isinstance(history, list):
        return [f"'history' is {history!r}, expected a list of {{'role', 'content'}}"]
    problems = []
    for at, turn in enumerate(history):
        is_turn = (
            isinstance(turn, dict)
            and turn.get("role") in ("user", "assistant")
            and isinstance(turn.get("content"), str)
        )
        if not is_turn:
            problems.append(
                f"history[{at}] is {turn!r}, expected role user or assistant and a text as content"
            )
    return problems


def _check_attachments(row: Row) -> list[str]:
    given = row.get("attachments") or {}
    if isinstance(given, dict) and all(isinstance(path, str) for path in given.values()):
        return []
    return [f"'attachments' is {given!r}, expected an object of file paths"]


def _attachment_problems(row: Row, folder: Path) -> list[str]:
    given = row.get("attachments") or {}
    return [
        f"the attachment {name!r} is no file: {path}"
        for name, path in given.items()
        if not (folder / path).is_file()
    ]


_CHECKS = (_check_texts, _check_tools, _check_history, _check_attachments)

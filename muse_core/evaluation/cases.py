"""The case file of `muse eval`: reading, checking, judging. Pure; the tools run elsewhere.

One case is one line of JSON::

    {"id": "h7", "language": "mixed", "utterance": "black shoes dikhao 2000 tak", "expected_tool": "search",
     "acceptable_tools": ["recommend"], "expected_args": {"query": ["shoes"], "colour": ["black"],
     "max_price": [2000], "sort_by": ["price_low", ""]}}

`""` among the accepted values makes an argument optional. Unknown extra fields are passed over. Every
problem of a file is listed with its line, not only the first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muse_core.errors import ConfigError
from muse_core.records import Row
from muse_core.scoring.call_match import CallMatch, match_accepted
from muse_core.scoring.normal import slot_name
from muse_core.tools.toolbox import ALL_TOOLS
from muse_core.types import DECISIONS, LANGUAGES, JsonValue, Message, ToolCall

MAX_PROBLEMS = 50
_ARGUMENTS = {tool.name: frozenset(tool.Arguments.model_fields) for tool in ALL_TOOLS}


@dataclass(frozen=True)
class EvalCase:
    """One line of a case file. `accepted` has the argument names of our tools (`color` -> `colour`)."""

    case_id: str
    language: str
    utterance: str
    expected_tool: str
    acceptable_tools: tuple[str, ...]
    accepted: Mapping[str, list[JsonValue]] = field(default_factory=dict)
    history: tuple[Message, ...] = ()
    attachments: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None


@dataclass(frozen=True)
class Verdict:
    """`match` compares the first call; `calls` is how many the model made at once."""

    case: EvalCase
    predicted: ToolCall | None
    malformed: bool
    match: CallMatch

    @property
    def tool(self) -> str:
        return self.predicted.name if self.predicted else "none"

    @property
    def strict(self) -> bool:
        return self.tool == self.case.expected_tool and not self.malformed

    @property
    def lenient(self) -> bool:
        return self.tool in self.case.acceptable_tools and not self.malformed

    def as_json(self) -> Row:
        """The case's entry in the output of `muse eval`."""
        return {
            "id": self.case.case_id,
            "predicted_tool": self.tool,
            "predicted_args": dict(self.predicted.arguments) if self.predicted else {},
            "ok": self.match.exact and self.strict,
            "why": "the model wrote a call that cannot be read" if self.malformed else self.match.why,
        }


def judge_case(case: EvalCase, calls: Sequence[ToolCall], malformed: bool) -> Verdict:
    """A model's first act on a case: its calls (none: it talked), or a call that cannot be read."""
    first = calls[0] if calls else None
    wanted = None if case.expected_tool == "none" else case.expected_tool
    match = match_accepted(wanted, case.accepted, first)
    if len(calls) > 1:
        extra = ", ".join(call.name for call in calls[1:])
        why = "; ".join(filter(None, [match.why, f"one call expected, also called {extra}"]))
        match = CallMatch(False, match.tool_right, match.tp, match.fp + len(calls) - 1, match.fn, 0.0, why)
        match = _with_f1(match)
    return Verdict(case, first, malformed and first is None, match)


def _with_f1(match: CallMatch) -> CallMatch:
    total = 2 * match.tp + match.fp + match.fn
    f1 = 2 * match.tp / total if total else 1.0
    return CallMatch(match.exact, match.tool_right, match.tp, match.fp, match.fn, f1, match.why)


# ---- reading ------------------------------------------------------------------------------------


def load_cases(path: Path) -> list[EvalCase]:
    """All cases of a file; ConfigError names every faulty line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(
            f"the case file {path} cannot be read ({problem}); expected JSON lines in UTF-8"
        ) from None
    cases: list[EvalCase] = []
    problems: list[str] = []
    first_line: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            case, found = read_case(line, path.parent)
            found += _repeated(case, number, first_line)
            problems += [f"line {number}: {problem}" for problem in found]
            cases += [case] if case is not None else []
    if not cases and not problems:
        problems.append("the file holds no case; expected one JSON object a line")
    if problems:
        more = [f"… and {len(problems) - MAX_PROBLEMS} more"] if len(problems) > MAX_PROBLEMS else []
        raise ConfigError(
            f"the case file {path} has {len(problems)} problem(s):", problems[:MAX_PROBLEMS] + more
        )
    return cases


def _repeated(case: EvalCase | None, number: int, first_line: dict[str, int]) -> list[str]:
    if case is None:
        return []
    before = first_line.setdefault(case.case_id, number)
    return (
        []
        if before == number
        else [f"the id {case.case_id!r} stands in line {before} already; ids must differ"]
    )


def read_case(line: str, folder: Path) -> tuple[EvalCase | None, list[str]]:
    """(case, problems) of one line; the case is None when there are problems."""
    try:
        row = json.loads(line)
    except ValueError as problem:
        return None, [f"no JSON ({problem}); expected one object a line"]
    if not isinstance(row, dict):
        return None, [f"found a {type(row).__name__}, expected an object"]
    problems = [problem for check in _CHECKS for problem in check(row)]
    if problems:
        return None, problems
    problems += _attachment_problems(row, folder)
    return (None, problems) if problems else (_case(row, folder), [])


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


def _check_arguments(row: Row) -> list[str]:
    given, tool = row.get("expected_args") or {}, row.get("expected_tool")
    if not isinstance(given, dict):
        return [f"'expected_args' is {given!r}, expected an object of lists"]
    if tool == "none" and given:
        return ["'expected_args' is not empty although 'expected_tool' is none"]
    known = _ARGUMENTS.get(tool) if isinstance(tool, str) else None
    problems = []
    for name, values in given.items():
        if known is not None and slot_name(name) not in known:
            problems.append(f"{tool} has no argument {name!r}; it has {', '.join(sorted(known))}")
        if not isinstance(values, list) or not values:
            problems.append(
                f"the accepted values of {name!r} are {values!r}, expected a list of at least one"
            )
    return problems


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


_CHECKS = (_check_texts, _check_tools, _check_arguments, _check_history, _check_attachments)

"""What goes wrong on requests of people: ten failures to look at, and for which arguments values are made up.

The ten are chosen by rule. Every faulty act has one kind, the first below that fits. The kinds take turns in
their order, one failure each, until there are ten. Within a kind the act with most wrong and missing
arguments comes first, among equals one of a language that is not shown yet, then by id. An act that a case
accepts though another was due is no failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from muse_core.evaluation.cases.answers import Answer
from muse_core.evaluation.cases.case import EvalCase, Verdict
from muse_core.scoring.call_match import match_accepted
from muse_core.scoring.normal import slot_name
from muse_core.tools.call_syntax import render_call
from muse_core.types import JsonValue, ToolCall

if TYPE_CHECKING:  # it loads torch, which a page about answers does without
    from muse_core.evaluation.people.asked import Asked

COUNT = 10
LONGEST = 400  # characters of a text that are shown
RIGHT, INVENTED, OTHER, MISSING, LEFT_OUT = "right", "not asked for", "another value", "missing", "left out"

Failure = tuple[Verdict, Answer]


def argument_faults(one: Verdict) -> dict[str, str]:
    """Argument of the case or of a call of the right tool -> `right`, `not asked for`, `another value`,
    `missing`, or `left out` (which it may be)."""
    call = one.predicted
    if call is None or not one.match.tool_right:
        return {}
    accepted = {slot_name(name): values for name, values in one.case.accepted.items()}
    given = {slot_name(name): value for name, value in call.arguments.items() if value is not None}
    found = {name: _fault(one.case, call.name, name, value) for name, value in given.items()}
    for name in accepted.keys() - given.keys():
        found[name] = LEFT_OUT if "" in accepted[name] else MISSING
    return found


def _fault(case: EvalCase, tool: str, name: str, value: JsonValue) -> str:
    wanted = {key: values for key, values in case.accepted.items() if slot_name(key) == name}
    if not wanted:
        return INVENTED
    match = match_accepted(tool, wanted, ToolCall("", tool, {name: value}), case.schema)
    return OTHER if match.fp else RIGHT


def invented_values(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Over the calls of the right tool whose arguments are judged: argument -> how often each kind."""
    judged = [one for one in verdicts if one.case.judges_arguments and one.case.expected_tool != "none"]
    calls = [one for one in judged if one.predicted is not None and one.match.tool_right]
    counts: dict[str, Counter[str]] = {}
    for one in calls:
        for name, kind in argument_faults(one).items():
            counts.setdefault(name, Counter())[kind] += 1
    return {"calls": len(calls), "arguments": {name: dict(found) for name, found in sorted(counts.items())}}


# ---- ten failures ---------------------------------------------------------------------------------


def _has(*wanted: str, query: bool | None = None) -> Callable[[Verdict], bool]:
    """Whether an argument of the act has one of these faults; `query`: only that one, or any but it."""

    def test(one: Verdict) -> bool:
        faults = argument_faults(one).items()
        return any(
            fault in wanted and (query is None or (name == "query") == query) for name, fault in faults
        )

    return test


KINDS: tuple[tuple[str, Callable[[Verdict], bool]], ...] = (
    ("Cannot be read", lambda one: one.malformed),
    ("Called where no call is due", lambda one: one.case.expected_tool == "none" and not one.lenient),
    ("No call where one is due", lambda one: one.predicted is None and not one.lenient),
    ("Wrong tool", lambda one: not one.match.tool_right),
    ("Right tool, looks for another thing", _has(OTHER, INVENTED, query=True)),
    ("Right tool, a value that nobody asked for", _has(INVENTED)),
    ("Right tool, another value than was asked for", _has(OTHER)),
    ("Right tool, something left out", _has(MISSING)),
    ("Right tool, and a second call too many", lambda one: not one.is_ok),
)


def kind_of(one: Verdict) -> str | None:
    """What is wrong with an act; None when nothing is, or nothing that its case minds."""
    if one.is_ok or (one.lenient and not one.strict):
        return None
    return next((name for name, fits in KINDS if fits(one)), None)


def worst(asked: Asked, model: str, count: int = COUNT) -> list[dict[str, JsonValue]]:
    """`count` failures of a model, each with the words of both sides."""
    shelves: dict[str, list[Failure]] = {name: [] for name, _ in KINDS}
    for one, answer in zip(asked.verdicts[model], asked.answers[model], strict=True):
        kind = kind_of(one)
        if kind is not None:
            shelves[kind].append((one, answer))
    chosen: list[tuple[str, Failure]] = []
    while len(chosen) < count and any(shelves.values()):
        for kind, shelf in shelves.items():
            if shelf and len(chosen) < count:
                shown = {failure[0].case.language for _, failure in chosen}
                next_one = min(shelf, key=lambda failure: _order(failure[0], shown))
                shelf.remove(next_one)
                chosen.append((kind, next_one))
    return [_entry(kind, *failure) for kind, failure in chosen]


def _order(one: Verdict, shown: set[str]) -> tuple[int, bool, str]:
    return -(one.match.fp + one.match.fn), one.case.language in shown, one.case.case_id


def failure_counts(verdicts: Sequence[Verdict]) -> list[tuple[str, int]]:
    """Each kind with how many there are, in the order of the kinds."""
    found = Counter(map(kind_of, verdicts))
    return [(name, found[name]) for name, _ in KINDS if found[name]]


def _entry(kind: str, one: Verdict, answer: Answer) -> dict[str, JsonValue]:
    case = one.case
    return {
        "kind": kind,
        "id": case.case_id,
        "language": case.language,
        "before": _cut(case.history[-1].content) if case.history else "",
        "utterance": _cut(case.utterance),
        "expected": expected_call(case),
        "wrote": _cut(answer.text),
        "why": _cut(one.why),
    }


def expected_call(case: EvalCase) -> str:
    """The call that is due, each argument with the first value that is accepted; those that may be left out
    are."""
    if case.expected_tool == "none":
        return "no call"
    if not case.judges_arguments:
        return f"{case.expected_tool}(…)"
    given = {name: values[0] for name, values in case.accepted.items() if values and "" not in values}
    return render_call(ToolCall("", case.expected_tool, given))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"

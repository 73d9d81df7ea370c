"""Right or wrong of one tool call, and of all calls of one turn.

The rule is BFCL's AST check (Patil et al. 2025) with the normalisation of `normal.py`: the tool is
right, every required argument has an accepted value, and no argument is invented. An argument whose
accepted values contain `""` may be left out. A value that the tool would refuse is wrong, whatever it says:
"2000" as text is no price to it, nor "true" a yes. Slot F1 counts arguments: matched, invented or wrong,
missing; a wrong value is both invented and missing. One predicted call satisfies one gold call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muse_core.scoring.normal import comparable, same_value, slot_name
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.types import JsonValue, ToolCall

Accepted = Mapping[str, Sequence[JsonValue]]


@dataclass(frozen=True)
class CallMatch:
    """`tp`, `fp`, `fn` count arguments; `f1` is 1 when there is nothing to compare; `why` names the
    first fault ("" when exact)."""

    exact: bool
    tool_right: bool
    tp: int
    fp: int
    fn: int
    f1: float
    why: str


def match_call(
    gold: ToolCall | None,
    predicted: ToolCall | None,
    optional: Sequence[str] = (),
    schema: ShopSchema = PLAIN,
) -> CallMatch:
    """One gold call against one predicted call; None is "no call". `schema`: the shop's, which says what
    its tools refuse of a facet."""
    if gold is None:
        return match_accepted(None, {}, predicted)
    return match_accepted(gold.name, accepted_values(gold, optional), predicted, schema)


def accepted_values(gold: ToolCall, optional: Sequence[str] = ()) -> dict[str, list[JsonValue]]:
    """A gold call as accepted values: each argument's own, and `""` where it may be left out."""
    given = {
        slot_name(name): value
        for name, value in gold.arguments.items()
        if comparable(name, value) is not None
    }
    return {name: [value, ""] if name in optional else [value] for name, value in given.items()}


def match_accepted(
    tool: str | None, accepted: Accepted, predicted: ToolCall | None, schema: ShopSchema = PLAIN
) -> CallMatch:
    """A predicted call against a tool (None: no call) and the accepted values of its arguments."""
    required = [name for name, values in accepted.items() if not _may_be_absent(values)]
    if predicted is None:
        right = tool is None
        return _judged(
            right, 0, 0, 0 if right else max(1, len(required)), "" if right else f"no call; expected {tool}"
        )
    given = {slot_name(name): value for name, value in predicted.arguments.items() if value is not None}
    if predicted.name != tool:
        why = f"called {predicted.name}; expected {tool or 'no call'}"
        return _judged(False, 0, max(1, len(given)), len(required), why)
    wanted = {slot_name(name): one for name, one in accepted.items()}
    known = schema.order(predicted.name)
    refused = schema.refusals(predicted.name, {name: given[name] for name in known if name in given})
    return _match_arguments(wanted, given, refused)


def match_tool(tool: str | None, predicted: ToolCall | None) -> CallMatch:
    """Only the decision: the arguments are not judged."""
    if predicted is not None and predicted.name == tool:
        return _judged(True, 0, 0, 0, "")
    return match_accepted(tool, {}, predicted)


def _match_arguments(
    accepted: Accepted, given: Mapping[str, JsonValue], refused: Mapping[str, str]
) -> CallMatch:
    """`refused`: what the tool refuses of what was given, by argument."""
    faults: list[str] = []
    tp = fp = fn = 0
    for name, values in accepted.items():
        if name not in given:
            if not _may_be_absent(values):
                fn += 1
                faults.append(f"{name} is missing")
        elif name in refused:
            fp, fn = fp + 1, fn + 1
            faults.append(f"the tool refuses {name}={given[name]!r} ({refused[name]})")
        elif any(same_value(name, value, given[name]) for value in values):
            tp += 1
        else:
            fp, fn = fp + 1, fn + 1
            faults.append(f"{name}={given[name]!r}; expected {' or '.join(repr(value) for value in values)}")
    invented = [name for name in given if name not in accepted]
    faults += [f"{name}={given[name]!r} was not asked for" for name in invented]
    if "" in refused:  # what it refuses of the arguments together
        fp, faults = fp + 1, [*faults, f"the tool refuses the call ({refused['']})"]
    return _judged(True, tp, fp + len(invented), fn, "; ".join(faults))


def match_calls(
    gold: Sequence[ToolCall],
    predicted: Sequence[ToolCall],
    optional: Sequence[str] = (),
    schema: ShopSchema = PLAIN,
) -> CallMatch:
    """All calls of a turn (or of one act): paired one to one, the best fitting first; a gold call
    without a partner is missing, a predicted one without is invented. Two empty sets match."""
    pairs = _partners(gold, predicted, optional, schema)
    matches = [match_call(wanted, made, optional, schema) for wanted, made in pairs]
    tp, fp, fn = (sum(getattr(match, name) for match in matches) for name in ("tp", "fp", "fn"))
    why = "; ".join(match.why for match in matches if match.why)
    return _judged(all(match.tool_right for match in matches), tp, fp, fn, why)


def _partners(
    gold: Sequence[ToolCall], predicted: Sequence[ToolCall], optional: Sequence[str], schema: ShopSchema
) -> list[tuple[ToolCall | None, ToolCall | None]]:
    """Greedy one-to-one pairing: calls of the same tool by slot F1; what stays over gets None, and a
    wrong tool meets the call it replaced."""
    scored = [
        (-match_call(wanted, made, optional, schema).f1, i, j)
        for i, wanted in enumerate(gold)
        for j, made in enumerate(predicted)
        if wanted.name == made.name
    ]
    partner: dict[int, int] = {}
    for _, i, j in sorted(scored):
        if i not in partner and j not in partner.values():
            partner[i] = j
    spare = [j for j in range(len(predicted)) if j not in partner.values()]
    for i in range(len(gold)):
        if i not in partner and spare:
            partner[i] = spare.pop(0)
    paired = [(call, predicted[partner[i]] if i in partner else None) for i, call in enumerate(gold)]
    return paired + [(None, predicted[j]) for j in spare]


def _may_be_absent(values: Sequence[JsonValue]) -> bool:
    return any(value == "" or value is None for value in values)


def _judged(tool_right: bool, tp: int, fp: int, fn: int, why: str) -> CallMatch:
    total = 2 * tp + fp + fn
    f1 = 2 * tp / total if total else 1.0
    return CallMatch(tool_right and not why, tool_right, tp, fp, fn, f1, why)

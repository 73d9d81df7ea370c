"""A few dialogues to look at: where training helped most, and where it harmed, side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from muse_core.evaluation.predict.open_loop import Case, lexicalised_reply
from muse_core.records import Row
from muse_core.tools.call_syntax import render_call
from muse_core.types import JsonValue, ToolCall

EACH = 10  # of the best and of the worst
LONGEST = 240  # characters of a reply that are shown
MODELS = ("base", "sft", "dpo")


def examples(
    cases: Sequence[Case], rows: Mapping[str, Sequence[Row]], each: int = EACH
) -> list[dict[str, JsonValue]]:
    """The `each` best and worst cases of the last model, one per turn type and language while there are.

    Best: right where the base was wrong; worst: wrong, above all where SFT was right."""
    gain = {at: _gain(at, rows) for at in range(len(cases))}
    exact = {at: bool(rows["dpo"][at]["exact_call"]) for at in gain} if "dpo" in rows else {}
    order = sorted(gain, key=lambda at: (-gain[at], cases[at].case_id))
    best = _varied([at for at in order if exact.get(at) and gain[at] > 0], cases, each)
    worst = _varied([at for at in reversed(order) if not exact.get(at)], cases, each)
    chosen = [("best", at) for at in best] + [("worst", at) for at in worst]
    return [{"kind": kind, **_example(cases[at], at, rows)} for kind, at in chosen]


def _gain(at: int, rows: Mapping[str, Sequence[Row]]) -> float:
    quality = {model: _quality(rows[model][at]) for model in MODELS if model in rows}
    last = quality.get("dpo", 0.0)
    return 2 * last - quality.get("base", 0.0) - 0.5 * quality.get("sft", 0.0)


def _quality(row: Row) -> float:
    """A rough order: the exact first act, then the arguments, then a grounded reply."""
    grounded = json.loads(row["facts_json"]).get("grounded")
    return (
        2 * float(row["exact_call"]) + float(row["argument_f1"]) + (0.5 if grounded in (True, None) else 0.0)
    )


def _varied(order: Sequence[int], cases: Sequence[Case], count: int) -> list[int]:
    """The first `count` of the order, no two of one turn type and language if it can be helped."""
    seen: set[tuple[str, str]] = set()
    first: list[int] = []
    for at in order:
        key = (cases[at].label.turn_type, cases[at].conversation.language)
        if key not in seen and len(first) < count:
            seen.add(key)
            first.append(at)
    return (first + [at for at in order if at not in first])[:count]


def _example(case: Case, at: int, rows: Mapping[str, Sequence[Row]]) -> dict[str, JsonValue]:
    any_row = next(iter(rows.values()))[at]
    answers: dict[str, JsonValue] = {
        model: {
            "call": call_text(rows[model][at]["predicted_call_json"]),
            "reply": _short(rows[model][at]["reply"]),
            "exact": bool(rows[model][at]["exact_call"]),
            "malformed": bool(rows[model][at]["malformed"]),
        }
        for model in MODELS
        if model in rows
    }
    return {
        "case_id": case.case_id,
        "language": case.conversation.language,
        "turn_type": case.label.turn_type,
        "before": _before(case),
        "utterance": case.utterance,
        "gold_call": call_text(any_row["gold_call_json"]),
        "gold_reply": json.loads(any_row["facts_json"])["gold_reply"],
        "answers": answers,
    }


def _short(reply: str) -> str:
    return reply if len(reply) <= LONGEST else f"{reply[:LONGEST]} …"


def _before(case: Case) -> list[JsonValue]:
    """What was said in the turn before, as the shopper saw it."""
    if case.label.turn == 0:
        return []
    earlier = Case(case.conversation, replace(case.label, turn=case.label.turn - 1))
    return [earlier.utterance, lexicalised_reply(earlier, earlier.gold)[0]]


def call_text(call_json: str | None) -> str:
    """A call as the model writes it; `no call` where there is none."""
    if not call_json:
        return "no call"
    call = json.loads(call_json)
    try:
        return render_call(ToolCall("", call["name"], call["arguments"]))
    except ValueError:
        return call_json

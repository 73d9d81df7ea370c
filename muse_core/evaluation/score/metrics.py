"""The metrics of docs/metrics.md that need no closed loop, as statistics over the rows of `predictions`.

Every function takes the rows of one model, in case order, and gives `Statistic`s: what each case adds
and how the sums become the value. `table.py` and the stage turn them into rows with intervals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from muse_core.evaluation.score.statistics import Array, Statistic, mean_of
from muse_core.generation.faults import FAULTS
from muse_core.records import Row
from muse_core.scoring.slots import is_asked
from muse_core.tools.toolbox import DECISIONS

SCORE = "score_1_5"
TO_SCORE = (1.0, 4.0)
Facts = dict[str, Any]


def facts_of(rows: Sequence[Row]) -> list[Facts]:
    """The parsed `facts_json` of each row."""
    return [json.loads(row["facts_json"]) for row in rows]


def statistics(rows: Sequence[Row], facts: Sequence[Facts], can_call: bool = True) -> list[Statistic]:
    """Every per-case metric of one model. A model that cannot call gets no row for calls it never
    could have made (`can_call`)."""
    found = [*selection(rows, facts), *answers(rows, facts)]
    if can_call:
        found += [*arguments(rows, facts), *decisions(rows, facts), *planning(rows, facts)]
    return found


def is_right(row: Row, facts: Facts, lenient: bool = False) -> bool:
    """Whether the decision is right; an act that could not be read is never right."""
    wanted = facts["acceptable"] if lenient else [row["gold_decision"]]
    return row["predicted_decision"] in wanted and not facts["broken"]


def selection(rows: Sequence[Row], facts: Sequence[Facts]) -> Iterator[Statistic]:
    """Tool selection: strict, lenient, macro-F1 over the seven decisions."""
    yield mean_of("tool_accuracy", [is_right(row, fact) for row, fact in zip(rows, facts, strict=True)])
    yield mean_of(
        "tool_accuracy_lenient", [is_right(row, fact, True) for row, fact in zip(rows, facts, strict=True)]
    )
    predicted = [
        "broken" if fact["broken"] else row["predicted_decision"]
        for row, fact in zip(rows, facts, strict=True)
    ]
    yield macro_f1("tool_macro_f1", [row["gold_decision"] for row in rows], predicted)


def macro_f1(name: str, gold: Sequence[str], predicted: Sequence[str]) -> Statistic:
    """Mean F1 of the decisions that occur in the gold of the (re)sample: 7 × (hits, predicted, gold)."""
    hits = np.array(
        [[p == g == d for d in DECISIONS] for g, p in zip(gold, predicted, strict=True)], dtype=float
    )
    made = np.array([[p == d for d in DECISIONS] for p in predicted], dtype=float)
    wanted = np.array([[g == d for d in DECISIONS] for g in gold], dtype=float)
    size = len(DECISIONS)

    def fold(sums: Array) -> Array:
        right, positive, true = sums[..., :size], sums[..., size : 2 * size], sums[..., 2 * size :]
        with np.errstate(divide="ignore", invalid="ignore"):
            f1 = np.where(positive + true > 0, 2 * right / (positive + true), 0.0)
            return np.asarray((f1 * (true > 0)).sum(-1) / (true > 0).sum(-1))

    parts = np.concatenate([hits, made, wanted], axis=1).reshape(len(gold), 3 * size)
    return Statistic(name, parts, fold, np.ones(len(gold), dtype=bool))


def arguments(rows: Sequence[Row], facts: Sequence[Facts]) -> Iterator[Statistic]:
    """Calls against the gold's, over turns whose gold has a call."""
    has_call = [row["gold_decision"] != "none" for row in rows]
    f1 = _only([float(row["argument_f1"]) for row in rows], has_call)
    yield mean_of("exact_call", _only([bool(row["exact_call"]) for row in rows], has_call))
    yield mean_of("execution_equal", _only([bool(fact["same_result"]) for fact in facts], has_call))
    yield mean_of("argument_f1", f1)
    yield mean_of("argument_quality", f1, SCORE, TO_SCORE)
    calls = [fact["calls"] > 0 for fact in facts]
    yield mean_of(
        "argument_language_mismatch", _only([fact["surface_arguments"] > 0 for fact in facts], calls)
    )


def answers(rows: Sequence[Row], facts: Sequence[Facts]) -> Iterator[Statistic]:
    """Replies: grounded after a result, without empty references, as the model wrote them; in the language
    of the shopper's turn, as they are served. Then how many of its turns could not be shown, by what was
    wrong with them, and for how many a safe sentence stands."""
    yield mean_of("groundedness", [fact.get("grounded") for fact in facts])
    yield mean_of("groundedness_served", [fact["served_grounded"] for fact in facts])
    spoken = [bool(row["reply"].strip()) for row in rows]
    is_served = [said or bool(fact["repair"]) for said, fact in zip(spoken, facts, strict=True)]
    yield mean_of("reply_language", _only([fact["served_language"] for fact in facts], is_served))
    yield mean_of("reference_faults", _only([fact["faults"] > 0 for fact in facts], spoken))
    yield mean_of("reply_faults", [bool(fact["fault"]) for fact in facts])
    for fault in FAULTS:
        yield mean_of(f"fault_{fault}", [fact["fault"] == fault for fact in facts])
    yield mean_of("safe_sentences", [fact["repair"] == "sentence" for fact in facts])


def decisions(rows: Sequence[Row], facts: Sequence[Facts]) -> Iterator[Statistic]:
    """DiaTool's four rates, and what a model does where no call is due (three shares)."""
    pairs = list(_zip(rows, facts))
    talks = [not f["calls"] and not row["malformed"] and bool(row["reply"].strip()) for row, f in pairs]
    asks = [talk and is_asked(f["asked"], f["missing_slot"]) for talk, f in zip(talks, facts, strict=True)]
    refuses = [talk and f["declines"] for talk, f in zip(talks, facts, strict=True)]
    rates = {
        "call_rate": ("complete", [bool(row["exact_call"]) for row in rows]),
        "slot_rate": ("missing_slot", asks),
        "relevance_rate": ("out_of_scope", refuses),
    }
    for name, (turn_type, values) in rates.items():
        yield mean_of(name, _only(values, [row["turn_type"] == turn_type for row in rows]))
    in_hand = [f["result_in_hand"] and row["gold_decision"] != "none" for row, f in _zip(rows, facts)]
    done = [
        bool(f.get("grounded")) and f["reply_language"] and not row["malformed"]
        for row, f in _zip(rows, facts)
    ]
    yield mean_of("completion_rate", _only(done, in_hand))
    yield from abstention(rows, facts)


def abstention(rows: Sequence[Row], facts: Sequence[Facts]) -> Iterator[Statistic]:
    """Turns that need no call: abstained, tried a call that cannot be read, or called. They add to 1."""
    due = [row["gold_decision"] == "none" for row in rows]
    broken = [f["broken"] for f in facts]
    called = [f["calls"] > 0 and not f["broken"] for f in facts]
    yield mean_of("abstained", _only([not c and not b for c, b in zip(called, broken, strict=True)], due))
    yield mean_of("malformed_call", _only(broken, due))
    yield mean_of("called_without_need", _only(called, due))


def planning(rows: Sequence[Row], facts: Sequence[Facts]) -> Iterator[Statistic]:
    """Turns that need two calls or more: the model's own loop until it replies."""
    due = [row["turn_type"] == "multi_step" for row in rows]
    scores = [
        max(plan_score(fact["plan"], plan) for plan in fact["plans"]) if fact["plans"] else 0.0
        for fact in facts
    ]
    yield mean_of("planning", _only(scores, due), SCORE, TO_SCORE)
    yield mean_of("exact_plan", _only([fact["plan"] in fact["plans"] for fact in facts], due))


def plan_score(predicted: Sequence[str], gold: Sequence[str]) -> float:
    """Longest common subsequence over the longer length; two empty plans agree."""
    longer = max(len(predicted), len(gold))
    if not longer:
        return 1.0
    row = [0] * (len(gold) + 1)
    for name in predicted:
        before = 0
        for j, wanted in enumerate(gold, start=1):
            before, row[j] = row[j], before + 1 if name == wanted else max(row[j], row[j - 1])
    return row[-1] / longer


def confusion(rows: Sequence[Row], facts: Sequence[Facts]) -> dict[str, dict[str, int]]:
    """Gold decision -> predicted decision (or `malformed`) -> count."""
    table: dict[str, dict[str, int]] = {
        str(gold): dict.fromkeys([*map(str, DECISIONS), "malformed"], 0) for gold in DECISIONS
    }
    for row, fact in _zip(rows, facts):
        table[row["gold_decision"]]["malformed" if fact["broken"] else row["predicted_decision"]] += 1
    return table


def response_quality(argument: Statistic, fluency: Statistic, grounded: Statistic) -> Statistic:
    """Mean of argument quality, fluency and 1 + 4 × groundedness (docs/metrics.md#response-quality)."""
    sizes = (argument.parts.shape[1], fluency.parts.shape[1])

    def fold(sums: Array) -> Array:
        first, second, third = np.split(sums, [sizes[0], sizes[0] + sizes[1]], axis=-1)
        return np.asarray((argument.fold(first) + fluency.fold(second) + 1 + 4 * grounded.fold(third)) / 3)

    parts = np.concatenate([argument.parts, fluency.parts, grounded.parts], axis=1)
    counted = argument.counted | fluency.counted | grounded.counted
    return Statistic("response_quality", parts, fold, counted, SCORE)


def slice_columns(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The columns that metrics are sliced by."""
    facts = facts_of(rows)
    return {
        "language": [row["language"] for row in rows],
        "tool": [row["gold_decision"] for row in rows],
        "turn_type": [row["turn_type"] for row in rows],
        "families": [fact["families"] for fact in facts],
        "products": [fact["products"] for fact in facts],
    }


def _zip(rows: Sequence[Row], facts: Sequence[Facts]) -> Iterator[tuple[Row, Facts]]:
    return zip(rows, facts, strict=True)


def _only(values: Sequence[Any], mask: Sequence[bool]) -> list[Any]:
    return [value if keep else None for value, keep in zip(values, mask, strict=True)]

"""What goes wrong, how often, and one example of each: the first fault of a model's turn, by kind.

Kinds are tried in the order below and the first that fits names the turn, so that the counts of a model
add up to its faulty turns. Read from the rows of `predictions` when the page is made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from muse_core.evaluation.score.examples import call_text
from muse_core.records import Row
from muse_core.scoring.slots import is_asked

Facts = Mapping[str, Any]
Test = Callable[[Row, Facts], bool]
MODELS = ("base", "sft", "dpo")
PLAN, ARROW = "Another plan than the turn needs", " → "


def _call(row: Row, which: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(row[f"{which}_call_json"] or "{}").get("arguments", {})
    return found


def _has_wrong_value(row: Row, _: Facts) -> bool:
    gold, made = _call(row, "gold"), _call(row, "predicted")
    return any(name in made and made[name] != value for name, value in gold.items())


def _misses_argument(row: Row, _: Facts) -> bool:
    return not _call(row, "gold").keys() <= _call(row, "predicted").keys()


def _is_right_tool(row: Row) -> bool:
    return bool(row["predicted_decision"] == row["gold_decision"] != "none")


KINDS: tuple[tuple[str, Test], ...] = (
    ("Cannot be read, or does not end", lambda row, fact: fact["broken"] or row["malformed"]),
    ("Called where no call is due",
     lambda row, _: row["gold_decision"] == "none" != row["predicted_decision"]),
    ("No call where one is due", lambda row, _: row["gold_decision"] != "none" == row["predicted_decision"]),
    ("Wrong tool", lambda row, _: row["gold_decision"] != row["predicted_decision"]),
    ("Right tool, an argument with a wrong value",
     lambda row, _: _is_right_tool(row) and not row["exact_call"] and _has_wrong_value(row, _)),
    ("Right tool, an argument left out",
     lambda row, _: _is_right_tool(row) and not row["exact_call"] and _misses_argument(row, _)),
    ("Right tool, an argument too many", lambda row, _: _is_right_tool(row) and not row["exact_call"]),
    (PLAN,
     lambda row, fact: row["turn_type"] == "multi_step" and fact["plan"] not in fact["plans"]),
    ("Does not ask for what is missing",
     lambda row, fact: row["turn_type"] == "missing_slot"
     and not is_asked(fact["asked"], fact["missing_slot"])),
    ("Does not decline", lambda row, fact: row["turn_type"] == "out_of_scope" and not fact["declines"]),
    ("An empty reference in the reply", lambda row, fact: fact["faults"] > 0),
    ("A reply that the results do not bear out", lambda row, fact: fact.get("grounded") is False),
    ("A reply in another language", lambda row, fact: row["reply"].strip() and not fact["reply_language"]),
    ("No reply", lambda row, _: not row["reply"].strip()),
)  # fmt: skip


def kind_of(row: Row) -> str | None:
    """The first fault of a turn; None when there is none."""
    facts = json.loads(row["facts_json"])
    return next((name for name, test in KINDS if test(row, facts)), None)


def failures(predictions: Mapping[str, Sequence[Row]], utterances: Mapping[str, str]) -> dict[str, Any]:
    """Per kind the count of each model, and an example of the last model that has one."""
    kinds = {name: [kind_of(row) for row in predictions[name]] for name in MODELS if name in predictions}
    lines = []
    for kind, _ in KINDS:
        counts = {name: found.count(kind) for name, found in kinds.items()}
        if any(counts.values()):
            lines.append(
                {"kind": kind, "counts": counts, "example": _example(kind, kinds, predictions, utterances)}
            )
    sizes = {name: len(found) for name, found in kinds.items()}
    faulty = {name: sum(kind is not None for kind in found) for name, found in kinds.items()}
    return {"sizes": sizes, "faulty": faulty, "lines": lines} if lines else {}


def _example(
    kind: str,
    kinds: Mapping[str, Sequence[str | None]],
    predictions: Mapping[str, Sequence[Row]],
    utterances: Mapping[str, str],
) -> dict[str, Any]:
    """The first turn of that kind of the latest model that has one."""
    model = next(name for name in reversed(MODELS) if kind in kinds.get(name, ()))
    row = predictions[model][list(kinds[model]).index(kind)]
    facts = json.loads(row["facts_json"])
    return {
        "model": model,
        "case_id": row["case_id"],
        "utterance": utterances.get(row["case_id"], ""),
        "gold": ARROW.join(facts["plans"][0]) if kind == PLAN else call_text(row["gold_call_json"]),
        "made": ARROW.join(facts["plan"]) if kind == PLAN else call_text(row["predicted_call_json"]),
        "reply": row["reply"][:240],
    }

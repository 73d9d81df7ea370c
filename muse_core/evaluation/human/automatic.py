"""What the automatic metrics say of single answers, to be set beside what people say of them.

Per answer, where it applies: right_decision (lenient), exact_call and argument_f1 (the gold has a
call), grounded (a result was in hand), reply_language, fluency and response_quality (both 1 to 5).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from muse_core.evaluation.predict.open_loop import Case, lexicalised_reply
from muse_core.evaluation.score.fluency import FluencyJudge, fluency, fold_fluency, learn_judge
from muse_core.evaluation.score.metrics import is_right
from muse_core.records import Row
from muse_core.types import Conversation

Scores = dict[str, float]
MAX_DEV_REPLIES = 4000  # as many as `evaluate` learns its judge from


def automatic_scores(
    cases: Sequence[Case], rows: Mapping[str, Mapping[str, Row]], conversations: Sequence[Conversation]
) -> dict[str, dict[str, Scores]]:
    """Model -> case id -> metric -> value."""
    judge = _judge(conversations)
    return {model: _of_model(cases, known, judge) for model, known in rows.items()}


def _judge(conversations: Sequence[Conversation]) -> FluencyJudge:
    dev = [Case(one, label) for one in conversations if one.side == "dev" for label in one.labels]
    replies = (
        (case.conversation.language, lexicalised_reply(case, case.gold)[0]) for case in dev[:MAX_DEV_REPLIES]
    )
    return learn_judge(replies)


def _of_model(cases: Sequence[Case], known: Mapping[str, Row], judge: FluencyJudge) -> dict[str, Scores]:
    rows = [known[case.case_id] for case in cases]
    facts = [json.loads(row["facts_json"]) for row in rows]
    right = [row["predicted_decision"] == row["gold_decision"] for row in rows]
    spoken = fluency(
        judge,
        [row["language"] for row in rows],
        [row["reply"] for row in rows],
        [fact["gold_reply"] for fact in facts],
        right,
        seed=0,
    )
    sounds = [
        float(fold_fluency(part)) if keep else None
        for part, keep in zip(spoken.parts, spoken.counted, strict=True)
    ]
    return {
        row["case_id"]: _of_answer(row, fact, sound)
        for row, fact, sound in zip(rows, facts, sounds, strict=True)
    }


def _of_answer(row: Row, facts: Mapping[str, Any], sound: float | None) -> Scores:
    has_call, grounded = row["gold_decision"] != "none", facts.get("grounded")
    f1 = float(row["argument_f1"])
    found: dict[str, float | None] = {
        "right_decision": float(is_right(row, dict(facts), lenient=True)),
        "exact_call": float(row["exact_call"]) if has_call else None,
        "argument_f1": f1 if has_call else None,
        "grounded": None if grounded is None else float(grounded),
        "reply_language": float(facts["reply_language"]) if row["reply"].strip() else None,
        "fluency": sound,
    }
    parts = [1 + 4 * f1 if has_call else None, sound, None if grounded is None else 1 + 4 * float(grounded)]
    known = [part for part in parts if part is not None]
    found["response_quality"] = float(np.mean(known)) if known else None
    return {name: round(value, 6) for name, value in found.items() if value is not None}

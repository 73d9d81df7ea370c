"""Hand-worked metrics, and gold against itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from muse_core.evaluation.predict.open_loop import Case, Prediction, judge, open_loop_cases
from muse_core.evaluation.predict.predictions import expert_rows
from muse_core.evaluation.score import metrics
from muse_core.evaluation.score.fluency import learn_judge
from muse_core.evaluation.score.scorecard import ModelRows, Scorecard, flat_metrics
from muse_core.records import Row, to_table
from muse_core.tools.shop_schema import ShopSchema
from muse_core.tools.toolbox import DECISIONS
from muse_core.types import Facet, Message, ToolCall, TurnLabel
from tests.unit.evaluation.builders_evaluation import call_turn, conversation


def value(rows: list[Row], name: str) -> float:
    facts = metrics.facts_of(rows)
    found = {one.name: one for one in metrics.statistics(rows, facts)}[name]
    return float(found.fold(found.parts.sum(axis=0)))


def judged(predictions: list[tuple[Message, ...]], cases: tuple[Case, ...]) -> list[Row]:
    return [judge(case, Prediction(made), "m", "d") for case, made in zip(cases, predictions, strict=True)]


CASES = open_loop_cases([conversation(500 + i) for i in range(40)], 120).cases


def test_gold_against_gold_is_perfect() -> None:
    rows = expert_rows(CASES)
    perfect = [
        "tool_accuracy",
        "tool_accuracy_lenient",
        "tool_macro_f1",
        "exact_call",
        "execution_equal",
        "argument_f1",
    ]
    perfect += [
        "groundedness",
        "call_rate",
        "slot_rate",
        "relevance_rate",
        "completion_rate",
        "abstained",
        "reply_language",
    ]
    for name in perfect:
        assert value(rows, name) == 1.0, name
    assert value(rows, "argument_quality") == 5.0
    assert value(rows, "argument_language_mismatch") == 0.0
    to_table("predictions", rows)


def test_shuffled_gold_is_near_what_chance_gives() -> None:
    order = np.random.default_rng(2).permutation(len(CASES))
    rows = judged([CASES[at].gold for at in order], CASES)
    shares = [sum(case.label.decision == d for case in CASES) / len(CASES) for d in DECISIONS]
    chance = sum(share**2 for share in shares)
    assert value(rows, "tool_accuracy") == pytest.approx(chance, abs=0.12)
    assert value(rows, "exact_call") < 0.15


def test_one_turn_by_hand() -> None:
    case = CASES[0]
    wrong_price = call_turn(0, "", "search", None, "Here is Blue Shirt.", query="shirts", max_price=1)[1:]
    (row,) = judged([wrong_price], (case,))
    assert row["predicted_decision"] == "search" and not row["exact_call"]
    assert row["argument_f1"] == pytest.approx(0.5)


def test_an_act_that_cannot_be_read_is_never_right() -> None:
    case = next(case for case in CASES if case.label.decision == "none")
    row = judge(case, Prediction((), malformed=True), "m", "d")
    facts = metrics.facts_of([row])
    assert not metrics.is_right(row, facts[0])
    assert value([row], "malformed_call") == 1.0 and value([row], "abstained") == 0.0
    rambling = judge(case, Prediction((Message("assistant", "so so so"),), malformed=True), "m", "d")
    assert (
        metrics.is_right(rambling, metrics.facts_of([rambling])[0]) and value([rambling], "abstained") == 1.0
    )
    unknown = judge(case, Prediction((Message("assistant", "", (ToolCall("c", "buy", {}),)),)), "m", "d")
    assert not metrics.is_right(unknown, metrics.facts_of([unknown])[0])


def test_macro_f1_by_hand() -> None:
    statistic = metrics.macro_f1(
        "f", ["search", "search", "none", "none"], ["search", "none", "none", "broken"]
    )
    assert float(statistic.fold(statistic.parts.sum(0))) == pytest.approx((2 / 3 + 0.5) / 2)


@pytest.mark.parametrize(
    ("predicted", "gold", "score"),
    [
        (["search", "compare"], ["search", "compare"], 1.0),
        (["search"], ["search", "compare"], 0.5),
        (["compare", "search"], ["search", "compare"], 0.5),
        (["search", "filter", "compare"], ["search", "compare"], 2 / 3),
        ([], ["search"], 0.0),
        ([], [], 1.0),
    ],
)
def test_plan_score(predicted: list[str], gold: list[str], score: float) -> None:
    assert metrics.plan_score(predicted, gold) == pytest.approx(score)


def test_a_needless_question_and_an_invented_product() -> None:
    asked = (Message("assistant", "What is your budget?"),)
    missing = tuple(case for case in CASES if case.label.turn_type == "missing_slot")[:4]
    assert value(judged([asked] * 4, missing), "slot_rate") == 0.0
    search = tuple(case for case in CASES if case.label.decision == "search")[:4]
    invented = [(*case.gold[:-1], Message("assistant", "Try [1] or [9].")) for case in search]
    rows = judged(invented, search)
    assert value(rows, "groundedness") == 0.0 and value(rows, "reference_faults") == 1.0


def test_cases_deal_out_profiles_and_drop_overlap() -> None:
    train = replace(conversation(501), side="train", conversation_id="other")
    found = open_loop_cases([conversation(500 + i) for i in range(40)] + [train], 60)
    assert found.overlapping == 3
    assert not any(case.conversation.conversation_id == "t501" for case in found.cases)
    assert len({case.conversation.profile_id for case in found.cases}) == 19
    assert {case.families for case in found.cases} == {"new", "seen"}


def test_scorecard_has_intervals_slices_and_differences() -> None:
    gold = expert_rows(CASES)
    silent = judged([(Message("assistant", "Hello."),)] * len(CASES), CASES)
    judge_ = learn_judge([("en", row["reply"]) for row in gold])
    card = Scorecard.over(gold, judge_, 200, 1)
    card.add(ModelRows("base", silent))
    card.add(ModelRows("sft", gold))
    card.add_decisions("always_none", ["none"] * len(CASES), gold)
    card.add_differences()
    flat = flat_metrics(card.table)
    assert flat["sft.tool_accuracy"] == 1.0
    assert flat["base.tool_accuracy"] == flat["always_none.tool_accuracy"] == pytest.approx(2 / 3)
    assert flat["sft-base.tool_accuracy"] == pytest.approx(1 / 3)
    assert flat["sft.fluency"] == pytest.approx(5.0)
    assert flat["sft.response_quality"] == pytest.approx(5.0)
    to_table("metrics", card.table)
    for row in card.table:
        assert row["low"] <= row["value"] <= row["high"]
    slices = {row["slice"] for row in card.table}
    assert {"all", "language=en", "tool=search", "turn_type=complete", "families=new"} <= slices


def test_a_model_that_cannot_call_has_no_call_metrics() -> None:
    gold = expert_rows(CASES)
    card = Scorecard.over(gold, learn_judge([]), 50, 1)
    card.add(ModelRows("base", gold, can_call=False))
    assert not {"exact_call", "argument_quality", "planning"} & {row["metric"] for row in card.table}


def test_the_expert_is_judged_by_the_tools_of_the_shop() -> None:
    """Comparing by a facet is exact in the shop that has it, and refused by one without."""
    one = conversation(500)
    system = one.messages[:1] if one.messages[0].role == "system" else ()
    asked = call_turn(0, "by sleeves", "compare", {"items": []}, "Same.", items=[1, 2], attribute="sleeve")
    label = TurnLabel(0, "comparison", "f", "compare")
    case = Case(replace(one, messages=(*system, *asked), labels=(label,)), label)
    facets = (Facet("sleeve", "choice", "", ("full", "half")),)
    for schema, is_exact in ((ShopSchema(facets), True), (ShopSchema(), False)):
        (row,) = expert_rows([case], schema)
        assert row["exact_call"] is is_exact

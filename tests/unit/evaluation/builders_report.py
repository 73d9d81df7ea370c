"""A made-up run for the report: a scorecard over the small test side, and manifests like a real run's."""

from __future__ import annotations

import json
from typing import Any

from muse_core.evaluation.cases.answers import Answer
from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.closed_loop.record import Record
from muse_core.evaluation.closed_loop.rows import about_loop, loop_rows
from muse_core.evaluation.closed_loop.satisfaction import Verdict
from muse_core.evaluation.people.asked import Asked
from muse_core.evaluation.people.cuts import nouns_searched
from muse_core.evaluation.people.failures import failure_counts, invented_values, worst
from muse_core.evaluation.people.rows import people_rows
from muse_core.evaluation.people.sets import people_sets
from muse_core.evaluation.predict.contamination import leak_report
from muse_core.evaluation.predict.open_loop import Prediction, judge, open_loop_cases
from muse_core.evaluation.predict.predictions import expert_rows
from muse_core.evaluation.report import ReportInputs
from muse_core.evaluation.score.baselines import (
    PEOPLE,
    Baselines,
    learn_baselines,
    turn_of_case,
    turns_of,
)
from muse_core.evaluation.score.examples import examples
from muse_core.evaluation.score.fluency import learn_judge
from muse_core.evaluation.score.metrics import confusion, facts_of
from muse_core.evaluation.score.preference_accuracy import PairLogProbs, implicit_reward_statistics
from muse_core.evaluation.score.scorecard import ModelRows, Scorecard, metric_rows
from muse_core.evaluation.score.statistics import estimate
from muse_core.records import Row
from muse_core.scoring.overlap import find_leaks
from muse_core.tools.call_syntax import render_call
from muse_core.tools.shop_schema import PLAIN
from muse_core.types import LANGUAGES, Conversation, Message, ToolCall
from tests.unit.evaluation.builders_evaluation import call_turn, conversation


def report_inputs(with_history: bool = True) -> ReportInputs:
    tests = [conversation(500 + i, language=LANGUAGES[i % 3]) for i in range(40)]
    cases = open_loop_cases(tests, 120).cases
    gold = expert_rows(cases)
    silent = [judge(case, Prediction((Message("assistant", "Hello there."),)), "base", "b") for case in cases]
    wrong = call_turn(0, "", "recommend", {"items": [], "total": 0}, "No luck, sorry.")[1:]
    spoilt = [
        judge(case, Prediction(case.gold if at % 5 else wrong), "sft", "s") for at, case in enumerate(cases)
    ]
    rows = {"base": silent, "sft": spoilt, "dpo": gold}
    card = Scorecard.over(gold, learn_judge([(row["language"], row["reply"]) for row in gold]), 200, 1)
    for name, found in rows.items():
        card.add(ModelRows(name, found, can_call=name != "base"))
    card.add(ModelRows("expert", gold))
    turns = turns_of([case.conversation for case in cases])[::2]
    baselines = learn_baselines(turns * 2, 1)
    for name, decided in baselines.decide(turns_of(tests)[: len(cases)]).items():
        card.add_decisions(name, decided, gold)
    card.add_differences()
    pairs = [PairLogProbs(-10 - i % 3, -11, 5, 6) for i in range(len(cases))]
    for one in implicit_reward_statistics(pairs, [PairLogProbs(-11, -11, 5, 6)] * len(cases), 0.1):
        card.table += metric_rows("dpo", one.name, "all", estimate(one, card.sampler), one.unit)
    loop = {"expert": [_record(at, "expert", 1.0) for at in range(24)]}
    loop |= {name: [_record(at, name, 1.0 if at % 3 else 0.0) for at in range(24)] for name in ("sft", "dpo")}
    card.table += loop_rows(loop, card.judge, 100, 1)
    leaks = find_leaks({"t1.0": "who won match number 500"}, [("t2.0", "who won match number 500")])
    people = _people(card, baselines, tests)
    about: dict[str, Any] = {"people": people, "closed_loop": about_loop(loop, {"base": "cannot call"}),
        "leaks": leak_report(len(cases), leaks), "can_call": {"base": False, "sft": True, "dpo": True},
        "cases": len(cases), "profiles": 20, "overlapping_turns": 4,
        "mix": {"none": 0.66, "search": 0.34},
        "languages": {"en": 0.34, "hi": 0.33, "mixed": 0.33}, "examples": examples(cases, rows),
        "confusion": {name: confusion(found, facts_of(found)) for name, found in rows.items()},
        "test_pair_counts": {"on_policy": 412, "on_policy_prompts": 160, "contrast": 31},
        "fluency_judge": "ab" * 32,
        "key_parts": {"config evaluation.max_cases": "600", "seed": "17"},
    }  # fmt: skip
    steps = range(40, 400, 40)
    history = [
        {
            "step": float(s),
            "epoch": s / 40,
            "dev_loss": 3 / (1 + s / 80),
            "dev_tool_accuracy": 1 - 20 / (20 + s),
        }
        for s in steps
    ]
    stages = ("catalog", "profiles", "conversations", "base", "augment", "sft", "pairs", "dpo", "evaluate")
    manifests = {stage: _manifest(stage, at) for at, stage in enumerate(stages)}
    manifests["evaluate"]["about"] = about
    manifests["sft"]["about"] = {"history": history if with_history else []}
    manifests["augment"]["metrics"] = {
        "rows": 5200, "kept": 4700, "yield": 0.904, "auc": 0.981, "dev/auc": 0.977, "median_gold": 4.2,
        "median_perturbed": -0.1, "rows/search": 2500, "yield/search": 0.95, "recall_at_0.1/search": 0.97,
        "recall_at_0.2/search": 0.95, "recall_at_0.4/search": 0.91, "dropped/no_anchor": 210,
    }  # fmt: skip
    for stage, seconds in zip(stages, (10, 10, 20, 90, 45, 150, 50, 50, 70), strict=True):
        manifests[stage]["about"] = manifests[stage]["about"] | {"estimate": {"seconds": seconds}}
    words = {case.case_id: case.utterance for case in cases}
    return ReportInputs(
        card.table,
        manifests,
        predictions=_with_positions(rows),
        utterances=words,
        studies=[STUDY],
    )


def _people(card: Scorecard, baselines: Baselines, train: list[Conversation]) -> dict[str, Any]:
    """Adds the rows of the hand-labelled requests, on which SFT never calls and DPO errs in seven ways."""
    about = {}
    for one in people_sets(PLAIN):
        decided = baselines.decide([turn_of_case(case) for case in one.cases])
        answers = {"base": [Answer()] * len(one.cases), "sft": [Answer(text="Hello!")] * len(one.cases),
                   "dpo": [_act(at, case) for at, case in enumerate(one.cases)]}  # fmt: skip
        asked = Asked(
            one.prefix, one.cases, answers, {name: decided[name] for name in PEOPLE if name in decided}
        )
        card.table += people_rows(asked, {"base"}, nouns_searched(train), 100, 1)
        about[one.prefix] = {
            "cases": len(one.cases),
            "failures": worst(asked, "dpo"),
            "kinds": failure_counts(asked.verdicts["dpo"]),
            "invented": invented_values(asked.verdicts["dpo"]),
        }
    return about


def _act(at: int, case: EvalCase) -> Answer:
    """What is due, with a price that nobody asked for in a third, another query or a greeting in some."""
    if case.expected_tool == "none":
        return Answer(text="Hello!") if at % 2 else _written("search", {"query": "rug"})
    given = {name: values[0] for name, values in case.accepted.items() if "" not in values}
    spoilt = {0: given | {"max_price": 12000}, 3: given | {"query": "<b>vase</b>"}, 5: {}}.get(at % 7, given)
    return Answer(text="Hello!") if at % 11 == 4 else _written(case.expected_tool, spoilt)


def _written(tool: str, given: dict[str, Any]) -> Answer:
    made = ToolCall("c", tool, given)
    return Answer((made,), text=f"<tool>{render_call(made)}</tool><result>Try [1].")


def _with_positions(rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows with word ends of a position head, as `predict` adds them."""
    ends = {"positions": [[0.1, False], [0.9, True], [0.35, False]]}
    return {
        name: [row | {"facts_json": json.dumps(json.loads(row["facts_json"]) | ends)} for row in found]
        for name, found in rows.items()
    }


def _record(at: int, name: str, success: float) -> Record:
    turn = {"user": f"black shoes dikhao {at}", "assistant": "Try Blue Shirt.", "faults": [],
            "calls": [{"name": "search", "arguments": {"query": "shoes", "colour": "black"}}]}  # fmt: skip
    return Record(
        case_id=f"g{at // 4:04d}.{at % 4}",
        goal_id=f"g{at // 4:04d}",
        talk=at % 4,
        profile_id=f"u{at // 4}",
        language=LANGUAGES[at // 4 % 3],
        family=f"f{at % 5}",
        goal={"product_type": "shoes", "hard": {"colour": "black"}, "soft": {"brand": "Nadi"}},
        ending="accepted" if success else "gave up",
        turns=(turn, turn) if name == "sft" else (turn,),
        verdict=Verdict(bool(success), 1.0, 0.0, 1.0, True),
        simulator=(("repeats", 0),) if name == "sft" and at == 1 else (),
    )


def _figure(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.2, "high": value + 0.2, "n": 40}


STUDY: dict[str, Any] = {
    "study": "s12", "side": "test", "items": 20, "ratings": 100, "skipped": 2, "raters_asked": 5,
    "raters": [{"rater": f"r{n}"} for n in range(5)],
    "alpha": {"fluency": {"value": 0.71}, "preference": {"value": 0.6}},
    "means": {"sft": {"fluency": _figure(3.1)}, "dpo": {"fluency": _figure(3.9)}},
    "preferences": [{"model": "dpo", "opponent": "sft", "won": 30, "tied": 6, "lost": 4, **_figure(0.82)}],
    "correlations": [{"automatic": "argument_f1", "criterion": "fluency", **_figure(0.44)}],
    "headline": ["People prefer SFT + DPO."], "warnings": [],
}  # fmt: skip


def _manifest(stage: str, at: int) -> dict[str, Any]:
    return {
        "ref": {"path": f"{stage}/0123456789abcdef/data.parquet", "digest": f"{at}f" * 32, "rows": 100 * at},
        "metrics": {f"{stage}_count": 100.0 * at, "share": 0.25},
        "about": {}, "seconds": 11.5 * at, "validated_by": "gx 1.24 products@1",
        "created": "2025-01-01T10:00:00+00:00",
        "libraries": {"python": "3.11.2", "torch": "2.13.0"}, "platform": "Linux-x86_64",
    }  # fmt: skip

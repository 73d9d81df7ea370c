"""A made-up run for the report: a scorecard over the small test side, and manifests like a real run's."""

from __future__ import annotations

from typing import Any

from muse_core.evaluation.baselines import baseline_decisions, turns_of
from muse_core.evaluation.examples import examples
from muse_core.evaluation.fluency import learn_judge
from muse_core.evaluation.metrics import confusion, facts_of
from muse_core.evaluation.open_loop import Prediction, judge, open_loop_cases
from muse_core.evaluation.predictions import expert_rows
from muse_core.evaluation.preference_accuracy import PairLogProbs, implicit_reward_statistics
from muse_core.evaluation.report import ReportInputs
from muse_core.evaluation.scorecard import ModelRows, Scorecard, metric_rows
from muse_core.evaluation.statistics import estimate
from muse_core.types import LANGUAGES, Message
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
    for name, decided in baseline_decisions(turns * 2, turns_of(tests)[: len(cases)], 1).items():
        card.add_decisions(name, decided, gold)
    card.add_differences()
    pairs = [PairLogProbs(-10 - i % 3, -11, 5, 6) for i in range(len(cases))]
    for one in implicit_reward_statistics(pairs, [PairLogProbs(-11, -11, 5, 6)] * len(cases), 0.1):
        card.table += metric_rows("dpo", one.name, "all", estimate(one, card.sampler), one.unit)
    about: dict[str, Any] = {
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
        "median_perturbed": -0.1, "rows/search": 2500, "yield/search": 0.95, "yield_at_0.1/search": 0.97,
        "yield_at_0.2/search": 0.95, "yield_at_0.4/search": 0.91, "dropped/no_anchor": 210,
    }  # fmt: skip
    budget = dict(zip(stages, (10, 10, 20, 90, 45, 150, 50, 50, 70), strict=True))
    return ReportInputs(card.table, manifests, budget_s=budget)


def _manifest(stage: str, at: int) -> dict[str, Any]:
    return {
        "ref": {"path": f"{stage}/0123456789abcdef/data.parquet", "digest": f"{at}f" * 32, "rows": 100 * at},
        "metrics": {f"{stage}_count": 100.0 * at, "share": 0.25},
        "about": {}, "seconds": 11.5 * at, "validated_by": "gx 1.24 products@1",
        "created": "2025-01-01T10:00:00+00:00",
        "libraries": {"python": "3.11.2", "torch": "2.13.0"}, "platform": "Linux-x86_64",
    }  # fmt: skip

"""The parts of evaluate on a tiny shop: what they publish, and what is not done twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import EvaluationConfig, RunConfig
from muse_core.context import StageContext
from muse_core.evaluation.people.sets import PeopleSet, people_sets
from muse_core.evaluation.report import write_report
from muse_core.evaluation.score import frozen_pairs
from muse_core.evaluation.score.table import results_table
from muse_core.fingerprint import key_of_stage
from muse_core.models.loading import save_model
from muse_core.records import to_table, tool_message
from muse_core.stage_table import STAGES
from muse_core.stages import evaluate
from muse_core.tools.toolbox import Toolbox
from muse_core.types import ArtifactRef, Conversation
from muse_core.world.replay import world_for
from tests import builders
from tests.unit.evaluation.builders_evaluation import conversation
from tests.unit.models.builders_models import tiny_model

SMALL = EvaluationConfig(
    max_cases=12,
    max_new_tokens=8,
    bootstrap_resamples=50,
    pair_contexts=4,
    pair_samples=2,
    closed_loop_goals=0,
    anonymous_cases=5,
)


PRODUCTS = [
    builders.product(product_id="p1", price=399.0),
    builders.product(product_id="p2", title="Nadi Red Shirt", price=449.0),
]


def conversations() -> list[Conversation]:
    """Thirty conversations whose calls have been run: the pairs that are mined on them must replay."""
    index = CatalogIndex(Catalog(tuple(PRODUCTS)))
    made = [conversation(500 + number, side=("train", "dev", "test")[number % 3]) for number in range(30)]
    return [_run(one, index) for one in made]


def _run(one: Conversation, index: CatalogIndex) -> Conversation:
    toolbox = Toolbox(world_for(None, index))
    results = {call.call_id: toolbox.run(call) for message in one.messages for call in message.tool_calls}
    messages = tuple(
        tool_message(results[message.answers_call]) if message.answers_call else message
        for message in one.messages
    )
    return replace(one, messages=messages)


@pytest.fixture(autouse=True)
def few_requests_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every twentieth of them: `evaluate` runs a dozen times here, and `test_people.py` asks whole sets."""

    def few(*asked: Any) -> list[PeopleSet]:
        return [replace(one, cases=one.cases[::20]) for one in people_sets(*asked)]

    monkeypatch.setattr(evaluate, "people_sets", few)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[ArtifactStore, dict[str, ArtifactRef]]:
    store = ArtifactStore(tmp_path_factory.mktemp("store"))
    profiles = [builders.profile(profile_id=f"u{i}", side="test") for i in range(20)]
    refs = {
        "catalog": store.write_table("products", to_table("products", PRODUCTS), "c"),
        "profiles": store.write_table("profiles", to_table("profiles", profiles), "p"),
        "conversations": store.write_table("conversations", to_table("conversations", conversations()), "v"),
    }
    for seed, name in enumerate(("base", "sft", "dpo")):
        loaded = tiny_model(seed)
        loaded.about |= {"can_call": False} if name == "base" else {"can_call": True, "trained": name}
        refs[name] = store.write_folder("model", lambda folder, m=loaded: save_model(m, folder), name)
    return store, refs


PARTS = [stage for stage in STAGES if stage.whole == "evaluate"]


def run_parts(
    store: ArtifactStore, refs: dict[str, ArtifactRef], work: Path, **changes: Any
) -> tuple[dict[str, ArtifactRef], list[str]]:
    """Every part that is not in the store, in the order of the table; the names of those that ran."""
    config, made, ran = RunConfig(evaluation=SMALL.model_copy(update=changes)), dict(refs), []
    for stage in PARTS:
        given = {name: made[name] for name in stage.inputs}
        key = key_of_stage(stage, config, given)
        found = store.find(stage.kind, key.value)
        if found is None:
            stamped = store.for_stage(
                stage.name, key.parts, {name: ref.digest for name, ref in given.items()}
            )
            module = import_module(stage.module)
            found = module.run(config, **stage.arguments(given), ctx=StageContext(stamped, key.value, work))
            ran.append(stage.name)
        made[stage.name] = found
    return made, ran


def run(store: ArtifactStore, refs: dict[str, ArtifactRef], work: Path, **changes: Any) -> ArtifactRef:
    return run_parts(store, refs, work, **changes)[0]["evaluate"]


def test_the_stage(shop: tuple[ArtifactStore, dict[str, ArtifactRef]], tmp_path: Path) -> None:
    store, refs = shop
    metrics = run(store, refs, tmp_path)
    manifest = store.manifest(metrics)
    rows = store.read_table(metrics).to_pylist()
    assert {"base", "sft", "dpo", "expert", "linear", "majority", "always_none"} <= {
        row["model"] for row in rows
    }
    assert manifest["metrics"]["expert.tool_accuracy"] == 1.0 == manifest["metrics"]["expert.exact_call"]
    assert not [row for row in rows if row["model"] == "base" and row["metric"] == "exact_call"]
    about = manifest["about"]
    assert (
        about["cases"] == 12
        and about["profiles"] >= 4
        and set(about["predictions"]) == {"base", "sft", "dpo"}
    )
    assert about["can_call"] == {"base": False, "sft": True, "dpo": True}
    served = {(row["model"], row["metric"]): row for row in rows if row["slice"] == "all"}
    assert served["dpo", "reply_language_anonymous"]["n"] == 5 and served["sft", "reply_language"]["n"] == 12
    assert ("base", "reply_language_anonymous") not in served
    assert served["expert", "reply_faults"]["value"] == 0.0 < served["dpo", "reply_faults"]["value"]
    assert served["dpo", "fault_unfinished"]["value"] > 0.0 < served["dpo", "safe_sentences"]["value"]
    for prefix, asked in (("people_", 9), ("handwritten_", 3)):
        assert about["people"][prefix]["cases"] == asked == served["dpo", f"{prefix}tool_accuracy"]["n"]
    predictions = store.read_table(ArtifactRef(**about["predictions"]["sft"]))
    assert set(predictions.column("model").to_pylist()) == {"sft"}
    parts = Counter(predictions.column("part").to_pylist())
    assert (parts["test"], parts["unknown"]) == (12, 5) and parts["further"] > 0
    silent = store.read_table(ArtifactRef(**about["predictions"]["base"]))
    assert set(silent.column("part").to_pylist()) == {"test"}
    assert "Results" in write_report(store, metrics, tmp_path / "reports").read_text("utf-8")

    again = run(store, refs, tmp_path, bootstrap_resamples=60)
    kept = store.manifest(again)["about"]
    assert kept["predictions"] == about["predictions"] and kept["test_pairs"] == about["test_pairs"]
    other = run(store, refs, tmp_path, max_cases=6)
    assert store.manifest(other)["about"]["predictions"] != about["predictions"]
    assert {"dpo.tool_accuracy", "dpo-sft.tool_accuracy"} <= store.manifest(other)["metrics"].keys()


def test_the_closed_loop_and_the_leaks(
    shop: tuple[ArtifactStore, dict[str, ArtifactRef]], tmp_path: Path
) -> None:
    store, refs = shop
    metrics = run(store, refs, tmp_path, closed_loop_goals=1)
    rows = {(row["model"], row["metric"], row["slice"]): row for row in store.read_table(metrics).to_pylist()}
    about = store.manifest(metrics)["about"]
    assert rows["expert", "user_satisfaction", "all"]["value"] > 4.5
    assert rows["sft", "user_satisfaction", "all"]["n"] == 4 == about["closed_loop"]["conversations"]
    assert rows["sft", "user_satisfaction", "all"]["value"] <= 1.4  # random weights recommend nothing
    assert ("base", "user_satisfaction", "all") not in rows  # it cannot call
    assert {"dpo", "dpo-sft"} <= {model for model, metric, _ in rows if metric == "conversation_quality"} | {
        model for model, metric, _ in rows if metric == "user_satisfaction"
    }
    assert rows["test_side", "leak_exact", "all"]["value"] == 0.0 and about["leaks"]["texts"] == 12
    table = results_table(store.read_table(metrics).to_pylist())
    assert table["rows"][1][3].startswith("1.") and "ceiling" in table["notes"][0]
    assert about["closed_loop"]["left_out"].keys() == {"base"}


def test_only_what_a_change_touches_runs_again(
    shop: tuple[ArtifactStore, dict[str, ArtifactRef]], tmp_path: Path
) -> None:
    store, refs = shop
    _, ran = run_parts(store, refs, tmp_path, closed_loop_goals=1, bootstrap_resamples=51, max_cases=9)
    assert (
        ran[-1] == "evaluate"
        and run_parts(store, refs, tmp_path, closed_loop_goals=1, bootstrap_resamples=51, max_cases=9)[1]
        == []
    )
    other = tiny_model(7)
    other.about |= {"can_call": True, "trained": "dpo"}
    changed = store.write_folder("model", lambda folder: save_model(other, folder), "another dpo")
    same: dict[str, Any] = {"closed_loop_goals": 1, "bootstrap_resamples": 51, "max_cases": 9}
    assert run_parts(store, refs | {"dpo": changed}, tmp_path, **same)[1] == [
        "predict_dpo", "talk_dpo", "evaluate",
    ]  # fmt: skip
    assert run_parts(store, refs, tmp_path, **same | {"bootstrap_resamples": 52})[1] == ["evaluate"]
    more = {"pair_contexts": 20, "pair_samples": 4}  # fewer find no pair here, and nothing has changed
    assert run_parts(store, refs, tmp_path, **same | more)[1] == ["test_pairs", "evaluate"]
    assert run_parts(store, refs, tmp_path, **same | {"max_cases": 10})[1] == [
        "test_cases", "predict_base", "predict_sft", "predict_dpo", "evaluate",
    ]  # fmt: skip
    assert not list(store.root.glob("work/*"))  # nothing lies beside the store's tables


def test_rates_stand_on_further_turns(
    shop: tuple[ArtifactStore, dict[str, ArtifactRef]], tmp_path: Path
) -> None:
    """Twelve turns hold four of each kind; the rates have twelve, the headline figures keep theirs."""
    store, refs = shop
    metrics = run(store, refs, tmp_path)
    n = {
        (row["model"], row["metric"]): row["n"]
        for row in store.read_table(metrics).to_pylist()
        if row["slice"] == "all"
    }
    about = store.manifest(metrics)["about"]
    assert n["sft", "tool_accuracy"] == n["base", "tool_accuracy"] == 12 and n["sft", "exact_call"] == 4
    for name in ("call_rate", "slot_rate", "relevance_rate", "abstained"):
        assert n["sft", name] >= 12 and n["dpo-sft", name] == n["sft", name] == n["expert", name]
        assert ("base", name) not in n
    assert about["further_turns"]["missing_slot"] >= 4


def test_where_no_two_samples_pair_the_rest_is_still_measured(
    shop: tuple[ArtifactStore, dict[str, ArtifactRef]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, refs = shop
    monkeypatch.setitem(frozen_pairs.RULES, "preference_strength_threshold", 0.99)  # σ(5 − 1) is 0.98
    metrics = run(store, refs, tmp_path, pair_contexts=3)
    assert "preference accuracy is not measured: no two samples of 3 test turns" in caplog.text
    about = store.manifest(metrics)["about"]
    assert about["test_pairs"] is None and about["test_pair_counts"]["on_policy"] == 0
    names = {row["metric"] for row in store.read_table(metrics).to_pylist()}
    assert "tool_accuracy" in names and not names & {"preference_accuracy", "likelihood_accuracy"}
    assert "Results" in write_report(store, metrics, tmp_path / "reports").read_text("utf-8")


def test_leaking_turns_are_left_out_on_request(
    shop: tuple[ArtifactStore, dict[str, ArtifactRef]], tmp_path: Path
) -> None:
    store, refs = shop
    words = "now please tell me once more who won match number 502 yesterday"
    planted = []
    for one in conversations():
        messages = tuple(
            replace(message, content=f"{words} {one.conversation_id}")
            if message.content.startswith("who won") and one.conversation_id in ("t500", "t502")
            else message
            for message in one.messages
        )
        planted.append(replace(one, messages=messages))
    ref = store.write_table("conversations", to_table("conversations", planted), "planted")
    found = {}
    for excluded in (False, True):
        metrics = run(store, refs | {"conversations": ref}, tmp_path, exclude_leaks=excluded)
        found[excluded] = store.manifest(metrics)["about"]
    assert found[False]["leaks"] == found[True]["leaks"] and found[True]["leaks"]["leaking"] == 1
    assert found[True]["leaks"]["examples"][0] == {
        "id": "t502.2",
        "kinds": ["ngram", "similar"],
        "like": "t500.2",
    }
    assert (found[False]["cases"], found[True]["cases"]) == (12, 11)


def test_no_test_side_is_said(tmp_path: Path, shop: tuple[ArtifactStore, dict[str, ArtifactRef]]) -> None:
    store, refs = shop
    train = [item for item in conversations() if item.side == "train"]
    table = to_table("conversations", train)
    lonely = refs | {"conversations": store.write_table("conversations", table, "only train")}
    with pytest.raises(Exception, match="the test side holds no user turn"):
        run(store, lonely, tmp_path)

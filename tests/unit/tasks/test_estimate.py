"""What a run is expected to take: by what it asks for, at the probe's rate; and what is left of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.records import to_table
from muse_core.stage_table import STAGE_NAMES, STAGES, summed, whole_of
from muse_core.training.probe import Probe
from tasks.estimate import (
    COSTS,
    StageEstimate,
    about,
    answers,
    contexts,
    estimate,
    needs_probe,
    sft_tokens,
    talks,
    threads_of,
    weights,
)
from tasks.forecast import Forecast
from tasks.parts import REGISTER
from tests import builders
from tests.benchmarks.stage_costs import measured

QUICKSTART, _ = load_config("quickstart")

SMALL = weights(QUICKSTART.base)


def probe(tokens_per_second: float = 5000.0, threads: int = 2, parameters: int = SMALL) -> Probe:
    return Probe(tokens_per_second, threads, "cpu", 5, 2.0, parameters)


def test_every_stage_has_a_cost_and_the_quickstart_takes_minutes_on_two_cores() -> None:
    known = [stage.name for stage in STAGES] + [REGISTER]
    assert list(COSTS) == [name for name in known if name in COSTS]
    assert {whole_of(name) for name in COSTS} == {*STAGE_NAMES, REGISTER}
    found = estimate(QUICKSTART, COSTS, probe())
    assert all(seconds > 0 for seconds in found.seconds.values())
    assert 180 < found.total_s < 1800
    assert found.stages["sft"].units == sft_tokens(QUICKSTART) == 1_600_000


def test_a_machine_of_half_the_speed_takes_twice_as_long() -> None:
    fast, slow = (estimate(QUICKSTART, COSTS, probe(rate)) for rate in (5000.0, 2500.0))
    assert slow.total_s == pytest.approx(2 * fast.total_s)
    assert slow.stages["sft"].tokens_per_second == 2500.0


def test_a_larger_model_makes_its_own_stages_slower_and_no_others() -> None:
    """Measured at a tenth of the rate, with a model of about ten times the weights."""
    large, _ = load_config("quickstart", None, ["base.hidden_size=800", "base.intermediate_size=2000"])
    before = summed(estimate(QUICKSTART, COSTS, probe(5000.0)).seconds)
    size = weights(large.base)
    after = summed(estimate(large, COSTS, probe(5000.0 * SMALL / size, parameters=size)).seconds)
    assert after["sft"] > 8 * before["sft"] and after["evaluate"] > 8 * before["evaluate"]
    for name in ("catalog", "profiles", "conversations", "augment"):
        assert after[name] == pytest.approx(before[name])


def test_cached_stages_count_nothing() -> None:
    whole, rest = (estimate(QUICKSTART, names, probe()) for names in (COSTS, ("dpo", "evaluate")))
    assert list(rest.seconds) == ["dpo", "evaluate"]
    assert rest.seconds["dpo"] == whole.seconds["dpo"] and rest.total_s < whole.total_s / 2


@pytest.mark.parametrize(
    ("setting", "stage"),
    [
        ("sft.max_tokens=3200000", "sft"),
        ("sft.single_turn_tokens=1400000", "sft"),
        ("pairs.contexts=1000", "pairs"),
        ("pairs.samples_per_context=16", "pairs"),
        ("dpo.num_epochs=2", "dpo"),
        ("evaluation.closed_loop_goals=0", "evaluate"),
        ("evaluation.max_cases=200", "evaluate"),
        ("base.max_tokens=60000", "base"),
        ("catalog.synthetic_products=500", "catalog"),
    ],
)
def test_more_work_takes_longer_and_only_where_it_is_done(setting: str, stage: str) -> None:
    before = summed(estimate(QUICKSTART, COSTS, probe()).seconds)
    after = summed(estimate(load_config("quickstart", None, [setting])[0], COSTS, probe()).seconds)
    changed = {name for name in after if after[name] != before[name]}
    assert stage in changed and changed <= {stage, *(("dpo",) if stage == "pairs" else ())}


def test_what_there_is_not_enough_of_bounds_the_work(tmp_path: Path) -> None:
    few, _ = load_config("quickstart", None, ["conversations.count=100"])
    assert contexts(few) < 3000 and sft_tokens(few) < 800_000 and answers(few) < answers(QUICKSTART)
    file = tmp_path / "chats.jsonl"
    file.write_text('{"messages": []}\n' * 7)
    assert talks(load_config("quickstart", None, [f"conversations.file={file}"])[0]) == 7


def test_the_line_says_how_long_on_how_many_threads_and_what_takes_longest() -> None:
    line = estimate(QUICKSTART, COSTS, probe(5811.0)).line()
    assert "minutes on this machine" in line and "5,811 tokens/s with 2 threads" in line
    assert "longest: sft 5 min, " in line
    assert (
        threads_of(probe(threads=1)) == "1 thread"
        and threads_of(Probe(9e4, 8, "cuda", 5, 2.0, SMALL)) == "a GPU"
    )


def test_durations_are_as_exact_as_an_estimate_is() -> None:
    assert [about(s) for s in (9, 61, 545, 7100, 14_400)] == [
        "less than a minute", "about 1 minute", "about 9 minutes", "about 118 minutes", "about 4.0 hours",
    ]  # fmt: skip


def test_only_what_asks_a_model_is_probed() -> None:
    assert needs_probe(["catalog", "sft"])
    assert not needs_probe(["catalog", "profiles", "conversations", REGISTER]) and not needs_probe([])


# ---- what is left ---------------------------------------------------------------------------------

EXPECTED = {"sft": 200.0, "pairs": 100.0, "dpo": 50.0}


def test_before_anything_is_known_the_estimate_is_left() -> None:
    assert Forecast(EXPECTED).left_s("sft", 0.0, 0.0) == 350.0
    assert Forecast(EXPECTED).left_s("sft", 0.02, 30.0) == 320.0


def test_a_stage_that_runs_at_half_speed_doubles_what_is_left() -> None:
    """Half of it took 200 s: 200 s more, and the other stages nearly twice their estimates."""
    left_s = Forecast(EXPECTED).left_s("sft", 0.5, 200.0)
    assert left_s is not None and 200 + 1.9 * 150 < left_s < 200 + 2 * 150


def test_stages_that_are_over_correct_the_rest() -> None:
    forecast = Forecast(EXPECTED)
    forecast.finish("sft", 100.0)
    left_s = forecast.left_s("pairs", 0.0, 0.0)
    assert left_s is not None and 50 + 25 < left_s < 1.1 * (50 + 25)
    forecast.finish("pairs", 50.0)
    assert forecast.left_s("dpo", 1.0, 25.0) == pytest.approx(0.0)


def test_an_overdue_stage_never_has_less_than_nothing_left() -> None:
    assert Forecast(EXPECTED).left_s("dpo", 0.05, 900.0) is not None
    assert Forecast({"dpo": 50.0}).left_s("dpo", 0.05, 900.0) == 0.0


def test_one_outlier_cannot_blow_the_rest_up() -> None:
    forecast = Forecast(EXPECTED)
    forecast.finish("sft", 200.0 * 50)
    assert forecast.left_s("pairs", 0.0, 0.0) == pytest.approx(4 * 150)


def test_first_stages_of_seconds_say_little_of_a_run_of_hours() -> None:
    """Seen: 120 s where 21 were expected, most of them for unpacking a base; then hours of training."""
    forecast = Forecast({"catalog": 21.0, "base": 0.0, "sft": 3000.0, "evaluate": 3000.0})
    forecast.finish("catalog", 45.0)
    forecast.finish("base", 72.0)
    left_s = forecast.left_s("sft", 0.0, 0.0)
    assert left_s is not None and left_s < 1.4 * 6000


def test_a_stage_that_was_thought_cached_has_no_forecast() -> None:
    forecast = Forecast({"dpo": 50.0})
    forecast.finish("sft", 100.0)
    assert forecast.left_s("sft", 0.5, 10.0) is None and forecast.spent == {}


# ---- measured again -------------------------------------------------------------------------------


def test_the_costs_are_measured_from_what_manifests_recorded(tmp_path: Path) -> None:
    """A stage of 500 units at 4,000 tokens/s that took 10 s costs 80 tokens a unit."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    ticks = iter([start])
    store = ArtifactStore(tmp_path, clock=lambda: next(ticks, start + timedelta(seconds=10)))
    expected = StageEstimate(5.0, 500.0, 4000.0, 2, "cpu")
    table = to_table("products", [builders.product()])
    store.for_stage("catalog", {}, {}, asdict(expected)).write_table("products", table, "ab" * 32)
    store.for_stage("profiles", {}, {}).write_table("profiles", to_table("profiles", []), "cd" * 32)
    found = measured(store)
    assert list(found) == ["catalog"]
    assert (found["catalog"]["tokens"], found["catalog"]["expected_s"]) == (80.0, 5.0)

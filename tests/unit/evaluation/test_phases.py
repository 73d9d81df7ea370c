"""The phases of `evaluate`: only those there is something to do for, the large ones with the larger share."""

from __future__ import annotations

from muse_core.config.run_config import EvaluationConfig
from muse_core.evaluation.phases import HANDWRITTEN, TEST_PAIRS, answers_by_phase
from muse_core.progress import Lines, Phases

MODELS = ("base", "sft", "dpo")
CONFIG = EvaluationConfig(max_cases=680, closed_loop_goals=30, pair_contexts=600, pair_samples=8)


def test_a_base_that_cannot_call_only_answers_the_test_turns() -> None:
    found = answers_by_phase(CONFIG, MODELS, ("sft", "dpo"), 680, 900)
    assert [name for name in found if "base" in name] == ["base · test turns"]
    assert list(found)[:3] == ["base · test turns", "SFT · test turns", "DPO · test turns"]
    assert list(found)[-1] == "DPO · shoppers it is not told about"
    assert found["SFT · turns for the rates"] == 900.0 and found["DPO · simulated shoppers"] == 480.0


def test_without_goals_and_further_turns_there_are_no_such_phases() -> None:
    quiet = CONFIG.model_copy(update={"closed_loop_goals": 0, "anonymous_cases": 0})
    found = answers_by_phase(quiet, MODELS, MODELS, 10, 0)
    assert list(found)[3:] == [HANDWRITTEN, TEST_PAIRS]


def test_they_are_said_by_number_and_name() -> None:
    said: list[str] = []
    work = answers_by_phase(CONFIG, MODELS, ("sft", "dpo"), 680, 900)
    Phases(Lines(said.append, "evaluate"), work).begin("SFT · test turns")
    assert said == ["evaluate 2/11 · SFT · test turns"]

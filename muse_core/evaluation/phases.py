"""The parts of `evaluate` by name, each with about how many answers of a model it takes."""

from __future__ import annotations

from collections.abc import Sequence

from muse_core.config.run_config import EvaluationConfig

NAMES = {"base": "base", "sft": "SFT", "dpo": "DPO"}
TEST_TURNS, FURTHER_TURNS, SHOPPERS = "test turns", "turns for the rates", "simulated shoppers"
UNKNOWN_SHOPPERS = "shoppers it is not told about"
HANDWRITTEN, TEST_PAIRS = "hand-written cases", "SFT · test pairs"
HANDWRITTEN_CASES = 60.0
SAMPLE = 0.25  # of a greedy answer: samples of one turn share its prompt
TURNS_PER_GOAL = 16.0  # four conversations


def phase(model: str, part: str) -> str:
    """`SFT · test turns`."""
    return f"{NAMES[model]} · {part}"


def answers_by_phase(
    config: EvaluationConfig, models: Sequence[str], callers: Sequence[str], cases: int, further: int
) -> dict[str, float]:
    """Phase -> answers, in the order of the stage. `callers`: models that have learnt to call."""
    test = {phase(name, TEST_TURNS): float(cases) for name in models}
    rates = {phase(name, FURTHER_TURNS): float(further) for name in callers if further}
    rest = {
        HANDWRITTEN: HANDWRITTEN_CASES * len(models),
        TEST_PAIRS: SAMPLE * config.pair_contexts * config.pair_samples,
    }
    goals = config.closed_loop_goals
    loop = {phase(name, SHOPPERS): TURNS_PER_GOAL * goals for name in callers if goals}
    fewer = min(config.anonymous_cases, cases)
    unknown = {phase(name, UNKNOWN_SHOPPERS): float(fewer) for name in callers if fewer}
    return test | rates | rest | loop | unknown

"""The test pairs: made by rules of their own, cleaned, counted."""

from __future__ import annotations

from dataclasses import replace

from muse_core.config.run_config import EvaluationConfig, PairsConfig
from muse_core.evaluation.frozen_pairs import (
    ENOUGH_PAIRS,
    ENOUGH_PROMPTS,
    freeze,
    frozen_pairs_config,
    pair_counts,
    pairs_key,
)
from muse_core.preferences.sampling import MiningResult
from muse_core.types import PreferencePair
from tests.unit.preferences.builders_preferences import text_pair


def on_test(number: int, chosen: str = "Which colour?", **changes: object) -> PreferencePair:
    return replace(text_pair(number, f"{chosen} {number}", "Nothing matched."), side="test", **changes)  # type: ignore[arg-type]


def test_what_must_not_stand_leaves_and_is_counted() -> None:
    sound, equal = on_test(0), replace(text_pair(1, "Here!", "here"), side="test")
    pairs, numbers = freeze(MiningResult([sound, equal], [], [], {"pairs": 2.0, "replay": 1.0}))
    assert pairs == [sound]
    assert (numbers["pairs"], numbers["dropped_equal"], numbers["dropped_near"], numbers["kept"]) == (
        2,
        1,
        0,
        1,
    )
    assert numbers["replay"] == 1.0


def test_the_rules_do_not_follow_those_of_training() -> None:
    training = PairsConfig(
        pairing="mistakes", preference_strength_threshold=0.8, contrast_share=0.5, top_p=0.9
    )
    config = frozen_pairs_config(training, EvaluationConfig(pair_contexts=7, pair_samples=3))
    assert (config.contexts, config.samples_per_context) == (7, 3)
    assert (config.pairing, config.preference_strength_threshold) == ("extremes", 0.6)
    assert config.top_p == 0.9 and config.contrast_share == 0.2
    other = PairsConfig(top_p=0.9, reserved_share=0.3, chosen_min_reward=0.5, max_pairs_per_context=1)
    assert frozen_pairs_config(other, EvaluationConfig(pair_contexts=7, pair_samples=3)) == config


def test_every_rule_is_in_the_key() -> None:
    def key(**changes: object) -> str:
        return pairs_key("sft", ["a"], PairsConfig().model_copy(update=changes), "references", 17)

    known = {key(), key(top_p=0.9), key(contrast_share=0.2), key(min_pairs_per_example=2)}
    assert len(known) == 4 and key() in known


def test_contrast_pairs_do_not_help_to_reach_enough() -> None:
    pairs = [on_test(k, conversation_id=f"c{k % ENOUGH_PROMPTS}") for k in range(ENOUGH_PAIRS)]
    counts = {"on_policy": ENOUGH_PAIRS, "contrast": 0, "on_policy_prompts": ENOUGH_PROMPTS, "enough": True}
    assert pair_counts(pairs) == counts
    short = [*pairs[1:], replace(pairs[0], kind="contrast")]
    assert pair_counts(short)["enough"] is False and pair_counts(short)["contrast"] == 1
    assert pair_counts([replace(one, conversation_id="c0") for one in pairs])["enough"] is False

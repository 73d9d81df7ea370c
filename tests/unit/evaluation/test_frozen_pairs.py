"""The test pairs: made by rules of their own, cleaned, counted."""

from __future__ import annotations

from dataclasses import replace

from muse_core.evaluation.score.frozen_pairs import (
    ENOUGH_PAIRS,
    ENOUGH_PROMPTS,
    freeze,
    frozen_pairs_config,
    pair_counts,
)
from muse_core.preferences.sampling import MiningResult
from muse_core.stage_table import stage_named
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
    config = frozen_pairs_config(7, 3, (0.7, 1.0), 0.9, 64)
    assert (config.contexts, config.samples_per_context) == (7, 3)
    assert (config.pairing, config.preference_strength_threshold) == ("extremes", 0.6)
    assert (config.top_p, config.max_new_tokens, config.temperatures) == (0.9, 64, (0.7, 1.0))
    assert config.contrast_share == 0.2 and config.rejection_sampling


def test_only_how_a_turn_is_sampled_is_read_of_trainings_settings() -> None:
    reads = stage_named("test_pairs").reads
    assert {key for key in reads if key.startswith("pairs.")} == {
        "pairs.temperatures", "pairs.top_p", "pairs.max_new_tokens",
    }  # fmt: skip


def test_contrast_pairs_do_not_help_to_reach_enough() -> None:
    pairs = [on_test(k, conversation_id=f"c{k % ENOUGH_PROMPTS}") for k in range(ENOUGH_PAIRS)]
    counts = {"on_policy": ENOUGH_PAIRS, "contrast": 0, "on_policy_prompts": ENOUGH_PROMPTS, "enough": True}
    assert pair_counts(pairs) == counts
    short = [*pairs[1:], replace(pairs[0], kind="contrast")]
    assert pair_counts(short)["enough"] is False and pair_counts(short)["contrast"] == 1
    assert pair_counts([replace(one, conversation_id="c0") for one in pairs])["enough"] is False

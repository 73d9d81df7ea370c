from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from muse_core.config.run_config import PairsConfig
from muse_core.errors import MuseError
from muse_core.preferences.contexts import Context, Environment, choose_contexts
from muse_core.preferences.sampling import MiningResult, _contrast_count, _pairs_of, need_pairs
from muse_core.records import from_table, to_table
from muse_core.world.shop import Shop
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.preferences.builders_preferences import sample, tokens_of

INDEX = shop()
DIALOGUES = dialogues(INDEX, 12)
CONFIG = PairsConfig()
GOOD_REPLY = "You may like [1], it costs [1:price]."
ENVIRONMENT = Environment(Shop(INDEX), "references")


def mined(number, replies, config=CONFIG):
    """The pairs of turn `number` of one dialogue; a reply with arguments calls."""
    conversation = DIALOGUES[0]
    samples = [sample(conversation, INDEX, text, number, **arguments) for text, arguments in replies]
    context = Context(conversation, conversation.labels[number])
    return list(_pairs_of(context, samples, ENVIRONMENT, config, tokens_of))


def gold_arguments(number):
    call = DIALOGUES[0].messages[2 + 4 * number].tool_calls[0]
    return {"tool": call.name, **call.arguments}


def test_contexts_are_spread_over_turn_types_and_languages():
    mixed = [replace(one, language="mixed") if k < 3 else one for k, one in enumerate(DIALOGUES)]
    chosen = choose_contexts(mixed, "train", 12, np.random.default_rng(0))
    counts = Counter((one.label.turn_type, one.conversation.language) for one in chosen)
    assert set(counts.values()) == {3}
    assert choose_contexts(mixed, "test", 12, np.random.default_rng(0)) == []


def test_a_good_sample_is_preferred_and_says_why():
    (pair,) = mined(1, [(GOOD_REPLY, gold_arguments(1)), ("Nothing to say about it now", {})])
    assert pair.kind == "on_policy"
    assert pair.prompt[-1].role == "user" and pair.pair_id == "train0000.1.0"
    assert pair.evidence["chosen"]["calls"] and not pair.evidence["rejected"]["calls"]
    assert pair.evidence["chosen_reasoning"].startswith("better: right decision 1 against 0")
    assert from_table("preference_pairs", to_table("preference_pairs", [pair])) == [pair]


def test_divergence_is_counted_in_characters_and_in_tokens():
    (pair,) = mined(1, [(GOOD_REPLY, gold_arguments(1)), ("Nothing to say about it now", {})])
    assert pair.evidence["divergence"] == {"character": len("<|assistant|>"), "token": 1}


def test_where_no_sample_is_good_extremes_take_the_gold_turn_and_mistakes_do_not():
    bad = [("I cannot say anything about that", {}), ("Hello there, how are you?", {})]
    (pair,) = mined(0, bad, CONFIG.model_copy(update={"pairing": "extremes"}))
    assert (pair.kind, pair.evidence["type"]) == ("contrast", "gold_against_sample")
    assert pair.chosen == DIALOGUES[0].messages[2:5]
    assert mined(0, bad) == []


def test_a_context_may_give_as_many_pairs_as_it_must():
    replies = [(f"{GOOD_REPLY} {k}", gold_arguments(1)) for k in range(3)]
    replies += [("Nothing to say about it now", {})]
    replies += [("Hello there", {"tool": tool, "max_price": 5}) for tool in ("search", "filter")]
    assert len(mined(1, replies)) == CONFIG.max_pairs_per_context == 2
    assert len(mined(1, replies, CONFIG.model_copy(update={"min_pairs_per_example": 3}))) == 3


@pytest.mark.parametrize(("mined", "share", "expected"), [(80, 0.2, 20), (10, 0.5, 10), (10, 0.0, 0)])
def test_contrast_pairs_make_their_share_of_all(mined, share, expected):
    assert _contrast_count(mined, share) == expected


def test_no_pair_says_what_was_found_and_what_to_do():
    result = MiningResult([], [], [], {"contexts": 3, "samples": 24})
    with pytest.raises(
        MuseError, match=r"no pair reached strength 0\.6 \(contexts 3, samples 24\)\. Train SFT longer"
    ):
        need_pairs(result, CONFIG)


@pytest.mark.parametrize(("pairing", "is_advised"), [("mistakes", True), ("extremes", False)])
def test_what_is_set_already_is_not_advised(pairing: str, is_advised: bool) -> None:
    config = CONFIG.model_copy(update={"pairing": pairing})
    with pytest.raises(MuseError) as told:
        need_pairs(MiningResult([], [], [], {}), config)
    assert ("pairs.pairing=extremes" in str(told.value)) is is_advised

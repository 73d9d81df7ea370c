from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from muse_core.config.run_config import PairsConfig
from muse_core.errors import MuseError
from muse_core.preferences.sampling import (
    Context,
    MiningResult,
    _pairs_of,
    _Shop,
    choose_contexts,
    need_pairs,
    replay_evidence,
)
from muse_core.records import from_table, to_table
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.preferences.builders_preferences import sample

INDEX = shop()
DIALOGUES = dialogues(INDEX, 12)
CONFIG = PairsConfig()


def mined(number, replies):
    """The pairs of turn `number` of one dialogue; a reply with arguments calls."""
    conversation = DIALOGUES[0]
    samples = [sample(conversation, INDEX, text, number, **arguments) for text, arguments in replies]
    context = Context(conversation, conversation.labels[number])
    return list(_pairs_of(context, samples, _Shop(INDEX, "references"), CONFIG))


def gold_arguments(number):
    call = DIALOGUES[0].messages[2 + 4 * number].tool_calls[0]
    return {"tool": call.name, **call.arguments}


def test_contexts_are_spread_over_turn_types_and_languages():
    mixed = [replace(one, language="mixed") if k < 3 else one for k, one in enumerate(DIALOGUES)]
    chosen = choose_contexts(mixed, "train", 12, np.random.default_rng(0))
    counts = Counter((one.label.turn_type, one.conversation.language) for one in chosen)
    assert set(counts.values()) == {3}
    assert choose_contexts(mixed, "test", 12, np.random.default_rng(0)) == []


def test_a_good_sample_is_preferred_and_the_evidence_replays():
    pairs = mined(
        1, [("You may like [1], it costs [1:price].", gold_arguments(1)), ("Nothing to say about it now", {})]
    )
    assert [pair.kind for pair in pairs] == ["on_policy"]
    (pair,) = pairs
    assert pair.prompt[-1].role == "user" and pair.pair_id == "train0000.1.0"
    assert pair.evidence["chosen"]["calls"] and not pair.evidence["rejected"]["calls"]
    assert pair.evidence["chosen_reasoning"].startswith("better: right decision 1 against 0")
    assert pair.evidence["divergence"] == len("<|assistant|>")
    assert replay_evidence(pair, DIALOGUES[0], None, INDEX)
    assert from_table("preference_pairs", to_table("preference_pairs", pairs)) == pairs


def test_evidence_that_does_not_replay_is_noticed():
    (pair,) = mined(
        1, [("You may like [1], it costs [1:price].", gold_arguments(1)), ("Nothing to say about it now", {})]
    )
    evidence = dict(pair.evidence) | {"chosen": {**pair.evidence["chosen"], "results": ["0" * 16]}}
    assert not replay_evidence(replace(pair, evidence=evidence), DIALOGUES[0], None, INDEX)


def test_where_no_sample_is_good_the_gold_turn_is_the_contrast():
    pairs = mined(0, [("I cannot say anything about that", {}), ("Hello there, how are you?", {})])
    assert [pair.kind for pair in pairs] == ["contrast"]
    assert pairs[0].chosen == DIALOGUES[0].messages[2:5]
    assert replay_evidence(pairs[0], DIALOGUES[0], None, INDEX)


def test_no_pair_says_what_was_found_and_what_to_do():
    result = MiningResult([], [], [], {"contexts": 3, "samples": 24})
    with pytest.raises(
        MuseError, match=r"no pair reached strength 0\.6 \(contexts 3, samples 24\)\. Train SFT longer"
    ):
        need_pairs(result, CONFIG)

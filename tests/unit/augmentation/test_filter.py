from dataclasses import replace

import numpy as np
import pytest

from muse_core.augmentation.anchor import Annotator
from muse_core.augmentation.filter import decide, measure, prepare
from muse_core.augmentation.ngram import NgramModel
from muse_core.augmentation.plain_text import plain_messages, training_words
from muse_core.augmentation.utility import NgramScorer
from muse_core.augmentation.verdict import auc, check, metrics
from muse_core.config.run_config import AugmentationConfig
from muse_core.errors import MuseError
from muse_core.records import from_table, to_table
from muse_core.tools.base import new_world
from tests.unit.augmentation.builders_augmentation import dialogues, remove_calls, shop

CONFIG = AugmentationConfig()


@pytest.fixture(scope="module")
def scored():
    index = shop()
    train, dev = dialogues(index, 60), dialogues(index, 40, "dev", seed=2)
    scorer = NgramScorer(NgramModel.train(training_words(train)))
    annotator = Annotator(index.catalog.products)
    return [
        act
        for one in (*train, *dev)
        for act in measure(prepare(one, new_world(index), annotator, 2, 17), scorer)
    ]


def verdicts(scored, config=CONFIG):
    return [decide(one, config.threshold, config.filter == "gold") for one in scored]


def test_gold_calls_are_kept_and_told_from_wrong_ones(scored):
    rows = verdicts(scored)
    numbers = metrics(scored, rows, CONFIG)
    assert check(scored, rows, CONFIG) == "dev"
    assert numbers["yield"] > 0.7
    assert numbers["auc"] > 0.8
    assert numbers["median_gold"] > numbers["median_perturbed"]
    assert numbers["not_replaying"] == 0
    assert numbers["rows"] == numbers["kept"] + sum(v for k, v in numbers.items() if k.startswith("dropped/"))


def test_rows_hold_the_call_at_its_position(scored):
    for row in verdicts(scored):
        text, insertions = remove_calls(row.augmented_text)
        assert text == row.original_text
        assert [(one.name, one.position) for one in insertions] == [
            (call.tool_name, call.position) for call in row.tool_calls
        ]
        assert 0 <= row.quality_score <= 1
        assert row.kept == (row.drop_reason is None)
    assert from_table("augmented", to_table("augmented", verdicts(scored))) == verdicts(scored)


def test_a_scorer_that_cannot_tell_is_refused(scored):
    """Gold and perturbed utilities dealt out at random: what a scorer that reads nothing gives."""
    rng = np.random.default_rng(0)
    shuffled = []
    for one in scored:
        if one.gold is None:
            continue
        values = rng.permutation([one.gold.utility, *(wrong.utility for wrong in one.wrong)])
        wrong = tuple(replace(w, utility=float(v)) for w, v in zip(one.wrong, values[1:], strict=True))
        shuffled.append(replace(one, gold=replace(one.gold, utility=float(values[0])), wrong=wrong))
    with pytest.raises(
        MuseError, match=r"cannot tell right calls from wrong ones on dev: AUC 0\.\d+ .*filter=gold"
    ):
        check(shuffled, verdicts(shuffled), CONFIG)
    gold = AugmentationConfig(filter="gold")
    assert check(shuffled, verdicts(shuffled, gold), gold).startswith("not judged")


def test_a_low_yield_names_tool_and_threshold(scored):
    config = AugmentationConfig(threshold=5.0)
    with pytest.raises(MuseError, match=r"threshold 5.0 nats .* search keeps \d+ of \d+ .*min_yield"):
        check(scored, verdicts(scored, config), config)


def test_keeping_gold_keeps_what_the_threshold_drops(scored):
    rows = verdicts(scored, AugmentationConfig(threshold=99.0, filter="gold"))
    assert all(row.kept and row.drop_reason is None for row in rows)


def test_a_reply_that_names_nothing_is_dropped_for_want_of_an_anchor():
    index = shop()
    (one,) = dialogues(index, 1)
    messages = tuple(
        replace(m, content="Here you are.") if m.role == "assistant" and not m.tool_calls else m
        for m in one.messages
    )
    prepared = prepare(
        replace(one, messages=messages), new_world(index), Annotator(index.catalog.products), 2, 17
    )
    rows = verdicts(measure(prepared, NgramScorer(NgramModel.train([["a"]]))))
    assert [(row.kept, row.drop_reason) for row in rows] == [(False, "no_anchor")] * 2


def test_plain_text_has_titles_and_no_calls():
    (one,) = dialogues(shop(), 1)
    text = " ".join(plain_messages(one.messages, "en"))
    assert "₹" in text and "[1]" not in text and "filter(" not in text


def test_auc_counts_ties_half():
    assert auc([2.0, 1.0], [0.0, 1.0]) == 0.875
    assert auc([], [1.0]) == 0.5

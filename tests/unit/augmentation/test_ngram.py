import math

import pytest

from muse_core.augmentation.ngram import (
    BREAK,
    UNSEEN_WORDS,
    Cache,
    NgramModel,
    target_nats,
    word_starts,
    words,
)

TEXTS = [words(text) for text in ("show me a blue shirt", "show me a red shirt for 1,499", "काली शर्ट दिखाओ")]


@pytest.fixture(scope="module")
def model():
    return NgramModel.train(TEXTS)


def chance(model, word, history, context):
    """Of the trigram model and the cache together."""
    (nats,) = target_nats([model.probability(word, history)], [word], Cache.of(words(context)))
    return math.exp(-nats)


@pytest.mark.parametrize("history", [[], ["show"], ["show", "me"], ["me", "a"], ["never", "seen"]])
@pytest.mark.parametrize("context", ["", "blue blue shirt", "a brandname | ₹999 ; a brandname | ₹777"])
def test_probabilities_sum_to_one(model, history, context):
    cache = Cache.of(words(context))
    known = set(model.vocabulary)
    outside = {word for word in cache.places if word not in known}
    total = sum(chance(model, word, history, context) for word in known | outside)
    total += (UNSEEN_WORDS - len(outside)) * chance(model, "\0", history, context)
    assert total == pytest.approx(1.0, abs=1e-9)


def test_a_word_of_the_context_is_less_surprising(model):
    target = words("Konkan Wool")
    chances = model.trigram_chances(["try"], target)
    blind = target_nats(chances, target, Cache.of(words("something else")))
    told = target_nats(chances, target, Cache.of(words("p1 | Konkan Wool Scarf | ₹999")))
    assert all(with_result < without for with_result, without in zip(told, blind, strict=True))
    assert told[1] < told[0]  # the second word follows the first as it does in the context


def test_nearer_words_count_more():
    far = Cache.of(["x"] + ["y"] * 200)
    near = Cache.of(["y"] * 200 + ["x"])
    assert near.probability("x") > far.probability("x")


def test_seen_words_cost_less_than_unseen(model):
    assert -math.log(model.probability("shirt", ["blue"])) < -math.log(model.probability("scarf", ["blue"]))


def test_words_keep_hindi_vowels_and_join_numbers():
    assert words("काली शर्ट ₹1,499 में, p12!") == ["काली", "शर्ट", "₹", "1499", "में", ",", "p12", "!"]
    assert words(BREAK) == [BREAK]
    text = "Try ₹1,499 now"
    assert [text[at:][:3] for at, _ in word_starts(text)] == ["Try", "₹1,", "1,4", "now"]

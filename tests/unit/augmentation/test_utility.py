import pytest

from muse_core.augmentation.ngram import NgramModel, words
from muse_core.augmentation.utility import (
    CallText,
    NgramScorer,
    Place,
    Utility,
    trials,
    utilities,
    weighted_loss,
)

PLACE = Place("show me shirts under 2000", "You may like ", "Konkan Wool Shirt for ₹999.")


def scorer():
    return NgramScorer(NgramModel.train([words("you may like this shirt for ₹450")]))


def test_weights_are_the_papers():
    assert weighted_loss([1, 0, 0, 0, 0]) == pytest.approx(1 / 3)  # 1 / (1 + .8 + .6 + .4 + .2)
    assert weighted_loss([2, 2, 2, 2, 2, 99]) == pytest.approx(2)
    assert weighted_loss([3]) == pytest.approx(3)
    assert weighted_loss([]) == 0.0


def test_the_smaller_of_no_call_and_call_alone_is_what_the_result_must_beat():
    # no call: 3 nats; first candidate: call 2, with result 0.5; second: call 4, with result 3.5
    first, second = utilities([[3.0], [2.0], [0.5], [4.0], [3.5]])
    assert first == Utility(2.0, 0.5)
    assert first.nats == 1.5 and first.quality == 0.75
    assert second.nats == -0.5 and second.quality == 0.0


def test_a_result_that_holds_the_answer_is_worth_something_and_another_is_not():
    right = CallText("search(query='shirt')", "search(query='shirt') → p7 | Konkan Wool Shirt | ₹999")
    wrong = CallText("search(query='shoe')", "search(query='shoe') → p8 | Deccan Leather Boot | ₹450")
    good, bad = utilities(scorer().nats(trials(PLACE, [right, wrong])))
    assert good.nats > 0.5
    assert bad.nats < 0.1


def test_a_call_that_already_says_the_answer_earns_nothing_for_its_result():
    tells = CallText(
        "search(query='Konkan Wool Shirt for ₹999')", "search(query='Konkan Wool Shirt for ₹999') → no items"
    )
    (utility,) = utilities(scorer().nats(trials(PLACE, [tells])))
    assert utility.nats <= 0


def test_scoring_does_not_depend_on_what_was_scored_before():
    texts = [CallText("search(query='shirt')", "search(query='shirt') → p7 | Konkan Wool Shirt | ₹999")]
    used = scorer()
    used.nats(trials(Place("something else", "Try ", "Deccan Boot"), texts))
    assert used.nats(trials(PLACE, texts)) == scorer().nats(trials(PLACE, texts))

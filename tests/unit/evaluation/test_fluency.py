"""The fluency scale: gold is 5, shuffled gold is 1."""

from __future__ import annotations

import numpy as np
import pytest

from muse_core.evaluation.score.fluency import CharModel, fluency, learn_judge, repeats, shuffle_words

GOLD = [
    f"Here is a nice {c} {t} for you, would you like to see more?"
    for c in ("red", "blue", "black", "green")
    for t in ("shirt", "kurta", "saree", "shoe")
]


def score(generated: list[str]) -> float:
    judge = learn_judge([("en", text) for text in GOLD])
    statistic = fluency(judge, ["en"] * len(GOLD), generated, GOLD, [True] * len(GOLD), seed=7)
    return float(statistic.fold(statistic.parts.sum(0)))


def test_gold_scores_five_and_shuffled_gold_one() -> None:
    assert score(GOLD) == pytest.approx(5.0)
    shuffled = [shuffle_words(text, np.random.default_rng([7, at])) for at, text in enumerate(GOLD)]
    assert score(shuffled) == pytest.approx(1.0)
    assert score(["zxq wvv kjh"] * len(GOLD)) == 1.0


def test_repetition_is_punished() -> None:
    parrot = [f"{text} {text} {text}" for text in GOLD]
    assert score(parrot) < 4.0
    assert repeats("a b c d a b c d") == pytest.approx(0.2)
    assert repeats("short") == 0.0


def test_probabilities_sum_to_one() -> None:
    model = CharModel()
    for text in GOLD:
        model.learn(text)
    history = "\n\n\n\n\nHere is"
    chars = [*sorted(model.alphabet), "☃"]
    assert sum(model._probability(history + char, len(history)) for char in chars) == pytest.approx(1.0)


def test_nothing_to_judge_is_no_number() -> None:
    statistic = fluency(learn_judge([]), ["en"], ["a"], ["b"], [True], seed=1)
    assert not statistic.counted.any()

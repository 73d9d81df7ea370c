"""Diversity against its definitions, and the figures of a table whose answers are known."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from muse_core.evaluation.score.data_quality import measure, script_of, user_turns, words_of
from muse_core.evaluation.score.data_quality_diversity import distinct, near_duplicates, self_bleu
from muse_core.records import to_table
from muse_core.types import Conversation, Goal, Message


def bleu(text: list[str], others: list[list[str]]) -> float:
    """BLEU-4 as Papineni et al. write it, smoothed as Texygen does; slow and plain."""

    def grams(words: list[str], order: int) -> Counter[tuple[str, ...]]:
        return Counter(tuple(words[at : at + order]) for at in range(len(words) - order + 1))

    logs = 0.0
    for order in range(1, 5):
        own, theirs = grams(text, order), [grams(one, order) for one in others]
        matched = sum(min(count, max(one[gram] for one in theirs)) for gram, count in own.items())
        if order == 1 and not matched:
            return 0.0
        logs += math.log((matched or 0.1) / max(1, sum(own.values())))
    closest = min((len(one) for one in others), key=lambda n: (abs(n - len(text)), n))
    return math.exp(logs / 4) * (1 if len(text) > closest else math.exp(1 - closest / len(text)))


@pytest.mark.parametrize("seed", range(8))
def test_self_bleu_is_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts = [[str(word) for word in rng.integers(0, 6, rng.integers(1, 9))] for _ in range(12)]
    slow = [bleu(text, texts[:at] + texts[at + 1 :]) for at, text in enumerate(texts)]
    assert self_bleu(texts) == pytest.approx(sum(slow) / len(slow))


def test_self_bleu_of_equal_and_of_strange_texts() -> None:
    same = ["show", "me", "blue", "cotton", "shirts"]
    assert self_bleu([same, same, same]) == pytest.approx(1)
    assert self_bleu([["a", "b", "c", "d"], ["e", "f", "g", "h"]]) == 0
    assert self_bleu([same]) == 0 and self_bleu([]) == 0


def test_distinct_counts_bigrams() -> None:
    assert distinct([["a", "b", "c"], ["a", "b"]]) == pytest.approx(2 / 3)
    assert distinct([["a"]]) == 0


def test_near_duplicates_finds_what_was_planted() -> None:
    rng = np.random.default_rng(3)
    texts = [[f"w{word}" for word in rng.integers(0, 400, 80)] for _ in range(50)]
    almost = [*texts[0][:-1], "changed"]
    half = [*texts[1][:40], *texts[2][40:]]
    assert near_duplicates(texts) == 0
    assert near_duplicates([*texts, texts[4], almost]) == pytest.approx(2 / 52)
    assert near_duplicates([*texts, half]) == 0
    assert near_duplicates([["hi"], ["hi"], ["bye"], []]) == pytest.approx(1 / 4)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("₹3,000 ke andar dikhao!", 4),
        ("[image:att1] aisa kuch?", 3),
        ("नीली शर्ट, सूती में।", 4),
        ("t-shirt size 8.5 … ok", 4),
        ("?!", 0),
    ],
)
def test_words(text: str, count: int) -> None:
    assert len(words_of(text)) == count


def talk(number: int, language: str, *texts: str) -> Conversation:
    turns = [m for text in texts for m in (Message("user", text), Message("assistant", "Sure."))]
    return Conversation(f"c{number}", "u1", language, tuple(turns), Goal("buy"))  # type: ignore[arg-type]


TALKS = [
    talk(0, "en", "show me red shirts", "the second one please thanks"),
    talk(1, "hi", "मुझे जूते दिखाओ"),
    talk(2, "mixed", "mujhe joote dikhao na", "मुझे shoes दिखाओ", "ok"),
    talk(3, "en", "show me red shirts", "the second one please thanks"),
]


def test_measure_reads_the_table() -> None:
    found = measure(to_table("conversations", TALKS), 17)
    assert found["near_duplicates"] == 1 / 4
    assert found["user_turns_mean"] == 2 and found["user_turns_most"] == 3 and found["user_turns_fewest"] == 1
    assert found["words/en"] == 4.5 and found["words/hi"] == 3
    assert found["words/roman"] == 2.5 and found["words/both"] == 3
    assert found["script/devanagari"] == 1 / 8 and found["script/both"] == 1 / 8
    assert found["devanagari_words_in_both"] == pytest.approx(2 / 3)
    assert found["self_bleu_4/en"] == pytest.approx(1) and found["self_bleu_4/hi"] == 0


def test_measure_is_the_same_for_the_same_seed() -> None:
    many = [talk(i, "en", f"show {i % 7} red {i} shirts", f"number {i}") for i in range(1200)]
    table = to_table("conversations", many)
    assert measure(table, 5) == measure(table, 5)
    assert measure(table, 5)["distinct_2"] != measure(table, 6)["distinct_2"]


def test_user_turns_of_a_sliced_table() -> None:
    turns = user_turns(to_table("conversations", TALKS).slice(2, 2))
    assert turns.texts[0] == "mujhe joote dikhao na" and turns.languages[-1] == "en"
    assert turns.rows == [0, 0, 0, 1, 1]


def test_script_of() -> None:
    assert [script_of(*one) for one in (("दो shirt", "mixed"), ("do", "mixed"), ("do", "en"))] == [
        "both", "roman", "en",
    ]  # fmt: skip

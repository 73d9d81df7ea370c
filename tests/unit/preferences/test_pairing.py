from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.config.run_config import PairsConfig
from muse_core.preferences.pairing import Sample, extremes, matches, mistakes, strength
from muse_core.tools.call_syntax import render_call
from muse_core.types import Message, ToolCall
from muse_core.world.turns import Turn
from tests.unit.preferences.builders_preferences import parts, said


def test_strength_is_the_seeds():
    assert strength(4.2, 2.8) == pytest.approx(0.80, abs=0.005)


def test_best_meets_worst_then_next_best_meets_next_worst():
    samples = [said("a", 1.0), said("b", 0.9), said("c", 0.5), said("d", 0.2)]
    found = [(m.chosen.text, m.rejected.text) for m in extremes(samples, 0.6, 2, True)]
    assert [("a" in chosen, "d" in rejected) for chosen, rejected in found[:1]] == [(True, True)]
    assert "b<|end|>" in found[1][0] and "c<|end|>" in found[1][1]


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.2, 0.5, 0.50000000001, 0.9]), min_size=1, max_size=8), st.floats(0, 0.9))
def test_ties_never_pair_and_every_pair_is_strong_enough(totals, threshold):
    samples = [said(f"reply {k}", total) for k, total in enumerate(totals)]
    for match in extremes(samples, threshold, 4, True):
        assert match.chosen.parts.quality - match.rejected.parts.quality > 1e-6
        assert match.strength >= threshold
        assert match.chosen.text != match.rejected.text


def test_equal_texts_count_once():
    assert list(extremes([said("same", 1.0), said("same", 0.1)], 0.6, 2, True)) == []


def test_rejection_sampling_needs_the_right_decision():
    samples = [said("a", 0.9, decision=0.0), said("b", 0.1, decision=0.0)]
    assert list(extremes(samples, 0.6, 2, True)) == []
    assert len(list(extremes(samples, 0.6, 2, False))) == 1


def test_half_a_turn_never_pairs():
    call = ToolCall("c0.0", "search", {"query": "x"})
    cut = Sample(Turn((Message("assistant", "", (call,)),)), parts(0.0), 1.0, 0)
    broken = Sample(Turn((Message("assistant", "x"),)), parts(0.0), 1.0, 0, malformed=True)
    assert list(extremes([said("a", 1.0), cut, broken], 0.6, 2, True)) == []


def test_of_equally_bad_samples_the_one_of_like_length_is_taken():
    samples = [
        said("one two three", 1.0),
        said("word", 0.1),
        said("four five six", 0.1),
        said("w " * 20, 0.1),
    ]
    (match,) = extremes(samples, 0.6, 1, True)
    assert "four five six" in match.rejected.text


# ---- mistakes -------------------------------------------------------------------------------------


def called(
    reply: str, total: float, decision: float = 1.0, tool: str = "search", **arguments: object
) -> Sample:
    """A call, its (empty) result, and a reply."""
    call = ToolCall("c0.0", tool, {"query": "shirt", **arguments})
    acts = (Message("assistant", "", (call,)), Message("tool", "{}", answers_call="c0.0"))
    return Sample(Turn((*acts, Message("assistant", reply))), said("", total, decision).parts, 1.0, 0)


RIGHT = called("Here is [1].", 1.0)
DEAR = [called(f"Here is [1] {k}.", 0.8, max_price=900) for k in range(3)]
RED = called("Here is [1].", 0.2, tool="filter", colour="red")


def test_the_most_frequent_mistake_comes_first_and_each_mistake_once():
    first, second = mistakes([RED, *DEAR, RIGHT], 0.6, 5, 0.98)
    assert first.chosen is RIGHT and first.rejected in DEAR
    assert second.chosen is RIGHT and second.rejected is RED
    assert [one.rejected for one in mistakes([RED, *DEAR, RIGHT], 0.6, 1, 0.98)] == [first.rejected]


def test_the_same_tools_at_the_same_act_are_one_mistake_whose_most_frequent_text_is_rejected():
    blue, green = (called("Here is [1].", 0.6, colour=colour) for colour in ("blue", "green"))
    (only,) = mistakes([blue, green, replace(green, seed=1), RIGHT], 0.6, 5, 0.98)
    assert only.rejected.text == green.text
    worse = called("Here is [1].", 0.1, colour="black")
    assert [m.rejected for m in mistakes([blue, worse, RIGHT], 0.6, 5, 0.98)] == [worse]  # as often, worse


def test_equally_frequent_mistakes_rank_by_how_bad_they_are():
    found = list(mistakes([DEAR[0], RED, RIGHT], 0.6, 1, 0.98))
    assert [one.rejected for one in found] == [RED]


def test_a_right_turn_of_which_there_are_more_is_chosen():
    other = called("You may like [1].", 1.0)
    assert {m.chosen.turn.acts[-1] for m in mistakes([other, RIGHT, RIGHT, RED], 0.6, 2, 0.98)} == {
        "Here is [1]."
    }


def test_without_a_right_turn_nothing_pairs():
    nearly = called("Here is [1].", 0.97, size="M")
    assert list(mistakes([nearly, RED], 0.6, 2, 0.98)) == []
    assert len(list(mistakes([nearly, RED], 0.6, 2, 0.9))) == 1
    undecided = called("Here is [1].", 0.99, decision=0.5)
    assert list(mistakes([undecided, RED], 0.6, 2, 0.98)) == []


def test_only_what_decides_wrongly_is_rejected_where_that_is_asked_for():
    """All the same mistake, so that one of them is rejected: the most frequent, or the one that decides."""
    dear, other = (
        called("Here is [1].", 0.4, max_price=9),
        called("Here is [1].", 0.4, decision=0.0, size="M"),
    )
    every = [dear, dear, other, RIGHT]
    assert [one.rejected for one in matches(every, PairsConfig())] == [dear]
    assert [one.rejected for one in matches(every, PairsConfig(rejected="decision"))] == [other]


def test_a_context_that_is_right_more_often_than_the_limit_gives_no_pair():
    half, more = [RED, DEAR[0], RIGHT, RIGHT], [RED, RIGHT, RIGHT]
    assert len(list(mistakes(half, 0.6, 2, 0.98, 0.5))) == 2
    assert list(mistakes(more, 0.6, 2, 0.98, 0.5)) == []
    broken = replace(RIGHT, malformed=True)
    assert len(list(mistakes([*more, broken], 0.6, 2, 0.98, 0.5))) == 1
    assert list(matches(more, PairsConfig(max_right_share=0.5))) == []
    assert len(list(matches(more, PairsConfig()))) == 1


def test_a_turn_that_ends_too_early_is_a_mistake_of_its_own():
    early = said("Which colour?", 0.1)
    (only,) = mistakes([RIGHT, early, replace(early, seed=1)], 0.6, 5, 0.98)
    assert only.rejected is early
    call = render_call(RIGHT.turn.calls[0])
    assert RIGHT.turn.acts == (call, "Here is [1].") and early.turn.acts == ("Which colour?",)


def test_the_configuration_says_which_way():
    samples = [RED, *DEAR, RIGHT]
    config = PairsConfig(max_pairs_per_context=1)
    assert [m.rejected in DEAR for m in matches(samples, config)] == [True]
    extreme = config.model_copy(update={"pairing": "extremes"})
    assert [m.rejected for m in matches(samples, extreme)] == [RED]
    assert len(list(matches(samples, config.model_copy(update={"min_pairs_per_example": 2})))) == 2

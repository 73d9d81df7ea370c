import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.preferences.pairing import Sample, matches, strength
from muse_core.types import Message, ToolCall
from tests.unit.preferences.builders_preferences import parts, said


def test_strength_is_the_seeds():
    assert strength(4.2, 2.8) == pytest.approx(0.80, abs=0.005)


def test_best_meets_worst_then_next_best_meets_next_worst():
    samples = [said("a", 1.0), said("b", 0.9), said("c", 0.5), said("d", 0.2)]
    found = [(m.chosen.text, m.rejected.text) for m in matches(samples, 0.6, 2, True)]
    assert [("a" in chosen, "d" in rejected) for chosen, rejected in found[:1]] == [(True, True)]
    assert "b<|end|>" in found[1][0] and "c<|end|>" in found[1][1]


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.2, 0.5, 0.50000000001, 0.9]), min_size=1, max_size=8), st.floats(0, 0.9))
def test_ties_never_pair_and_every_pair_is_strong_enough(totals, threshold):
    samples = [said(f"reply {k}", total) for k, total in enumerate(totals)]
    for match in matches(samples, threshold, 4, True):
        assert match.chosen.parts.quality - match.rejected.parts.quality > 1e-6
        assert match.strength >= threshold
        assert match.chosen.text != match.rejected.text


def test_equal_texts_count_once():
    assert list(matches([said("same", 1.0), said("same", 0.1)], 0.6, 2, True)) == []


def test_rejection_sampling_needs_the_right_decision():
    samples = [said("a", 0.9, decision=0.0), said("b", 0.1, decision=0.0)]
    assert list(matches(samples, 0.6, 2, True)) == []
    assert len(list(matches(samples, 0.6, 2, False))) == 1


def test_half_a_turn_never_pairs():
    call = ToolCall("c0.0", "search", {"query": "x"})
    cut = Sample((Message("assistant", "", (call,)),), parts(0.0), 1.0, 0)
    broken = Sample((Message("assistant", "x"),), parts(0.0), 1.0, 0, malformed=True)
    assert list(matches([said("a", 1.0), cut, broken], 0.6, 2, True)) == []


def test_of_equally_bad_samples_the_one_of_like_length_is_taken():
    samples = [
        said("one two three", 1.0),
        said("word", 0.1),
        said("four five six", 0.1),
        said("w " * 20, 0.1),
    ]
    (match,) = matches(samples, 0.6, 1, True)
    assert "four five six" in match.rejected.text

import numpy as np
import pytest

from muse_core.errors import MuseError
from muse_core.preferences.lint import LENGTH_BLOCK, lint, says_the_same
from muse_core.types import Message, ToolCall
from tests.builders import pair
from tests.unit.preferences.builders_preferences import text_pair

WORDS = [f"word{k}" for k in range(30)]


def reply(rng, length):
    return " ".join(rng.choice(WORDS, length))


def pairs(count, make):
    rng = np.random.default_rng(0)
    return [text_pair(number, *make(rng)) for number in range(count)]


def rng():
    return np.random.default_rng(1)


def test_pairs_without_a_leak_pass():
    report = lint(pairs(120, lambda r: (reply(r, r.integers(4, 12)), reply(r, r.integers(4, 12)))), rng())
    assert report.warnings == ()
    assert report.numbers["lint/judged"] == 1
    assert report.numbers["lint/dropped_length"] <= 10
    assert report.numbers["lint/text_auc"] < 0.65


def test_a_length_leak_blocks():
    leaking = pairs(120, lambda r: (reply(r, r.integers(9, 14)), reply(r, r.integers(4, 9))))
    with pytest.raises(MuseError, match="reply length alone tells the chosen side"):
        lint(leaking, rng())


def test_a_small_length_leak_is_balanced_away():
    def make(r):
        return (
            (reply(r, 14), reply(r, 4))
            if r.random() < 0.2
            else (reply(r, r.integers(4, 14)), reply(r, r.integers(4, 14)))
        )

    report = lint(pairs(200, make), rng())
    assert report.numbers["lint/length_auc_before"] > LENGTH_BLOCK >= report.numbers["lint/length_auc"]
    assert 0 < report.numbers["lint/dropped_length"] < 60
    assert len(report.pairs) == 200 - report.numbers["lint/dropped_length"]


def test_a_text_leak_blocks():
    leaking = pairs(120, lambda r: (reply(r, 8) + " certainly", reply(r, 8) + " whatever"))
    with pytest.raises(MuseError, match="the reply's words alone tell the chosen side"):
        lint(leaking, rng())


def test_few_pairs_are_reported_and_not_blocked():
    report = lint(pairs(10, lambda r: (reply(r, 12), reply(r, 3))), rng())
    assert len(report.pairs) == 10
    assert "too few" in report.warnings[0]


def test_sides_that_say_the_same_are_dropped():
    assert says_the_same(text_pair(0, "Here you are!", "here you  are"))
    calls = [ToolCall("c0.0", "search", {"query": "shirt", "max_price": price}) for price in (200, 2000)]
    priced = [(Message("assistant", "", (call,)), Message("assistant", "ok")) for call in calls]
    assert not says_the_same(pair(chosen=priced[0], rejected=priced[1]))

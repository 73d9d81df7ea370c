from dataclasses import replace

import numpy as np
import pytest

from muse_core.errors import MuseError
from muse_core.preferences.artifact_probe import probe, reply_form, reply_language, reply_words
from muse_core.preferences.lint import LENGTH_BLOCK, MAX_HELD_OUT, MIN_PAIRS, TEXT_BLOCK, lint
from muse_core.scoring.normal import normal_text
from muse_core.types import Message
from tests.unit.preferences.builders_preferences import text_pair

WORDS = [f"word{k}" for k in range(30)]
HINDI = ["यह", "देखिए", "मैंने", "आपके", "लिए", "यह", "ढूंढा", "है"]


def reply(rng, length):
    return " ".join(rng.choice(WORDS, length)) + "."


def pairs(count, make):
    rng = np.random.default_rng(0)
    return [text_pair(number, *make(rng)) for number in range(count)]


def alike(r):
    return reply(r, r.integers(4, 12)), reply(r, r.integers(4, 12))


def rng():
    return np.random.default_rng(1)


def test_pairs_without_a_leak_pass():
    report = lint(pairs(120, alike), rng())
    assert report.warnings == ()
    assert report.numbers["lint/judged"] == 1
    assert report.numbers["lint/dropped_length"] <= 10
    assert report.numbers["lint/text_auc"] < 0.65
    assert report.numbers["lint/language_auc"] == report.numbers["lint/format_auc"] == pytest.approx(0.5)


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


def leaving(share):
    """Pairs of which a share of the rejected replies leave the language."""

    def make(r):
        return reply(r, 8), " ".join(r.permutation(HINDI)) + "." if r.random() < share else reply(r, 8)

    return pairs(300, make)


def test_a_small_language_leak_is_balanced_away():
    """Two in five: too few for the words to block."""
    leaking = leaving(0.4)
    assert probe(leaking, reply_language, rng()).auc == pytest.approx(0.70, abs=0.05)
    assert probe(leaking, reply_words, rng()).low < TEXT_BLOCK
    report = lint(leaking, rng())
    assert 10 < report.numbers["lint/dropped_language"] < 90
    assert report.numbers["lint/language_auc"] <= 0.67
    assert len(report.pairs) + report.numbers["lint/dropped_language"] == 300


def test_a_language_leak_blocks():
    leaking = leaving(0.8)
    assert probe(leaking, reply_language, rng()).auc == pytest.approx(0.90, abs=0.05)
    with pytest.raises(MuseError, match="the reply's language alone tells the chosen side"):
        lint(leaking, rng())


def test_a_format_leak_blocks():
    def make(r):
        mine, theirs = alike(r)
        return mine, theirs.rstrip(".") if r.random() < 0.6 else theirs

    leaking = pairs(160, make)
    assert probe(leaking, reply_form, rng()).auc > 0.65
    with pytest.raises(MuseError, match="the reply's form alone tells the chosen side"):
        lint(leaking, rng())


def test_few_pairs_are_reported_and_not_blocked():
    report = lint(pairs(10, lambda r: (reply(r, 12), reply(r, 3))), rng())
    assert len(report.pairs) == 10
    assert "too few" in report.warnings[0]


def test_dropped_pairs_are_counted_and_not_judged():
    same = text_pair(500, "Here you are!", "here you  are")
    report = lint([*pairs(MIN_PAIRS - 1, alike), same], rng())
    assert report.numbers["lint/dropped_equal"] == 1 and same not in report.pairs
    assert report.numbers["lint/judged"] == 0


def test_a_pair_from_another_side_blocks():
    other = replace(text_pair(0, "Which one?", "Nothing."), side="dev")
    with pytest.raises(MuseError, match=r"1 of 11 pairs are not from the train side \(first: c0\.0\.0\)"):
        lint([other, *pairs(10, alike)], rng())


def test_requests_of_unseen_sides_block_unless_they_are_few():
    some = pairs(100, alike)
    request = normal_text(some[0].prompt[-1].content)  # all of these pairs share it
    with pytest.raises(MuseError, match="requests of 100 of 100 pairs also occur on the unseen sides"):
        lint(some, rng(), {request})
    few = int(MAX_HELD_OUT * 100)
    rare = [_asking(pair, f"request {k}") for k, pair in enumerate(some)]
    report = lint(rare, rng(), {f"request {k}" for k in range(few)})
    assert report.numbers["lint/dropped_held_out"] == few


def _asking(pair, words):
    return replace(pair, prompt=(*pair.prompt[:-1], Message("user", words)))

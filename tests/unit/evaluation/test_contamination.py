"""Held-out texts that also occur on the train side."""

from __future__ import annotations

import dataclasses

from muse_core.evaluation.predict.contamination import (
    case_set_leaks,
    leak_report,
    leak_rows,
    without_leaks,
)
from muse_core.evaluation.predict.open_loop import open_loop_cases
from muse_core.scoring.overlap import find_leaks
from muse_core.types import Message
from tests.unit.evaluation.builders_evaluation import conversation

TRAIN = [
    ("t1", "Show me red cotton shirts for men under 500 rupees please"),
    ("t2", "लाल कुर्ता दिखाओ"),
    ("t3", "which of the first two has the better rating and the lower price"),
]


def kinds(text: str) -> tuple[str, ...]:
    return next((leak.kinds for leak in find_leaks({"x": text}, TRAIN)), ())


def test_what_each_look_finds() -> None:
    assert kinds("SHOW me red cotton shirts, for men, under 500 rupees please!") == (
        "exact",
        "ngram",
        "similar",
    )
    assert kinds("लाल कुर्ता दिखाओ।") == ("exact", "similar")  # three words hold no run of eight
    long = (
        "hello there my friend i want red cotton shirts for men under 500 rupees and also blue socks for him"
    )
    assert kinds(long) == ("ngram",)
    assert "similar" in kinds("show me red cotton shirts for men under 500 rupees thanks")
    assert kinds("blue cotton shirts for men under 500") == ()  # six words in a row
    assert kinds("") == ()


def test_a_leak_names_the_training_row() -> None:
    [leak] = find_leaks({"a": "something new", "b": "लाल कुर्ता दिखाओ"}, TRAIN)
    assert (leak.text_id, leak.like) == ("b", "t2")
    report = leak_report(2, [leak])
    assert (report["texts"], report["leaking"], report["exact"], report["ngram"]) == (2, 1, 1, 0)
    assert report["examples"] == [{"id": "b", "kinds": ["exact", "similar"], "like": "t2"}]


def test_nothing_held_out_and_nothing_trained_on() -> None:
    assert find_leaks({}, TRAIN) == [] and find_leaks({"a": "red shirts"}, []) == []


def test_the_test_side_is_measured_and_cleaned() -> None:
    test = [conversation(500 + n) for n in range(4)]
    train = dataclasses.replace(conversation(900, side="train"))
    words = Message("user", "ok so now can you tell me please who won match 502")
    planted = dataclasses.replace(train, messages=(*train.messages, words))
    turns = list(test)
    longer = "please can you tell me please who won match 502 today"
    messages = tuple(
        Message("user", longer) if one.content == "who won match 502" else one for one in turns[2].messages
    )
    turns[2] = dataclasses.replace(turns[2], messages=messages)
    found = open_loop_cases([*turns, planted], 100)
    leaks = case_set_leaks(found.cases, [*turns, planted])
    assert [leak.text_id for leak in leaks] == ["t502.2"] and "ngram" in leaks[0].kinds
    cleaned = without_leaks(found, leaks)
    assert len(cleaned.cases) == len(found.cases) - 1
    assert case_set_leaks(cleaned.cases, [*turns, planted]) == []
    rows = {(row["metric"], row["slice"]): row for row in leak_rows(found.cases, leaks, 50, 1)}
    share = rows["leak_ngram", "all"]
    assert (
        share["n"] == 12
        and abs(share["value"] - 1 / 12) < 1e-9
        and share["low"] <= share["value"] <= share["high"]
    )

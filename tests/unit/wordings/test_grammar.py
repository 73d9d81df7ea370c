"""How a wording is written: what it stands for, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse_core.wordings.grammar import GrammarError, choose, parse, readings, write_out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("show {np}", {"show {np}"}),
        ("(show me|find) {np}", {"show me {np}", "find {np}"}),
        ("[please] show {np}", {"please show {np}", "show {np}"}),
        ("[now|today] go", {"now go", "today go", "go"}),
        ("(a [b|c]|d) e", {"a b e", "a c e", "a e", "d e"}),
        ("my (sister|friend)'s day", {"my sister's day", "my friend's day"}),
        ("{np} (मिलेगा/मिलेंगे/मिलेगी)?", {"{np} (मिलेगा/मिलेंगे/मिलेगी)?"}),
        ("((रहा/रही)|था) हूं", {"(रहा/रही) हूं", "था हूं"}),
        ("open 24/7 *now*", {"open 24/7 *now*"}),
    ],
)
def test_a_wording_stands_for_its_readings(text: str, expected: set[str]) -> None:
    found = readings(text)
    assert set(found) == expected and len(found) == len(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(show me|find {np}", r"`\(` is not closed"),
        ("show {np}]", "`]` closes nothing"),
        ("[show) {np}", r"`\[` is closed by `\)`"),
        ("show | find", "outside of brackets"),
        ("(show|) {np}", "empty alternative"),
        ("[] show", "empty alternative"),
        ("(show) {np}", "parentheses hold"),
        ("(a/b/c/d) {np}", "parentheses hold"),
        ("(रहा/) हूं", "empty form"),
        ("(रहा/रही|था) हूं", "beside `|`"),
        ("[रहा/रही] हूं", "beside `|`"),
        ("show {np", "`{` stands alone"),
        ("(a|" * 5000 + "b" + ")" * 5000, "more than 20 deep"),
        ("show np}", "`}` stands alone"),
        ("<show {np}", "`<` stands alone"),
        ("*suggest {np}", r"`\*` stands alone"),
        ("(*suggest|find*) {np}", r"`\*` stands alone"),
        ("  ", "without words"),
        ("(a|b|c|d)" * 4, "256 sentences"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(GrammarError, match=message):
        readings(text)


def test_rules_are_written_out_and_may_use_rules() -> None:
    rules = {"please": "[please|kindly]", "show": "<please> (show me|find)"}
    assert write_out("<show> {np}", rules) == "[please|kindly] (show me|find) {np}"
    with pytest.raises(GrammarError, match=r"unknown rule <shoe>; rules.toml has <please>, <show>"):
        write_out("<shoe> {np}", rules)
    with pytest.raises(GrammarError, match="stands in itself"):
        write_out("<a>", {"a": "<b>", "b": "x <a>"})


def test_choices_are_drawn_evenly_and_plain_wordings_draw_nothing() -> None:
    rng = np.random.default_rng(3)
    drawn = [choose("(a|b|c)[ d]", rng) for _ in range(3000)]
    assert set(drawn) == {"a", "b", "c", "a d", "b d", "c d"}
    assert all(400 < drawn.count(text) < 600 for text in set(drawn))
    state = rng.bit_generator.state
    assert choose("show (का/के/की) {np}", rng) == "show (का/के/की) {np}"
    assert rng.bit_generator.state == state


texts = st.recursive(
    st.sampled_from(["show", "{np}", "दिखाओ", "(रहा/रही)", "*suggest*", "a b"]),
    lambda inner: st.builds(
        lambda parts, form: f"{form[0]}{'|'.join(parts)}{form[1]}",
        st.lists(inner, min_size=2, max_size=3),
        st.sampled_from(["()", "[]"]),
    ),
    max_leaves=6,
)


@given(texts, st.integers(0, 9))
def test_what_is_drawn_is_a_reading(text: str, seed: int) -> None:
    parse(text)
    assert " ".join(choose(text, np.random.default_rng(seed)).split()) in readings(text)

"""The language of a reply, names aside."""

from __future__ import annotations

from muse_core.scoring.language_match import language_match


def test_names_are_not_language() -> None:
    title = "Aravali Men Blue Cotton Shirt"
    assert language_match(f"यह {title} देखिए, अच्छी है", "hi", [title])
    assert language_match("[1] [1:price]", "hi")
    assert language_match("ये [1] अच्छा है", "hi")


def test_language_must_be_the_shoppers() -> None:
    assert language_match("Here is a good shirt for you", "en")
    assert not language_match("Here is a good shirt for you", "hi")
    assert language_match("yeh shirt aapke liye acchi hai", "mixed")
    assert not language_match("यह आपके लिए अच्छा है", "en")


def test_few_words_are_judged_by_their_script() -> None:
    assert language_match("[1] सिर्फ़ [1:price] में।", "mixed") and language_match("[1] सिर्फ़ [1:price] में।", "hi")
    assert not language_match("[1] सिर्फ़ [1:price] में।", "en")
    assert language_match("Try [1].", "en") and not language_match("Try [1].", "hi")

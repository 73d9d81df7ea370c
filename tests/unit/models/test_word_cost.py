from __future__ import annotations

import logging

import pytest
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from muse_core.errors import ConfigError
from muse_core.models.word_cost import by_language, check_readable, lost_share, tokens_per_word
from tests.unit.models.test_vocabulary import ENGLISH, HINDI, foreign
from tests.unit.models.trimming.bases import described

SAID = by_language([ENGLISH, *HINDI])


def wrapped(kind: str) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(described(kind)), unk_token="<unk>")


def test_texts_are_sorted_by_language() -> None:
    assert {language: len(texts) for language, texts in SAID.items()} == {"en": 1, "hi": 10, "mixed": 5}
    assert list(by_language(["hello there"])) == ["en"]


def test_tokens_of_words_are_counted() -> None:
    cost = tokens_per_word(foreign().tokenizer, {"en": ["the blue"], "hi": ["नीली"]})
    assert cost == {"en": 1.0, "hi": 13.0}  # twelve bytes and the space


def test_a_base_that_spells_hindi_out_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    tokenizer = foreign().tokenizer
    with caplog.at_level(logging.WARNING):
        cost = check_readable(tokenizer, SAID, "some/base", extend=0)
    assert f"hi {cost['hi']:.1f}" in caplog.text and "base.extend_vocab=4000" in caplog.text
    assert cost["hi"] > 8 > 4 > cost["en"]
    caplog.clear()
    check_readable(tokenizer, SAID, "some/base", extend=4000)
    check_readable(wrapped("byte fallback, as Gemma"), {"en": ["show me shirts"]}, "some/base", extend=0)
    assert not caplog.text


def test_a_vocabulary_without_a_script_is_refused() -> None:
    tokenizer = wrapped("Unigram")
    assert lost_share(tokenizer, SAID["hi"]) == 0
    said = {"en": ["show me the shirts"], "hi": ["ಶರ್ಟ್ ತೋರಿಸು", "ಕೆಂಪು"]}
    with pytest.raises(ConfigError) as refused:
        check_readable(tokenizer, said, "some/base", extend=0)
    assert "some/base" in str(refused.value) and "byte fallback" in str(refused.value)
    assert refused.value.problems[0].startswith("hi: 100% of the words are lost (")
    check_readable(wrapped("Unigram with bytes"), said, "some/base", extend=0)

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from muse_core.errors import ConfigError
from muse_core.models.trimming.described import Described, byte_alphabet
from muse_core.models.trimming.wanted import rows_of
from tests.unit.models.trimming.bases import HINDI, KINDS, described


def test_the_alphabet_of_bytes_is_the_librarys() -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    known = byte_alphabet()
    assert len(known) == 256
    for text in ("aZ 0~", HINDI, "\n\té₹🙂"):
        [(signs, _)] = tokenizer.pre_tokenizer.pre_tokenize_str(text)
        assert bytes(known[sign] for sign in signs).decode() == text


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_write_their_text(kind: str) -> None:
    tokenizer = Tokenizer.from_str(described(kind))
    base = Described(tokenizer)
    for token in base.vocabulary:
        text, written = base.text_of(token), tokenizer.decoder.decode([token])
        if text is None:
            assert "\ufffd" in written or token.startswith("<0x")
        else:
            assert text.strip() == written.strip()


def test_rows_are_those_of_the_letters() -> None:
    assert rows_of(["shirts", "é" + "a" * 2000]) == {0}
    assert rows_of(["shirts ₹20", HINDI]) == {0, 0x900 // 128, 0x20B9 // 128}
    assert rows_of([]) == frozenset()


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (models.WordLevel({"a": 0}, unk_token="a"), "WordLevel"),
        (models.WordPiece({"a": 0}, unk_token="a"), "WordPiece"),
        (models.BPE(end_of_word_suffix="</w>"), "end_of_word_suffix"),
    ],
)
def test_other_kinds_are_refused_with_advice(model: models.Model, named: str) -> None:
    with pytest.raises(ConfigError, match=f"{named}.*base.trim_vocab=0"):
        Described(Tokenizer(model))

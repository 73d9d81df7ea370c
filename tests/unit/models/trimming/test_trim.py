"""Fewer tokens, and nothing else is different: the property on 10,000 texts, logits, ids, saving."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from muse_core.models.chat_format import SPECIAL_TOKENS
from muse_core.models.loading import LoadedModel, load_model, save_model
from muse_core.models.tokenizer import encode_text, told_lines
from muse_core.models.trimming.trim import trim_vocabulary
from muse_core.models.vocabulary import add_our_tokens
from tests.unit.models.trimming.bases import HINDI, KINDS, ROMAN, SHOP, base, described, generated

TEXTS = [f" {word}" for word in SHOP] + [" ".join(SHOP), HINDI, ROMAN]
MOST = 800
kinds = pytest.mark.parametrize("kind", KINDS)


def trimmed(kind: str, most: int = MOST, is_tied: bool = True) -> tuple[LoadedModel, dict[int, int]]:
    """A base with fewer tokens, and the new id of each old one."""
    loaded = base(kind, is_tied)
    old = loaded.tokenizer.get_vocab()
    trim_vocabulary(loaded, TEXTS, most)
    return loaded, {old[token]: at for token, at in loaded.tokenizer.get_vocab().items()}


@kinds
def test_kept_tokens_of_any_text_are_the_same_tokens(kind: str) -> None:
    before = Tokenizer.from_str(described(kind))
    loaded, new = trimmed(kind)
    after = loaded.tokenizer.backend_tokenizer
    assert len(new) < 0.8 * before.get_vocab_size()
    texts = generated()
    pairs = zip(*(one.encode_batch(texts, add_special_tokens=False) for one in (before, after)), strict=True)
    same = other = 0
    for text, (old, short) in zip(texts, pairs, strict=True):
        if new.keys() >= set(old.ids):
            assert [new[at] for at in old.ids] == short.ids, text
            same += 1
        else:
            other += 1
            if before.token_to_id("<unk>") not in old.ids and "Unigram" not in kind:
                assert after.decode(short.ids, False) == before.decode(old.ids, False), text
    assert same > 4000 and other > 500


@kinds
@pytest.mark.parametrize("is_tied", [True, False])
def test_logits_of_kept_tokens_stay(kind: str, is_tied: bool) -> None:
    whole = base(kind, is_tied)
    loaded, new = trimmed(kind, is_tied=is_tied)
    kept = torch.tensor(sorted(new))
    ids = kept[torch.arange(0, 60) % len(kept)][None]
    with torch.inference_mode():
        before = whole.model(ids).logits[..., kept]
        after = loaded.model(torch.tensor([[new[int(at)] for at in ids[0]]])).logits
    assert after.shape[-1] == len(new) == loaded.model.config.vocab_size
    order = [new[int(at)] for at in kept]
    assert torch.allclose(after[..., order], before, atol=1e-5)
    tables = (loaded.model.get_input_embeddings().weight, loaded.model.get_output_embeddings().weight)
    assert (tables[0] is tables[1]) == is_tied


@kinds
def test_every_word_of_the_texts_and_every_name_is_kept(kind: str) -> None:
    loaded, new = trimmed(kind)
    before = base(kind)
    for text in TEXTS:
        old = encode_text(before.tokenizer, text)
        assert [new[at] for at in old] == encode_text(loaded.tokenizer, text)
    assert loaded.tokenizer.special_tokens_map == before.tokenizer.special_tokens_map
    assert loaded.tokenizer.chat_template == before.tokenizer.chat_template
    for token in before.tokenizer.get_added_vocab():
        is_free = "unused" in token
        assert (token in loaded.tokenizer.get_vocab()) != is_free
    config, names = loaded.model.config, loaded.model.generation_config
    assert config.eos_token_id == loaded.tokenizer.eos_token_id
    assert config.bos_token_id == loaded.tokenizer.bos_token_id
    assert names.eos_token_id == [loaded.tokenizer.eos_token_id, loaded.tokenizer.convert_tokens_to_ids("e")]
    with_names = loaded.tokenizer.backend_tokenizer.encode("e").tokens
    assert with_names == before.tokenizer.backend_tokenizer.encode("e").tokens


@kinds
def test_more_room_keeps_more_of_the_shops_scripts_and_none_of_others(kind: str) -> None:
    small, large = base(kind), base(kind)
    for loaded, most in ((small, 600), (large, 700)):
        trim_vocabulary(loaded, [" show me shirts", " मुझे कुर्ता"], most)
    assert 500 < len(small.tokenizer) <= 620 < len(large.tokenizer) <= 720
    large = large.tokenizer.get_vocab()
    assert large.keys() > small.tokenizer.get_vocab().keys()
    cyrillic = [token for token in large if any("а" <= sign <= "я" for sign in token)]
    assert not cyrillic


@kinds
def test_a_vocabulary_that_is_small_enough_stays_whole(kind: str) -> None:
    loaded = base(kind)
    tokenizer, rows = loaded.tokenizer, loaded.model.get_input_embeddings().num_embeddings
    trim_vocabulary(loaded, TEXTS, len(tokenizer))
    assert loaded.tokenizer is tokenizer
    assert loaded.model.get_input_embeddings().num_embeddings == rows


@kinds
def test_our_tokens_stand_on_top_and_the_folder_loads(kind: str, tmp_path: Path) -> None:
    loaded, new = trimmed(kind)
    facets = "also: memory (gb), touchscreen (yes/no)\n"
    told = told_lines(facets)
    old = Tokenizer.from_str(loaded.tokenizer.backend_tokenizer.to_str())
    table = loaded.model.get_input_embeddings().weight.detach().clone()
    add_our_tokens(loaded, TEXTS, 0, facets)
    assert len(loaded.tokenizer) == len(new) + len(SPECIAL_TOKENS) + len(told) + (
        loaded.tokenizer.pad_token not in old.get_vocab()
    )
    for text in told:
        [at] = encode_text(loaded.tokenizer, text)
        assert loaded.tokenizer.backend_tokenizer.decode([at]) == text
        pieces = old.encode(text, add_special_tokens=False).ids
        assert torch.allclose(
            loaded.model.get_input_embeddings().weight[at], table[pieces].mean(0), atol=1e-6
        )
    save_model(loaded, tmp_path)
    again = load_model(tmp_path)
    for text in (*TEXTS, *told, "<tool>search(query='x')</tool><|end|>"):
        assert encode_text(again.tokenizer, text) == encode_text(loaded.tokenizer, text)
    assert len(AutoTokenizer.from_pretrained(tmp_path)) == again.model.config.vocab_size
    ids = torch.tensor([encode_text(again.tokenizer, SHOP[0])])
    assert torch.equal(again.model(ids).logits, loaded.model(ids).logits)


@pytest.mark.parametrize("kind", ["bytes, as SmolLM2"])
def test_words_are_learnt_on_a_trimmed_vocabulary(kind: str) -> None:
    loaded, new = trimmed(kind, 700)
    text = " चमकीला"
    long = encode_text(loaded.tokenizer, text)
    add_our_tokens(loaded, [text] * 9, 40)
    assert len(encode_text(loaded.tokenizer, text)) == 1 < len(long)
    assert loaded.tokenizer.decode(encode_text(loaded.tokenizer, text)) == text
    assert len(loaded.tokenizer) > len(new)

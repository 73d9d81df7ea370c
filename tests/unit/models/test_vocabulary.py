from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from muse_core.errors import ConfigError
from muse_core.models.chat_format import SPECIAL_TOKENS
from muse_core.models.heads import Heads
from muse_core.models.loading import LoadedModel, load_model, save_model
from muse_core.models.tokenizer import encode_text, told_lines
from muse_core.models.vocabulary import add_our_tokens, learn_merges

HINDI = ["मुझे नीली कमीज़ चाहिए", "मुझे काला कुर्ता चाहिए", "mujhe sasta wala chahiye"] * 5
ENGLISH = "show me the blue shirts, don't wait 2024"


def foreign(kind: str = "BPE") -> LoadedModel:
    """A small GPT-2-like model that has seen English only."""
    tokenizer = Tokenizer(models.BPE() if kind == "BPE" else models.WordLevel(unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if kind == "BPE":
        trainer = trainers.BpeTrainer(
            vocab_size=330, special_tokens=["<|endoftext|>"], show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )  # fmt: skip
        tokenizer.train_from_iterator([ENGLISH] * 3, trainer)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>")
    shape = LlamaConfig(
        vocab_size=400, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        tie_word_embeddings=True,
    )  # fmt: skip
    return LoadedModel(LlamaForCausalLM(shape), wrapped, Heads(16), about={"base": "pretrained"})


def test_learnt_tokens_shorten_hindi_and_leave_english_alone() -> None:
    loaded = foreign()
    english, hindi = (encode_text(loaded.tokenizer, text) for text in (ENGLISH, HINDI[0]))
    add_our_tokens(loaded, HINDI, 200)
    assert encode_text(loaded.tokenizer, ENGLISH) == english
    shorter = encode_text(loaded.tokenizer, HINDI[0])
    assert len(shorter) <= 8 < len(hindi)
    assert loaded.tokenizer.decode(shorter) == HINDI[0]


def test_new_embeddings_are_the_mean_of_their_pieces() -> None:
    loaded = foreign()
    old = Tokenizer.from_str(loaded.tokenizer.backend_tokenizer.to_str())
    size = len(loaded.tokenizer)
    table = loaded.model.get_input_embeddings().weight.detach().clone()
    add_our_tokens(loaded, HINDI, 200)
    new = loaded.model.get_input_embeddings().weight
    [index] = encode_text(loaded.tokenizer, " चाहिए")
    assert torch.allclose(new[index], table[old.encode(" चाहिए").ids].mean(0), atol=1e-6)
    assert torch.equal(new[:size], table[:size])
    assert loaded.model.config.eos_token_id == loaded.end_id


def test_the_extended_model_survives_saving(tmp_path: Path) -> None:
    loaded = foreign()
    add_our_tokens(loaded, HINDI, 50)
    save_model(loaded, tmp_path)
    again = load_model(tmp_path)
    for text in (*HINDI[:3], ENGLISH, "<tool>search(query='x')</tool><|end|>"):
        assert encode_text(again.tokenizer, text) == encode_text(loaded.tokenizer, text)
    assert len(encode_text(again.tokenizer, "<tool><|end|>")) == 2


def test_without_extension_tags_and_the_tool_list_are_new() -> None:
    loaded = foreign()
    before = len(loaded.tokenizer)
    add_our_tokens(loaded, HINDI, 0)
    assert len(loaded.tokenizer) == before + 1 + len(SPECIAL_TOKENS) + len(told_lines())


def test_tokens_that_were_only_added_keep_their_ids() -> None:
    loaded = foreign()
    loaded.tokenizer.add_tokens(["<think>"])
    [before] = encode_text(loaded.tokenizer, "<think>")
    row = loaded.model.get_input_embeddings().weight[before].detach().clone()
    add_our_tokens(loaded, HINDI, 50)
    assert encode_text(loaded.tokenizer, "<think>") == [before]
    assert torch.equal(loaded.model.get_input_embeddings().weight[before], row)
    ids = [encode_text(loaded.tokenizer, token) for token in (*SPECIAL_TOKENS, " चाहिए", *told_lines())]
    assert len({at for [at] in ids} | {before}) == len(ids) + 1


def test_another_kind_of_tokenizer_is_refused_with_advice() -> None:
    with pytest.raises(ConfigError, match="extend_vocab"):
        add_our_tokens(foreign("WordLevel"), HINDI, 10)


def test_merges_join_the_most_frequent_pair_first() -> None:
    words = Counter({"abab": 3, "bc": 2, "zz": 1})
    merges = learn_merges({word: list(word) for word in words}, words, 10)
    assert merges == [("a", "b"), ("ab", "ab"), ("b", "c")]

"""The GGUF file, read back by the package `gguf`, by transformers and, where it is there, by llama.cpp."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from muse_core.config.run_config import BaseConfig, ExportConfig
from muse_core.errors import MuseError
from muse_core.export import gguf_words, llama_cpp
from muse_core.export.contexts import Context
from muse_core.export.gguf_file import GGUF_FILE, gguf_problems, write_gguf
from muse_core.export.llama_cpp import LlamaCpp, cut_otherwise
from muse_core.export.parity import check
from muse_core.models.chat_format import END, RESULT, TOOL, USER, render
from muse_core.models.heads import Heads
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.tokenizer import encode, told_lines, train_tokenizer
from muse_core.models.vocabulary import add_our_tokens
from muse_core.progress import Silent
from muse_core.stages import export
from muse_core.types import Conversation
from tests import builders
from tests.unit.dialogue import builders_dialogue

DIGITS = pre_tokenizers.Digits(individual_digits=True)
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False)
needs_llama_cpp = pytest.mark.skipif(
    not llama_cpp.is_installed(), reason="llama.cpp is not installed: pip install -e '.[gguf]'"
)


def talks(count: int) -> list[Conversation]:
    shop = builders_dialogue.index()
    return list(builders_dialogue.converse(shop, builders_dialogue.profiles(), count, seed=5))


def a_base(texts: list[str], tied: bool = True, extend: int = 0, **shape: Any) -> LoadedModel:
    """What the base stage makes of a small Llama with a tokenizer as SmolLM2 has it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([DIGITS, BYTES])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, show_progress=False)
    )
    sizes = {
        "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 1024, "initializer_range": 0.2, "head_dim": 16,
    }  # fmt: skip
    config = LlamaConfig(vocab_size=tokenizer.get_vocab_size(), tie_word_embeddings=tied, **(sizes | shape))
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = LlamaForCausalLM(config)
    loaded = LoadedModel(model.eval(), PreTrainedTokenizerFast(tokenizer_object=tokenizer), Heads(48))
    add_our_tokens(loaded, texts, extend)
    return loaded


@pytest.fixture(scope="module")
def conversations() -> list[Conversation]:
    return talks(200)


@pytest.fixture(scope="module")
def loaded(conversations) -> LoadedModel:
    return a_base([render(one.messages) for one in conversations[:40]])


@pytest.fixture(scope="module")
def path(loaded, tmp_path_factory) -> Path:
    return write_gguf(loaded, tmp_path_factory.mktemp("gguf"))


def test_the_package_gguf_reads_back_words_weights_and_both_ends_of_an_act(loaded, path):
    from gguf import GGUFReader

    file = GGUFReader(path)
    told = {name: one.contents() for name, one in file.fields.items()}
    tokenizer = loaded.tokenizer
    assert told["general.architecture"] == "llama" and told["tokenizer.ggml.pre"] == "smollm"
    ends = told["tokenizer.ggml.eos_token_id"], told["tokenizer.ggml.eom_token_id"]
    assert ends == tuple(tokenizer.convert_tokens_to_ids([END, RESULT]))
    tokens, types = told["tokenizer.ggml.tokens"], told["tokenizer.ggml.token_type"]
    assert len(tokens) == len(types) == loaded.model.config.vocab_size
    kinds = dict(zip(tokens, types, strict=True))
    assert kinds[USER] == gguf_words.CONTROL and kinds[TOOL] == gguf_words.USER_DEFINED
    assert kinds[told_lines()[0]] == gguf_words.USER_DEFINED
    assert told["llama.rope.dimension_count"] == 16 and not told["tokenizer.ggml.add_bos_token"]
    embeddings = next(one.data for one in file.tensors if one.name == "token_embd.weight")
    np.testing.assert_array_equal(embeddings, loaded.model.get_input_embeddings().weight.detach().numpy())


@pytest.mark.parametrize("tied", [True, False])
def test_transformers_loads_the_same_model(tied, conversations, tmp_path):
    made = a_base([render(one.messages) for one in conversations[:10]], tied)
    write_gguf(made, tmp_path)
    back = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=GGUF_FILE, dtype=torch.float32).eval()
    ids = torch.tensor([encode(made.tokenizer, conversations[0].messages).ids])
    with torch.no_grad():
        difference = (back(ids).logits - made.model(ids).logits).abs().max()
    assert difference < 1e-4
    assert back.config.tie_word_embeddings is tied


def test_what_gguf_cannot_say_is_refused_with_every_reason(conversations, tmp_path):
    texts = [render(one.messages) for one in conversations[:10]]
    own = from_scratch(
        BaseConfig(hidden_size=32, num_layers=1, num_heads=2, intermediate_size=64),
        train_tokenizer(texts, 400),
        seed=1,
    )
    with pytest.raises(MuseError, match=r"normalizer.*pattern that llama.cpp has not built in"):
        write_gguf(own, tmp_path)
    assert not list(tmp_path.iterdir())
    assert "pattern" in gguf_problems(a_base(texts, extend=50))[0]  # vowel signs stay with their letters
    scaled = {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}}
    assert gguf_problems(a_base(texts, **scaled, attention_bias=True)) == [
        "its rotary embedding is scaled (linear)",
        "attention_bias is True",
    ]


def exported(loaded: LoadedModel, conversations: list[Conversation], folder: Path) -> export._Exporter:
    system = builders.conversation().messages[0]
    ids = encode(loaded.tokenizer, (system, builders.search_turn("red shirts")[0]), True).ids
    contexts = [Context(ids, "red shirts", "en", "none")]
    config = ExportConfig(onnx=False, gguf=True)
    ctx: Any = SimpleNamespace(progress=Silent())
    return export._Exporter(config, loaded, contexts, folder, ctx, conversations).run()


def test_a_model_with_words_of_its_own_is_left_out_and_the_manifest_says_why(conversations, tmp_path, caplog):
    texts = [render(one.messages) for one in conversations[:10]]
    made = exported(a_base(texts, extend=50), conversations, tmp_path)
    assert made.parts["forms"]["gguf"].startswith("left out: its tokenizer cuts text by a pattern")
    assert "left out" in caplog.text and not list(tmp_path.iterdir())


def test_without_llama_cpp_nothing_is_claimed(loaded, conversations, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "is_installed", lambda: False)
    made = exported(loaded, conversations, tmp_path)
    assert made.parts["forms"]["gguf"].startswith("left out: llama.cpp is not here to check it")
    assert not list(tmp_path.iterdir())


@needs_llama_cpp
def test_llama_cpp_cuts_200_conversations_alike_and_writes_what_the_model_writes(loaded, path, conversations):
    runs = LlamaCpp(path, 1024, threads=1)
    assert cut_otherwise(loaded, runs, conversations) == []
    contexts = [
        Context(encode(loaded.tokenizer, one.messages[:2], True).ids, "", one.language, "none")
        for one in conversations[:20]
    ]
    parity = check(loaded, runs, contexts, max_new_tokens=12)
    assert parity.whole.cases == 20 and parity.whole.same_tokens == 1.0
    assert 0 < parity.whole.max_logit_difference < 1e-3


@needs_llama_cpp
def test_a_file_that_llama_cpp_cuts_otherwise_is_left_out(conversations, tmp_path, monkeypatch):
    texts = [render(one.messages) for one in conversations[:40]]
    with_marks = a_base(texts, extend=200)
    steps = gguf_words._steps(gguf_words._described(with_marks.tokenizer)["pre_tokenizer"])
    monkeypatch.setattr(gguf_words, "PATTERNS", {steps: "smollm"})  # vowel signs away from their letters
    made = exported(with_marks, conversations, tmp_path)
    assert "llama.cpp cuts" in made.parts["forms"]["gguf"] and not list(tmp_path.iterdir())


@needs_llama_cpp
def test_an_export_with_gguf_publishes_what_llama_cpp_does_alike(loaded, conversations, tmp_path):
    made = exported(loaded, conversations, tmp_path)
    assert made.parts["forms"] == {"gguf": "published"} and (tmp_path / GGUF_FILE).is_file()
    assert made.metrics["gguf.same_tokens"] == 1.0

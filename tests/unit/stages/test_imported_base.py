"""conversations → base, from a pretrained model: cut to the shop, our tokens on top, sizes told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import ByT5Tokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from muse_core import records
from muse_core.config.run_config import BaseConfig, RunConfig
from muse_core.errors import ConfigError
from muse_core.models import loading
from muse_core.models.chat_format import render
from muse_core.models.loading import load_model
from muse_core.models.tokenizer import encode, encode_text, told_lines
from muse_core.stages import base
from tests.unit.models.builders_models import talk
from tests.unit.models.trimming import bases
from tests.unit.training.builders_training import context

FACETS = "also: memory (gb), fuel\n"
TALKS = [talk(n, 3, FACETS + "en | women | 25-34") for n in range(6)]


def run(folder: Path, tmp_path: Path, **settings: int):
    ctx = context(tmp_path)
    table = records.to_table("conversations", TALKS)
    rows = ctx.store.write_table("conversations", table, "talks")
    config = RunConfig(base=BaseConfig(source="pretrained", model=str(folder), **settings))
    found = base.run(config, rows, ctx=ctx)
    return load_model(ctx.store.folder(found)), ctx.store.manifest(found)["metrics"]


def saved(kind: str, folder: Path) -> Path:
    loaded = bases.base(kind)
    loaded.model.generation_config.eos_token_id = None
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["bytes, as SmolLM2", "byte fallback, as Gemma", "Unigram with bytes"])
def test_a_base_is_cut_to_the_shop(kind: str, tmp_path: Path) -> None:
    folder = saved(kind, tmp_path / "plain")
    loaded, metrics = run(folder, tmp_path, trim_vocab=400)
    assert metrics["base_vocabulary"] == len(loaded.tokenizer) < metrics["base_vocabulary_before"]
    shapes = sum(p.numel() for p in loaded.model.parameters())
    assert metrics["base_parameters"] == shapes < metrics["base_parameters_before"]
    assert metrics["base_tokens_per_word_hi"] >= metrics["base_tokens_per_word_hi_before"] > 1
    for text in told_lines(FACETS):
        assert len(encode_text(loaded.tokenizer, text)) == 1
    messages = TALKS[0].messages
    ids = encode(loaded.tokenizer, messages).ids
    if "bytes, as" in kind:
        assert loaded.tokenizer.decode(ids).replace(" ", "") == render(messages).replace(" ", "")
    assert torch.isfinite(loaded.model(torch.tensor([ids])).logits).all()


def test_without_trimming_the_vocabulary_is_whole(tmp_path: Path) -> None:
    _, metrics = run(saved("bytes, as SmolLM2", tmp_path / "plain"), tmp_path, trim_vocab=0)
    assert metrics["base_vocabulary"] > metrics["base_vocabulary_before"] > 400


def test_what_cannot_be_a_base_is_refused_before_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loads(*_: object, **__: object) -> None:
        raise AssertionError("weights were loaded")

    monkeypatch.setattr(loading.AutoModelForCausalLM, "from_pretrained", loads)
    slow = tmp_path / "slow"
    ByT5Tokenizer().save_pretrained(slow)
    with_weights(slow)
    with pytest.raises(ConfigError, match=r"without a fast implementation.*base\.model"):
        run(slow, tmp_path)
    with pytest.raises(ConfigError, match="lacks the letters") as refused:
        run(without_hindi(tmp_path / "bare"), tmp_path)
    assert any(problem.startswith("hi: ") for problem in refused.value.problems)


def without_hindi(folder: Path) -> Path:
    described = json.loads(bases.described("Unigram"))
    described["model"]["vocab"] = [
        one for one in described["model"]["vocab"] if one[0].replace("▁", "").isascii()
    ]
    tokenizer = Tokenizer.from_str(json.dumps(described))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>").save_pretrained(folder)
    return with_weights(folder)


def with_weights(folder: Path) -> Path:
    """As small as a model can be; what is not refused before would be loaded."""
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(**shape, num_key_value_heads=2, vocab_size=400)).save_pretrained(folder)
    return folder

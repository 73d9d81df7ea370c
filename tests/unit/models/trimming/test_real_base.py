"""The same on a base that people have: SmolLM2, or the GGUF file that MUSE_TEST_GGUF names."""

from __future__ import annotations

import pytest
import torch

from muse_core.config.run_config import BaseConfig
from muse_core.models.pretrained import from_pretrained
from muse_core.models.tokenizer import encode_text
from muse_core.models.trimming.trim import trim_vocabulary
from tests.unit.models.test_loading import GGUF, no_gguf
from tests.unit.models.trimming.bases import ENGLISH, HINDI, ROMAN, generated


@no_gguf
@pytest.mark.slow
def test_a_real_base_says_the_same_with_half_its_vocabulary() -> None:
    loaded = from_pretrained(BaseConfig(source="pretrained", model=GGUF))
    whole, size = loaded.tokenizer, len(loaded.tokenizer)
    texts = [f" {text}" for text in (ENGLISH, HINDI, ROMAN)]
    cut = [encode_text(whole, text) for text in texts]
    with torch.inference_mode():
        logits = [loaded.model(torch.tensor([ids])).logits[0] for ids in cut]
    trim_vocabulary(loaded, texts, size // 2)
    old, after = whole.get_vocab(), loaded.tokenizer.get_vocab()
    new = {old[token]: at for token, at in after.items()}
    assert len(new) <= 1.1 * size / 2
    kept = sorted(new)
    for text, ids, before in zip(texts, cut, logits, strict=True):
        assert encode_text(loaded.tokenizer, text) == [new[at] for at in ids]
        with torch.inference_mode():
            short = loaded.model(torch.tensor([[new[at] for at in ids]])).logits[0]
        assert torch.allclose(short[:, [new[at] for at in kept]], before[:, kept], atol=1e-4)
    same = 0
    for text in generated():
        ids = encode_text(whole, text)
        if new.keys() >= set(ids):
            assert encode_text(loaded.tokenizer, text) == [new[at] for at in ids], text
            same += 1
    assert same > 5000

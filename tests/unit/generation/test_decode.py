"""The decoder against `generate` of transformers on a small random Llama."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from muse_core.generation import decode as engine
from muse_core.generation.decode import Row, Sampling, decode, prefill

STOP = 7


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=300, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=True,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


@pytest.fixture
def prompts() -> list[list[int]]:
    rng = np.random.default_rng(0)
    own = [rng.integers(8, 300, int(size)).tolist() for size in rng.integers(5, 40, 9)]
    return [*own, own[0][:4], own[3], own[3]]  # with shared prefixes


def greedy(model: LlamaForCausalLM, prompt: list[int], count: int) -> list[int]:
    ids = torch.tensor([prompt])
    output = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, do_sample=False,
        eos_token_id=STOP, pad_token_id=0,
    )  # fmt: skip
    return output[0, len(prompt) :].tolist()


def seeded(rows: list[Row], seeds: list[int]) -> list[Row]:
    for row, seed in zip(rows, seeds, strict=True):
        row.rng = np.random.default_rng(seed)
    return rows


def test_greedy_equals_generate(model, prompts):
    rows = prefill(model, prompts)
    decode(model, rows, {STOP}, Sampling(max_new_tokens=15))
    assert [row.new for row in rows] == [greedy(model, prompt, 15) for prompt in prompts]


def test_decoding_goes_on_behind_added_tokens(model, prompts):
    rows = prefill(model, prompts)
    decode(model, rows, {STOP}, Sampling(max_new_tokens=6))
    first = [list(row.new) for row in rows]
    for index, row in enumerate(rows):
        row.pending += [9] * (1 + index % 3)
    decode(model, rows, {STOP}, Sampling(max_new_tokens=6))
    for index, (prompt, head, row) in enumerate(zip(prompts, first, rows, strict=True)):
        assert row.new == greedy(model, prompt + head + [9] * (1 + index % 3), 6)


def test_shared_prefixes_are_computed_once(prompts):
    carriers, carrier_of = engine._carriers(prompts)
    assert len(carriers) == len(prompts) - 3
    assert all(carriers[c][: len(p)] == tuple(p) for p, c in zip(prompts, carrier_of, strict=True))


def test_a_sample_depends_on_its_seed_and_not_on_its_batch(model, prompts):
    hot = Sampling(temperature=1.0, max_new_tokens=10)
    alone = seeded(prefill(model, prompts[:1]), [3])
    decode(model, alone, {STOP}, hot)
    together = seeded(prefill(model, prompts), [3, *range(100, 100 + len(prompts) - 1)])
    decode(model, together, {STOP}, hot)
    assert together[0].new == alone[0].new
    again = seeded(prefill(model, prompts[:1]), [4])
    decode(model, again, {STOP}, hot)
    assert again[0].new != alone[0].new


def test_top_p_keeps_the_smallest_nucleus():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]]))
    kept = torch.isfinite(engine._keep_top_p(logits, 0.7))
    assert kept.tolist() == [[True, True, False, False]]


def test_sampling_without_a_generator_is_refused(model, prompts):
    with pytest.raises(ValueError, match="rng"):
        decode(model, prefill(model, prompts[:1]), {STOP}, Sampling(temperature=1.0))

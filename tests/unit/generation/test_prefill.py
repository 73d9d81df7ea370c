"""Prompts computed in a few passes, shared prefixes once."""

from __future__ import annotations

import torch

from muse_core.generation import prefill as module
from muse_core.generation.decode import decode
from muse_core.generation.prefill import by_token_budget, carriers_of, prefill, prefill_in_turn
from muse_core.generation.sampling import Sampling
from tests.unit.generation.builders_generation import STOP, hf_greedy, random_llama, random_prompts


def test_shared_prefixes_are_computed_once():
    own = random_prompts(6)
    prompts = [*own, own[0][:4], own[3], own[3]]
    carriers, carrier_of = carriers_of(prompts)
    assert len(carriers) == len(prompts) - 3
    assert all(carriers[c][: len(p)] == tuple(p) for p, c in zip(prompts, carrier_of, strict=True))


def test_equal_prompts_get_the_same_cache_object():
    prompt = random_prompts(1)[0]
    first, second, other = prefill(random_llama(), [prompt, prompt, [*prompt, 9]])
    assert first.cache is second.cache
    assert other.cache is not first.cache
    assert torch.equal(other.cache[:, :, :-1], first.cache)


def test_logits_are_those_of_the_model_behind_each_prompt():
    model, prompts = random_llama(), random_prompts(12)
    for prompt, row in zip(prompts, prefill(model, prompts), strict=True):
        with torch.no_grad():
            expected = model(input_ids=torch.tensor([prompt])).logits[0, -1]
        assert torch.allclose(row.logits, expected, atol=1e-5)
        assert (row.length, row.pending) == (len(prompt), [prompt[-1]])
        assert row.cache.shape[2] == len(prompt) - 1


def test_a_common_beginning_is_computed_once(monkeypatch):
    """40 tokens that all prompts share; one of the prompts is nothing else."""
    model, (head, *tails) = random_llama(), random_prompts(9, longest=90)
    prompts = [head[:40], *([*head[:40], *tail[:20]] for tail in tails)]
    widths: list[int] = []
    once = module._pass
    monkeypatch.setattr(
        module, "_pass", lambda rows, *rest: widths.append(max(map(len, rows))) or once(rows, *rest)
    )
    rows = prefill(model, prompts)
    assert widths[0] == 39 and max(widths[1:]) <= 21
    for prompt, row in zip(prompts, rows, strict=True):
        with torch.no_grad():
            expected = model(input_ids=torch.tensor([prompt])).logits[0, -1]
        assert torch.allclose(row.logits, expected, atol=1e-4)
    decode(model, rows, {STOP}, Sampling(max_new_tokens=12))
    assert [row.new for row in rows] == [hf_greedy(model, prompt, 12) for prompt in prompts]


def test_groups_are_sorted_by_length_and_keep_to_the_budget():
    lengths = [5, 0, 9, 30, 2, 0, 8]
    groups = by_token_budget(lengths, 20)
    assert groups == [[1, 5], [4, 0], [6, 2], [3]]  # 30 is over the budget: a group of its own
    assert all(len(g) == 1 or len(g) * max(lengths[i] for i in g) <= 20 for g in groups)


def test_a_pass_is_computed_when_it_is_asked_for(monkeypatch):
    passes: list[int] = []
    forward = module._forward
    monkeypatch.setattr(module, "CPU_TOKENS", 64)
    monkeypatch.setattr(module, "_forward", lambda p, *rest: passes.append(len(p)) or forward(p, *rest))
    chunks = prefill_in_turn(random_llama(), random_prompts(20))
    next(chunks)
    assert len(passes) == 1
    assert sum(len(rows) for rows in chunks) + passes[0] == 20

"""The written-out layers give what transformers gives: values, gradients, and the cases left to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from muse_core.models import cpu_linear, packed_sequences
from muse_core.models.packed_llama import is_plain_llama
from muse_core.models.packed_sequences import hidden_states, target_log_probs
from muse_core.training.dropout import residual_dropout

LENGTHS, FORK, READ = (7, 30, 19, 17, 8), (10, 20), (3, 8, 20, 40, 55, 60, 79)


def llama(kv_heads: int = 4, **changes: object) -> LlamaForCausalLM:
    """Three layers; norms that are not all ones."""
    torch.manual_seed(0)
    settings = dict(
        vocab_size=500, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=kv_heads, tie_word_embeddings=True, attn_implementation="sdpa",
    ) | changes  # fmt: skip
    model = LlamaForCausalLM(LlamaConfig(**settings))
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
    return model


def values_and_gradients(model: LlamaForCausalLM) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Of five packed documents, one of which forks, two of which attend together."""
    generator = torch.Generator().manual_seed(1)
    documents = [torch.randint(0, 500, (n,), generator=generator).tolist() for n in LENGTHS]
    packed = packed_sequences.pack(documents, forks=[None, FORK, None, None, None])
    rows = torch.tensor(READ)
    weight = torch.randn(len(rows), 64, generator=generator)
    model.zero_grad()
    with packed_sequences.packed_attention(model):
        found = hidden_states(model, packed, rows)[rows]
        (found * weight).sum().backward()
    return found.detach(), {
        name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None
    }


@pytest.mark.parametrize("kv_heads", [4, 2])
@pytest.mark.parametrize("is_onednn", [False, True])
@pytest.mark.parametrize(
    "rope", [{}, {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 500.0}}]
)
def test_values_and_gradients_are_those_of_transformers(
    monkeypatch: pytest.MonkeyPatch, kv_heads: int, is_onednn: bool, rope: dict[str, object]
) -> None:
    for module in (cpu_linear, packed_sequences):
        monkeypatch.setattr(module, "uses_onednn", lambda: is_onednn)
    model = llama(kv_heads, **rope)
    assert is_plain_llama(model)
    found, gradients = values_and_gradients(model)
    monkeypatch.setattr(packed_sequences, "is_plain_llama", lambda model: False)
    expected, wanted = values_and_gradients(model)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)
    assert gradients.keys() == wanted.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(
            gradient, wanted[name], atol=1e-4, rtol=1e-4, msg=lambda text, name=name: f"{name}: {text}"
        )


def _with_bias(model: LlamaForCausalLM) -> None:
    model.model.layers[0].mlp.up_proj.bias = torch.nn.Parameter(torch.zeros(96))


def _with_checkpoints(model: LlamaForCausalLM) -> None:
    model.gradient_checkpointing_enable({"use_reentrant": False})
    model.train()


def _half(model: LlamaForCausalLM) -> None:
    model.to(torch.bfloat16)


def _wrapped(model: LlamaForCausalLM) -> None:
    model.model.layers[2].self_attn.q_proj = torch.nn.Sequential(model.model.layers[2].self_attn.q_proj)


@pytest.mark.parametrize("change", [_with_bias, _with_checkpoints, _half, _wrapped])
def test_what_is_not_plain_is_left_to_transformers(change: Callable[[LlamaForCausalLM], None]) -> None:
    model = llama()
    assert is_plain_llama(model)
    change(model)
    assert not is_plain_llama(model)


def test_dropout_and_autocast_are_left_to_transformers() -> None:
    model = llama()
    with residual_dropout(model, 0.1):
        assert not is_plain_llama(model)
    with torch.autocast("cpu", torch.bfloat16):
        assert not is_plain_llama(model)
    assert is_plain_llama(model)


def test_a_gelu_model_is_left_to_transformers() -> None:
    assert not is_plain_llama(llama(hidden_act="gelu"))


@pytest.mark.parametrize("rows", [0, 1, 5, 300])
def test_log_probs_and_their_gradient_are_those_of_cross_entropy(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(packed_sequences, "CACHED_VALUES", 1024)
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(rows, 100, generator=generator) * 5
    targets, weight = torch.randint(0, 100, (rows,), generator=generator), torch.randn(rows)
    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    found = target_log_probs(ours, targets)
    expected = -functional.cross_entropy(theirs, targets, reduction="none")
    found.backward(weight)
    expected.backward(weight)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours.grad, theirs.grad)

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from muse_core.models.packed_sequences import by_tokens, hidden_states, pack, packed_attention
from tests.unit.models.builders_models import tiny_model

DOCUMENTS = [[5, 6, 7, 8, 9], [10, 11], [12, 13, 14]]


def alone(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([model.base_model(torch.tensor([d])).last_hidden_state[0] for d in DOCUMENTS])


def test_packed_sequences_equal_the_documents_alone() -> None:
    model = tiny_model().model
    with packed_attention(model):
        flat = hidden_states(model, pack(DOCUMENTS))
    assert torch.allclose(flat, alone(model), atol=1e-5)


def test_gradients_are_equal_too() -> None:
    model = tiny_model().model
    weight = torch.randn(10, 32, generator=torch.Generator().manual_seed(0))
    (alone(model) * weight).sum().backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    with packed_attention(model):
        (hidden_states(model, pack(DOCUMENTS)) * weight).sum().backward()
    for name, parameter in model.named_parameters():
        assert torch.allclose(parameter.grad, expected[name], atol=1e-4), name


def test_grouped_query_heads() -> None:
    config = LlamaConfig(
        vocab_size=32, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=4,
        num_key_value_heads=2, attn_implementation="sdpa",
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    with packed_attention(model):
        flat = hidden_states(model, pack(DOCUMENTS))
    assert torch.allclose(flat, alone(model), atol=1e-5)


def test_generation_with_a_cache_is_untouched_outside() -> None:
    model = tiny_model().model
    with packed_attention(model):
        pass
    assert model.config._attn_implementation == "sdpa"
    ids = torch.tensor([[5, 6, 7, 8], [3, 9, 10, 11]])
    mask = torch.tensor([[1, 1, 1, 1], [0, 1, 1, 1]])
    whole = model(ids, attention_mask=mask).logits[:, -1]
    head = model(ids[:, :3], attention_mask=mask[:, :3], use_cache=True)
    tail = model(ids[:, 3:], attention_mask=mask, past_key_values=head.past_key_values, use_cache=True)
    assert torch.allclose(tail.logits[:, -1], whole, atol=1e-4)


def test_by_tokens_keeps_order_and_limit() -> None:
    lengths = [3, 3, 3, 9, 1]
    groups = by_tokens(list("abcde"), lengths, 6)
    assert groups == [["a", "b"], ["c"], ["d"], ["e"]]


@pytest.mark.parametrize("is_checkpointed", [False, True])
def test_a_last_mlp_at_the_rows_that_are_read_changes_no_gradient(is_checkpointed: bool) -> None:
    found = []
    for rows in (None, torch.tensor([0, 3, 9])):
        model = tiny_model().model
        if is_checkpointed:
            model.gradient_checkpointing_enable({"use_reentrant": False})
            model.train()
        with packed_attention(model):
            hidden = hidden_states(model, pack(DOCUMENTS), rows)
            hidden[[0, 3, 3, 9]].square().sum().backward()
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        found.append([hidden.detach()[[0, 3, 9]], *gradients])
        assert "forward" not in vars(model.base_model.layers[-1].mlp)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)

"""What CONTRIBUTING promises of a base of another family: trained and decoded as transformers would."""

from __future__ import annotations

import pytest
import torch

from muse_core.config.run_config import BaseConfig
from muse_core.generation.decode import Sampling, decode, prefill
from muse_core.models.loading import from_pretrained
from muse_core.models.packed_sequences import hidden_states, pack, packed_attention
from tests.unit.generation.builders_generation import STOP, hf_greedy, random_prompts
from tests.unit.models.builders_models import tokenizer
from tests.unit.models.families import FAMILIES, random_model

DOCUMENTS = [list(range(20, 60)), [10, 11], list(range(100, 131))]

pytestmark = pytest.mark.parametrize("family", FAMILIES)


def alone(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([model.base_model(torch.tensor([d])).last_hidden_state[0] for d in DOCUMENTS])


def test_packed_documents_are_read_as_each_alone(family: str) -> None:
    model = random_model(family)
    with torch.no_grad(), packed_attention(model):
        packed = hidden_states(model, pack(DOCUMENTS))
    assert torch.allclose(packed, alone(model), atol=1e-4)


def test_the_branches_of_a_fork_are_read_as_each_alone(family: str) -> None:
    model = random_model(family)
    prompt, one, other = DOCUMENTS[0], [70, 71, 72, 73, 74], DOCUMENTS[2]
    with torch.no_grad(), packed_attention(model):
        forked = (len(prompt), len(prompt) + len(one))
        packed = hidden_states(model, pack([[*prompt, *one, *other]], forks=[forked]))
    for branch, found in ((one, packed[forked[0] : forked[1]]), (other, packed[forked[1] :])):
        expected = model.base_model(torch.tensor([[*prompt, *branch]])).last_hidden_state[0, len(prompt) :]
        assert torch.allclose(found, expected, atol=1e-4)


def test_gradients_are_those_of_each_alone(family: str) -> None:
    model = random_model(family)
    weight = torch.randn(sum(map(len, DOCUMENTS)), 48, generator=torch.Generator().manual_seed(0))
    (alone(model) * weight).sum().backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    with packed_attention(model):
        (hidden_states(model, pack(DOCUMENTS)) * weight).sum().backward()
    for name, gradient in expected.items():
        found = dict(model.named_parameters())[name].grad
        assert torch.allclose(found, gradient, rtol=1e-3, atol=1e-3), name


def test_greedy_answers_are_those_of_generate(family: str) -> None:
    model, prompts = random_model(family), random_prompts(9)
    rows = prefill(model, prompts)
    decode(model, rows, (STOP,), Sampling(max_new_tokens=15))
    assert [row.new for row in rows] == [hf_greedy(model, prompt, 15) for prompt in prompts]


def test_its_folder_is_a_base(family: str, tmp_path) -> None:
    model = random_model(family)
    model.save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    again = from_pretrained(BaseConfig(source="pretrained", model=str(tmp_path)))
    ids = torch.tensor([DOCUMENTS[0]])
    assert torch.equal(again.model(ids).logits, model(ids).logits)

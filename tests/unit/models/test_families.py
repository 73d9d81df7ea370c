"""What CONTRIBUTING promises of a base of another family: trained and decoded as transformers would."""

from __future__ import annotations

import pytest
import torch

from muse_core.config.run_config import BaseConfig
from muse_core.export.onnx_graph import export_onnx
from muse_core.export.runtime import OnnxModel
from muse_core.generation.decode import Sampling, decode, prefill
from muse_core.models.family import MATRICES
from muse_core.models.heads import Heads
from muse_core.models.loading import LoadedModel
from muse_core.models.lora import add_adapters, merge_adapters
from muse_core.models.packed_sequences import hidden_states, logits_at, pack, packed_attention
from muse_core.models.pretrained import from_pretrained
from muse_core.models.vocabulary import add_our_tokens
from muse_core.training.dropout import residual_dropout
from muse_core.training.optimizer import MuonWithAdamW, optimizer_of
from tests.unit.generation.builders_generation import STOP, hf_greedy, random_prompts
from tests.unit.models.builders_models import tokenizer
from tests.unit.models.families import FAMILIES, random_model
from tests.unit.models.test_vocabulary import foreign

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


def test_logits_of_packed_rows_are_those_of_forward(family: str) -> None:
    model, ids = random_model(family), DOCUMENTS[0]
    with torch.no_grad(), packed_attention(model):
        found = logits_at(model, hidden_states(model, pack([ids])), torch.arange(len(ids)))
    with torch.no_grad():
        expected = model(torch.tensor([ids])).logits[0]
    assert torch.allclose(found, expected, atol=1e-4)
    assert torch.allclose(prefill(model, [ids])[0].logits, expected[-1], atol=1e-4)


def test_dropout_drops_what_a_branch_adds_and_scales_up_the_rest(family: str) -> None:
    model = random_model(family)
    ids = torch.tensor([DOCUMENTS[0]])
    plain = added_by_attention(model, ids)
    with residual_dropout(model, 0.5):
        model.train()
        found = added_by_attention(model, ids)
    is_dropped = found == 0
    assert 0.4 < is_dropped.float().mean() < 0.6
    assert torch.allclose(found[~is_dropped], 2 * plain[~is_dropped], atol=1e-4)


def added_by_attention(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """What the first layer's attention adds to the residual."""
    layer, seen = model.base_model.layers[0], []
    behind = getattr(layer, "pre_feedforward_layernorm", layer.post_attention_layernorm)
    hooks = [
        module.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
        for module in (layer.input_layernorm, behind)
    ]
    with torch.no_grad():
        model(ids)
    for hook in hooks:
        hook.remove()
    return seen[1] - seen[0]


def test_muon_takes_the_matrices_of_the_layers_and_nothing_else(family: str) -> None:
    model = random_model(family)
    model(torch.tensor([DOCUMENTS[0]])).logits.square().mean().backward()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = optimizer_of(model, 1e-3, 0.0, 1e-2)
    assert isinstance(optimizer, MuonWithAdamW)
    taken = {id(p) for group in optimizer.parts[0].param_groups for p in group["params"]}
    names = {name for name, p in model.named_parameters() if id(p) in taken}
    expected = [name for name, p in before.items() if name.split(".")[-2] in MATRICES and p.ndim == 2]
    assert sorted(names) == sorted(expected)
    assert len(names) == 7 * model.config.num_hidden_layers
    optimizer.step()
    assert not [name for name, p in model.named_parameters() if torch.equal(p, before[name])]


def test_adapters_sit_beside_every_matrix_and_merge(family: str) -> None:
    model, ids = random_model(family), torch.tensor([DOCUMENTS[0]])
    names = [name for name, _ in model.named_parameters()]
    loaded = LoadedModel(model, tokenizer(), Heads(48))
    plain = model(ids).logits.detach()
    add_adapters(loaded, 4, 8.0, seed=1)
    adapted = [name for name, _ in model.named_parameters() if "lora_B" in name]
    assert len(adapted) == 7 * model.config.num_hidden_layers
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    with torch.no_grad(), packed_attention(model):
        packed = logits_at(model, hidden_states(model, pack([DOCUMENTS[0]])), torch.arange(ids.shape[1]))
    expected = model(ids).logits.detach()
    assert torch.allclose(packed, expected[0], atol=1e-3) and not torch.allclose(expected, plain, atol=1e-2)
    merge_adapters(loaded)
    assert [name for name, _ in model.named_parameters()] == names
    assert torch.allclose(model(ids).logits, expected, atol=1e-3)


def test_our_tokens_change_nothing_for_the_others(family: str) -> None:
    model, words = random_model(family), foreign().tokenizer
    assert len(words) <= model.config.vocab_size
    ids = torch.tensor([[5, 6, 7, 8, 9]])
    before = model(ids).logits.detach()
    add_our_tokens(LoadedModel(model, words, Heads(48)), [], 0)
    after = model(ids).logits.detach()
    assert torch.allclose(after[..., : len(words)], before[..., : len(words)], atol=1e-5)


@pytest.mark.slow
def test_its_graph_is_the_model_in_prefill_and_decoding(family: str, tmp_path) -> None:
    """Prompts of unlike lengths, some longer than the window: padded, then decoded with the cache."""
    model, prompts = random_model(family), random_prompts(5)
    graph = OnnxModel(export_onnx(model, tmp_path, opset=20), threads=1)
    with torch.no_grad():
        expected = torch.stack([model(torch.tensor([prompt])).logits[0, -1] for prompt in prompts])
    logits, answers = graph.answers(prompts, (STOP,), 15)
    assert torch.allclose(torch.from_numpy(logits), expected, atol=1e-3)
    assert answers == [hf_greedy(model, prompt, 15) for prompt in prompts]

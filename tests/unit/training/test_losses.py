from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from muse_core.examples.example import Example
from muse_core.models.flat_stream import flat_attention
from muse_core.training.batches import micro_batches, totals
from muse_core.training.losses import LanguageLoss, PreferenceLoss, Weights, preference_losses
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import ALL_LOSSES, examples


def loss_and_gradients(
    batch: list[Example], max_tokens: int, is_checkpointed: bool = False
) -> tuple[float, dict[str, torch.Tensor]]:
    loaded = tiny_model()
    if is_checkpointed:
        loaded.model.gradient_checkpointing_enable({"use_reentrant": False})
        loaded.model.train()
    for parameter in loaded.heads.parameters():
        torch.nn.init.constant_(parameter, 0.1)
    module = LanguageLoss(loaded, ALL_LOSSES)
    total = 0.0
    with flat_attention(loaded.model):
        for micro in micro_batches(batch, max_tokens, "cpu"):
            loss, _ = module(micro, totals(batch))
            loss.backward()
            total += float(loss.detach())
    return total, {name: p.grad for name, p in module.named_parameters() if p.grad is not None}


def test_packed_loss_and_gradients_equal_unpacked_ones() -> None:
    """1 x 8 = 8 x 1: one micro-batch of eight documents, or eight of one."""
    batch = examples(tiny_model(), 8)
    packed, packed_gradients = loss_and_gradients(batch, 10**6)
    single, single_gradients = loss_and_gradients(batch, 1)
    assert packed == pytest.approx(single, abs=1e-5)
    for name, gradient in packed_gradients.items():
        assert torch.allclose(gradient, single_gradients[name], atol=1e-5), name


def test_gradient_checkpointing_changes_no_gradient() -> None:
    batch = examples(tiny_model(), 4)
    plain, gradients = loss_and_gradients(batch, 500)
    again, recomputed = loss_and_gradients(batch, 500, is_checkpointed=True)
    assert again == pytest.approx(plain, abs=1e-5)
    for name, gradient in gradients.items():
        assert torch.allclose(gradient, recomputed[name], atol=1e-5), name


def test_the_loss_is_what_transformers_computes_on_a_padded_batch() -> None:
    loaded = tiny_model()
    batch = examples(loaded, 3)
    width = max(len(e) for e in batch)
    ids = torch.tensor([e.ids + [0] * (width - len(e)) for e in batch])
    labels = torch.tensor(
        [
            [i if p else -100 for i, p in zip(e.ids, e.parts, strict=True)] + [-100] * (width - len(e))
            for e in batch
        ]
    )
    mask = torch.tensor([[1] * len(e) + [0] * (width - len(e)) for e in batch])
    logits = loaded.model(ids, attention_mask=mask).logits
    expected = functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="none"
    )
    parts = torch.tensor([e.parts + [0] * (width - len(e)) for e in batch])[:, 1:].flatten()
    module = LanguageLoss(loaded, Weights(1.0, 0.6, 0.4))
    with flat_attention(loaded.model):
        [micro] = micro_batches(batch, 10**6, "cpu")
        loss, sums = module(micro, totals(batch))
    weighted = sum(w * expected[parts == p].mean() for p, w in ((1, 1.0), (2, 0.6), (3, 0.4)))
    assert loss.item() == pytest.approx(weighted.item(), abs=1e-4)
    assert sums["argument"].item() == pytest.approx(expected[parts == 2].mean().item(), abs=1e-4)


def test_heads_that_weigh_nothing_are_not_trained() -> None:
    module = LanguageLoss(tiny_model(), Weights())
    assert not any(parameter.requires_grad for parameter in module.heads.parameters())


def test_dpo_is_equation_seven() -> None:
    values = [torch.tensor([x]) for x in (-4.0, -9.0, -5.0, -7.0)]
    expected = -math.log(1 / (1 + math.exp(-0.5 * ((-4 + 9) - (-5 + 7)))))
    assert float(preference_losses(*values, beta=0.5)) == pytest.approx(expected, abs=1e-6)


def test_dpo_is_ln_two_when_the_policy_is_the_reference() -> None:
    assert float(preference_losses(*[torch.zeros(1)] * 4, beta=0.1)) == pytest.approx(math.log(2))


def forked_and_separate() -> tuple[list[Example], list[Example]]:
    """Two pairs, as forked examples and as two documents each."""
    prompt, chosen, rejected = [5, 6, 7, 8], [9, 10, 11], [12, 13]
    forks, separate = [], []
    for shift in (0, 20):
        head, left, right = ([token + shift for token in run] for run in (prompt, chosen, rejected))
        parts = [0, 0, 0, 0, 1, 0, 3, 1, 3]
        forks.append(Example(head + left + right, parts, fork=(4, 7)))
        separate += [Example(head + left, parts[:7]), Example(head + right, parts[:4] + parts[7:])]
    return forks, separate


def test_a_forked_pair_equals_two_documents() -> None:
    forks, separate = forked_and_separate()
    results = []
    for batch in (forks, separate):
        module = PreferenceLoss(tiny_model(), 0.1)
        with flat_attention(module.model):
            [micro] = micro_batches(batch, 10**6, "cpu")
            found = module.log_probs(micro)[0].flatten()
        found = found if batch is forks else found[::2]
        (found * torch.tensor([1.0, -2.0, 3.0, 0.5])).sum().backward()
        results.append((found.detach(), [p.grad for p in module.model.parameters()]))
    assert torch.allclose(results[0][0], results[1][0], atol=1e-4)
    for left, right in zip(results[0][1], results[1][1], strict=True):
        assert torch.allclose(left, right, atol=1e-4)


def test_preference_accuracy_counts_ties_half() -> None:
    batch, _ = forked_and_separate()
    module = PreferenceLoss(tiny_model(), 0.1)
    with torch.no_grad(), flat_attention(module.model):
        [micro] = micro_batches(batch, 10**6, "cpu")
        policy, _ = module.log_probs(micro)
        loss, sums = module(replace(micro, references=policy), totals(batch))
    assert float(loss) == pytest.approx(math.log(2), abs=1e-5) and float(sums["accuracy"]) == 0.5


def test_rpo_adds_the_chosen_nll() -> None:
    batch, _ = forked_and_separate()
    loaded = tiny_model()
    with torch.no_grad(), flat_attention(loaded.model):
        [micro] = micro_batches(batch[:1], 10**6, "cpu")
        plain, _ = PreferenceLoss(loaded, 0.1)(micro, totals(batch[:1]))
        more, _ = PreferenceLoss(loaded, 0.1, nll_weight=2.0)(micro, totals(batch[:1]))
        policy, tokens = PreferenceLoss(loaded, 0.1).log_probs(micro)
    assert float(more - plain) == pytest.approx(float(-2 * policy[0, 0] / tokens[0, 0]), rel=1e-3)

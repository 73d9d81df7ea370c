from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from muse_core.examples.example import Example
from muse_core.models.packed_sequences import packed_attention
from muse_core.training.batches import micro_batches, totals
from muse_core.training.losses import LanguageLoss, Weights
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
    with packed_attention(loaded.model):
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
    with packed_attention(loaded.model):
        [micro] = micro_batches(batch, 10**6, "cpu")
        loss, sums = module(micro, totals(batch))
    weighted = sum(w * expected[parts == p].mean() for p, w in ((1, 1.0), (2, 0.6), (3, 0.4)))
    assert loss.item() == pytest.approx(weighted.item(), abs=1e-4)
    assert sums["argument"].item() == pytest.approx(expected[parts == 2].mean().item(), abs=1e-4)


def test_heads_that_weigh_nothing_are_not_trained() -> None:
    module = LanguageLoss(tiny_model(), Weights())
    assert not any(parameter.requires_grad for parameter in module.heads.parameters())

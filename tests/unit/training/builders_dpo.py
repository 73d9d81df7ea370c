"""Pairs, modules and references for tests of DPO."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muse_core.config.run_config import DpoConfig
from muse_core.context import StageContext
from muse_core.examples import pairs as dpo
from muse_core.examples.example import Example
from muse_core.models.loading import LoadedModel
from muse_core.models.packed_sequences import packed_attention
from muse_core.training.batches import micro_batches, totals
from muse_core.training.preference_loss import PreferenceLoss
from muse_core.training.references import References, references_of
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import context, pair

LIMIT = 512


def module_of(loaded: LoadedModel, **changes: Any) -> PreferenceLoss:
    return PreferenceLoss(loaded.model, DpoConfig(micro_batch_tokens=400, **changes))


def pair_examples(loaded: LoadedModel, count: int = 6) -> dict[str, Example]:
    return dpo.pair_set(loaded, [pair(n) for n in range(count)], LIMIT, "turn").all


def prepared(
    root: Path, loaded: LoadedModel | None = None, **changes: Any
) -> tuple[LoadedModel, PreferenceLoss, dict[str, Example], References, StageContext]:
    """A model, its loss, its pairs, its own references and where they were computed."""
    loaded = loaded or tiny_model()
    module, ctx = module_of(loaded, **changes), context(root)
    pairs = pair_examples(loaded)
    return loaded, module, pairs, references_of(module, loaded, pairs, ctx), ctx


def tree(
    prompt: Sequence[int], chosen: Sequence[int], rejected: Sequence[int], references: tuple[float, float]
) -> Example:
    """A pair whose two turns count with every token."""
    first, second = len(prompt), len(prompt) + len(chosen)
    parts = [0] * first + [3] * (len(chosen) + len(rejected))
    return Example([*prompt, *chosen, *rejected], parts, fork=(first, second), references=references)


def gradients(module: PreferenceLoss, pairs: Sequence[Example], max_tokens: int = 10**6) -> dict[str, Any]:
    """Loss (as a float, under "loss") and the gradient of every parameter."""
    module.zero_grad()
    total = 0.0
    with packed_attention(module.model):
        for micro in micro_batches(pairs, max_tokens, "cpu"):
            loss, _ = module(micro, totals(pairs))
            loss.backward()
            total += float(loss.detach())
    found = {name: p.grad.clone() for name, p in module.model.named_parameters() if p.grad is not None}
    return {"loss": total} | found

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from muse_core.models.loading import save_model
from muse_core.models.lora import add_adapters, merge_adapters
from muse_core.training.batches import plan_steps
from muse_core.training.loop import Optimization, train
from muse_core.training.losses import LanguageLoss
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import ALL_LOSSES, context, examples

IDS = torch.tensor([[5, 6, 7, 8]])


def test_adapters_are_trained_and_merge_into_a_plain_model(tmp_path: Path) -> None:
    loaded, untouched = tiny_model(), tiny_model()
    names = [name for name, _ in loaded.model.named_parameters()]
    add_adapters(loaded, 4, 8.0, seed=1)
    assert torch.allclose(loaded.model(IDS).logits, untouched.model(IDS).logits, atol=1e-5)  # B starts at 0
    trained = {name for name, p in loaded.model.named_parameters() if p.requires_grad}
    assert all("lora_" in name or "embed_tokens" in name for name in trained)

    found = examples(loaded)
    plan = plan_steps([len(e) for e in found], 4, 3, np.random.default_rng(0))
    train(LanguageLoss(loaded, ALL_LOSSES), found, plan, Optimization(1e-2), context(tmp_path))
    adapted = loaded.model(IDS).logits.detach()
    assert not torch.allclose(adapted, untouched.model(IDS).logits, atol=1e-2)

    merge_adapters(loaded)
    assert [name for name, _ in loaded.model.named_parameters()] == names
    assert torch.allclose(loaded.model(IDS).logits, adapted, atol=1e-4)
    save_model(loaded, tmp_path / "model")
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    assert torch.allclose(plain(IDS).logits, adapted, atol=1e-4)


def test_the_same_seed_gives_the_same_adapters() -> None:
    models = [tiny_model(), tiny_model()]
    state = torch.get_rng_state()
    for loaded in models:
        add_adapters(loaded, 4, 8.0, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    left, right = (loaded.model.state_dict() for loaded in models)
    assert all(torch.equal(tensor, right[name]) for name, tensor in left.items())

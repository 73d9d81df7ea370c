from __future__ import annotations

from pathlib import Path

import torch

from muse_core.training import checkpoints
from muse_core.training.checkpoints import TrainingState, weights_digest
from muse_core.training.losses import LanguageLoss
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import ALL_LOSSES


def trained(step: int) -> tuple[LanguageLoss, torch.optim.AdamW]:
    module = LanguageLoss(tiny_model(step), ALL_LOSSES)
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.1)
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return module, optimizer


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    module, optimizer = trained(1)
    checkpoints.save(tmp_path, TrainingState(7, tokens=9, history=[{"dev_loss": 1.0}]), module, optimizer)
    other, fresh = trained(2)
    state = checkpoints.resume(tmp_path, other, fresh)
    assert state == TrainingState(7, tokens=9, history=[{"dev_loss": 1.0}])
    assert weights_digest(other) == weights_digest(module)
    assert torch.equal(
        next(iter(fresh.state.values()))["exp_avg"], next(iter(optimizer.state.values()))["exp_avg"]
    )
    assert other.model.get_output_embeddings().weight is other.model.get_input_embeddings().weight


def test_a_damaged_checkpoint_gives_way_to_an_older_one(tmp_path: Path) -> None:
    for step in (2, 4):
        checkpoints.save(tmp_path, TrainingState(step), *trained(step))
    with (tmp_path / "step-000004" / checkpoints.WEIGHTS).open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\1\2\3")
    module, optimizer = trained(9)
    assert checkpoints.resume(tmp_path, module, optimizer).step == 2
    assert weights_digest(module) == weights_digest(trained(2)[0])


def test_half_written_folders_are_ignored_and_swept(tmp_path: Path) -> None:
    (tmp_path / ".part-1-step-000009").mkdir()
    (tmp_path / "step-000008").mkdir()
    module, optimizer = trained(1)
    assert checkpoints.resume(tmp_path, module, optimizer).step == 0
    checkpoints.save(tmp_path, TrainingState(9), module, optimizer)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-000008", "step-000009"]


def test_old_checkpoints_and_beaten_epochs_go(tmp_path: Path) -> None:
    module, optimizer = trained(1)
    for step in (1, 2, 3, 4):
        checkpoints.save_weights(module, checkpoints.best_path(tmp_path, step))
        checkpoints.save(tmp_path, TrainingState(step, best_step=step), module, optimizer)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "best-000003.safetensors", "best-000004.safetensors", "step-000003", "step-000004",
    ]  # fmt: skip

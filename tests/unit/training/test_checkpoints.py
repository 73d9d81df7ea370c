from __future__ import annotations

import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from muse_core.errors import ArtifactError, HardwareError
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
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    host = socket.gethostname().replace(".", "-")
    (tmp_path / "drafts" / f"step-000009.{host}.{dead.stdout.strip()}.abcd").mkdir(parents=True)
    (tmp_path / "step-000008").mkdir()
    module, optimizer = trained(1)
    assert checkpoints.resume(tmp_path, module, optimizer).step == 0
    checkpoints.save(tmp_path, TrainingState(9), module, optimizer)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["drafts", "step-000008", "step-000009"]
    assert not list((tmp_path / "drafts").iterdir())


def test_old_checkpoints_and_beaten_epochs_go(tmp_path: Path) -> None:
    module, optimizer = trained(1)
    for step in (1, 2, 3, 4):
        checkpoints.save_weights(module, checkpoints.best_path(tmp_path, step))
        checkpoints.save(tmp_path, TrainingState(step, best_step=step), module, optimizer)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "best-000003.safetensors", "best-000004.safetensors", "drafts", "step-000003", "step-000004",
    ]  # fmt: skip


@contextmanager
def room_for(nbytes: int) -> Iterator[None]:
    """Within: no file of this process grows beyond `nbytes`; writes then fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("share", [0.5, 1.5], ids=["weights", "optimizer"])
def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path: Path, share: float) -> None:
    """The weights do not fit, or they do and the optimizer's state (twice as large) does not."""
    module, optimizer = trained(1)
    checkpoints.save(tmp_path, TrainingState(2), module, optimizer)
    size = (tmp_path / "step-000002" / checkpoints.WEIGHTS).stat().st_size
    with (
        room_for(int(share * size)),
        pytest.raises(HardwareError, match="last good checkpoint is kept") as told,
    ):
        checkpoints.save(tmp_path, TrainingState(4), *trained(3))
    assert told.value.exit_code == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["drafts", "step-000002"]
    other, fresh = trained(9)
    assert checkpoints.resume(tmp_path, other, fresh).step == 2
    assert weights_digest(other) == weights_digest(module)


def test_the_best_weights_survive_a_full_disk_too(tmp_path: Path) -> None:
    path = checkpoints.best_path(tmp_path, 2)
    checkpoints.save_weights(trained(1)[0], path)
    before = path.read_bytes()
    with room_for(len(before) // 2), pytest.raises(HardwareError, match="Free some space"):
        checkpoints.save_weights(trained(2)[0], path)
    assert path.read_bytes() == before


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    module, optimizer = trained(1)
    checkpoints.save(tmp_path, TrainingState(2, fingerprint="a" * 64), module, optimizer)
    checkpoints.refuse_foreign(tmp_path, "a" * 64)
    with pytest.raises(ArtifactError, match="another configuration"):
        checkpoints.resume(tmp_path, module, optimizer, "b" * 64)

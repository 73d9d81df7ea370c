"""Checkpoints of a running training: atomic, checked, and enough to go on bit for bit.

    work/step-000040/  weights.safetensors  optimizer.pt  state.json (digests of both, fingerprint)
    work/best-000040.safetensors

`state.json` holds the step, tokens, seconds, the best step so far and the metrics of past epochs. The
learning rate, the samples and the random numbers of a step are functions of the step, so they have no
state to save. A folder without a matching `state.json` is ignored; the newest valid one is taken.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from muse_core import durable
from muse_core.errors import ArtifactError
from muse_core.models.saving import saving

log = logging.getLogger(__name__)
WEIGHTS, OPTIMIZER, STATE = "weights.safetensors", "optimizer.pt", "state.json"
DRAFTS = "drafts"  # beside the checkpoints; what a killed process left there is swept
KEPT = 2
SAFE = "The last good checkpoint is kept, and the next start goes on from it"


@dataclass
class TrainingState:
    """Where a training stands. `history` has one entry per finished epoch; `retries`: steps repeated for
    lack of memory; `supervised`: tokens with a loss among `tokens`."""

    step: int = 0
    tokens: int = 0
    supervised: int = 0
    seconds: float = 0.0
    retries: int = 0
    best_step: int | None = None
    best_value: float | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    fingerprint: str = ""


def final_metrics(name: str, state: TrainingState) -> dict[str, float]:
    """The published epoch's measurements, and what the training cost."""
    best = next((entry for entry in state.history if entry["step"] == state.best_step), {})
    cost = {
        f"{name}_steps": float(state.step),
        f"{name}_tokens": float(state.tokens),
        f"{name}_seconds": state.seconds,
        f"{name}_supervised_share": state.supervised / max(1, state.tokens),
        f"{name}_memory_retries": float(state.retries),
        f"{name}_best_step": float(state.best_step or state.step),
    }
    return cost | {f"{name}_{key}": value for key, value in best.items() if key not in ("step", "epoch")}


def save(work: Path, state: TrainingState, module: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Writes `step-N` beside its final place and renames it; then drops what is no longer needed."""
    final = work / f"step-{state.step:06d}"
    with saving(work, SAFE), durable.draft_folder(work / DRAFTS, final.name) as draft:
        save_file(weights_of(module), draft / WEIGHTS)
        torch.save(optimizer.state_dict(), draft / OPTIMIZER)
        digests = {name: durable.file_digest(draft / name) for name in (WEIGHTS, OPTIMIZER)}
        (draft / STATE).write_text(json.dumps(asdict(state) | {"digests": digests}), "utf-8")
        durable.fsync_tree(draft)
        durable.move_into_place(draft, final)
    _prune(work, state)


def resume(
    work: Path, module: torch.nn.Module, optimizer: torch.optim.Optimizer, fingerprint: str = ""
) -> TrainingState:
    """Loads the newest valid checkpoint into module and optimizer; a fresh state without one."""
    refuse_foreign(work, fingerprint)
    for folder in sorted(work.glob("step-*"), reverse=True):
        found = _read_state(folder)
        if found is None:
            log.warning("checkpoint %s is damaged: an older one is used", folder.name)
            continue
        load_weights(module, folder / WEIGHTS)
        device = next(module.parameters()).device
        optimizer.load_state_dict(torch.load(folder / OPTIMIZER, map_location=device, weights_only=True))
        log.info("resuming from step %d", found.step)
        return found
    return TrainingState(fingerprint=fingerprint)


def refuse_foreign(work: Path, fingerprint: str) -> None:
    """ArtifactError for a checkpoint of another configuration, data or version; no weights are read."""
    for folder in sorted(work.glob("step-*"), reverse=True):
        found = _read_state(folder, is_thorough=False)
        if found is not None and found.fingerprint != fingerprint:
            raise ArtifactError(
                f"checkpoint {folder} belongs to training {found.fingerprint[:12] or 'unknown'}, expected "
                f"{fingerprint[:12]}: another configuration, other data or another version made it. "
                "Remove the folder to start from the beginning, or run with the settings that made it."
            )


def best_path(work: Path, step: int) -> Path:
    return work / f"best-{step:06d}.safetensors"


def save_weights(module: torch.nn.Module, path: Path) -> None:
    """Atomic: a half-written file never has the final name."""
    with saving(path.parent, SAFE), durable.draft_folder(path.parent / DRAFTS, path.stem) as draft:
        save_file(weights_of(module), draft / path.name)
        durable.fsync_path(draft / path.name)
        (draft / path.name).replace(path)


def load_weights(module: torch.nn.Module, path: Path) -> None:
    """Into the module, in place (tied tensors stay tied)."""
    tensors = load_file(path)
    with torch.no_grad():
        for name, tensor in _unique(module).items():
            tensor.copy_(tensors[name])


def weights_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Every tensor once (safetensors refuses tied copies)."""
    return {name: tensor.detach().cpu().contiguous() for name, tensor in _unique(module).items()}


def weights_digest(module: torch.nn.Module) -> str:
    """sha256 over names and bytes: equal exactly when the weights are."""
    digest = hashlib.sha256()
    for name, tensor in sorted(weights_of(module).items()):
        digest.update(name.encode())
        digest.update(tensor.view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")
    return digest.hexdigest()


def _unique(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    seen: set[int] = set()
    found = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        if tensor.data_ptr() not in seen or tensor.numel() == 0:
            seen.add(tensor.data_ptr())
            found[name] = tensor
    return found


def _read_state(folder: Path, is_thorough: bool = True) -> TrainingState | None:
    try:
        values: dict[str, Any] = json.loads((folder / STATE).read_text("utf-8"))
        digests = values.pop("digests")
        if is_thorough and any(
            durable.file_digest(folder / name) != found for name, found in digests.items()
        ):
            return None
        return TrainingState(**values)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _prune(work: Path, state: TrainingState) -> None:
    for old in sorted(work.glob("step-*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    states = [_read_state(folder, is_thorough=False) for folder in work.glob("step-*")]
    needed = {found.best_step for found in (state, *states) if found is not None}
    for best in work.glob("best-*.safetensors"):
        if int(best.stem.removeprefix("best-")) not in needed:
            best.unlink()

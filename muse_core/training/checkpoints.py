"""Checkpoints of a running training: atomic, checked, and enough to go on bit for bit.

    work/step-000040/  weights.safetensors  optimizer.pt  rng.pt  state.json (last; digests of the rest)
    work/best-000040.safetensors

`state.json` holds the step, tokens, seconds, the best step so far and the metrics of past epochs. The
learning rate is a function of the step, so there is no scheduler state. A folder without a matching
`state.json` (a killed write) is ignored; the newest valid one is taken.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

log = logging.getLogger(__name__)
WEIGHTS, OPTIMIZER, RNG, STATE = "weights.safetensors", "optimizer.pt", "rng.pt", "state.json"
KEPT = 2


@dataclass
class TrainingState:
    """Where a training stands. `history` has one entry per finished epoch."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best_step: int | None = None
    best_value: float | None = None
    history: list[dict[str, float]] = field(default_factory=list)


def final_metrics(name: str, state: TrainingState) -> dict[str, float]:
    """The published epoch's measurements, and what the training cost."""
    best = next((entry for entry in state.history if entry["step"] == state.best_step), {})
    cost = {
        f"{name}_steps": float(state.step),
        f"{name}_tokens": float(state.tokens),
        f"{name}_seconds": state.seconds,
        f"{name}_best_step": float(state.best_step or state.step),
    }
    return cost | {f"{name}_{key}": value for key, value in best.items() if key not in ("step", "epoch")}


def save(work: Path, state: TrainingState, module: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Writes `step-N` beside its final place and renames it; then drops what is no longer needed."""
    final = work / f"step-{state.step:06d}"
    part = work / f".part-{os.getpid()}-{final.name}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file(weights_of(module), part / WEIGHTS)
    torch.save(optimizer.state_dict(), part / OPTIMIZER)
    torch.save(_rng_state(), part / RNG)
    digests = {name: _digest(part / name) for name in (WEIGHTS, OPTIMIZER, RNG)}
    (part / STATE).write_text(json.dumps(asdict(state) | {"digests": digests}), "utf-8")
    _sync(part)
    shutil.rmtree(final, ignore_errors=True)
    part.rename(final)
    _prune(work, state)


def resume(work: Path, module: torch.nn.Module, optimizer: torch.optim.Optimizer) -> TrainingState:
    """Loads the newest valid checkpoint into module, optimizer and RNG; a fresh state without one."""
    for folder in sorted(work.glob("step-*"), reverse=True):
        found = _read_state(folder)
        if found is None:
            log.warning("checkpoint %s is damaged: an older one is used", folder.name)
            continue
        load_weights(module, folder / WEIGHTS)
        device = next(module.parameters()).device
        optimizer.load_state_dict(torch.load(folder / OPTIMIZER, map_location=device, weights_only=True))
        _restore_rng(torch.load(folder / RNG, map_location="cpu", weights_only=True))
        log.info("resuming from step %d", found.step)
        return found
    return TrainingState()


def best_path(work: Path, step: int) -> Path:
    return work / f"best-{step:06d}.safetensors"


def save_weights(module: torch.nn.Module, path: Path) -> None:
    """Atomic: a half-written file never has the final name."""
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    save_file(weights_of(module), part)
    part.rename(path)


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


def _read_state(folder: Path) -> TrainingState | None:
    try:
        values: dict[str, Any] = json.loads((folder / STATE).read_text("utf-8"))
        digests = values.pop("digests")
        if any(_digest(folder / name) != digest for name, digest in digests.items()):
            return None
        return TrainingState(**values)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _prune(work: Path, state: TrainingState) -> None:
    for old in sorted(work.glob("step-*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    for leftover in work.glob(".part-*"):
        shutil.rmtree(leftover, ignore_errors=True) if leftover.is_dir() else leftover.unlink()
    states = [_read_state(folder) for folder in work.glob("step-*")]
    needed = {found.best_step for found in (state, *states) if found is not None}
    for best in work.glob("best-*.safetensors"):
        if int(best.stem.removeprefix("best-")) not in needed:
            best.unlink()


def _rng_state() -> dict[str, Any]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def _restore_rng(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    for path in [*folder.iterdir(), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

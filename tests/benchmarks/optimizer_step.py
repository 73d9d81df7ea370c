"""The optimizer's share of a training step of the quickstart's model, and Muon against torch's own.

    python -m tests.benchmarks.optimizer_step [--json] [--repeats 15]

For the steps that SFT makes: eight conversations, or 32 single turns. Forward, backward and update are timed
in turn in one process; medians of CPU seconds over all threads. To try another kind of CPU on one with
AVX-512, set ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from muse_core.models.cpu import capability, native_bf16
from muse_core.models.device import use_threads
from muse_core.training.muon import Muon
from tests.benchmarks.training_step import Kind, Training


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()
    conditions = {"threads": use_threads(0), "cpu": capability(), "native_bf16": native_bf16()}
    found: dict[str, Any] = {kind: shares(kind, asked.repeats) for kind in ("conversations", "turns")}
    found |= {
        "share": found["conversations"]["share"],
        "muon_ms": muons(asked.repeats),
        "conditions": conditions,
    }
    if asked.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(name, value)


def shares(kind: Kind, repeats: int) -> dict[str, float]:
    """Milliseconds of CPU of a step's two halves, and the share of the second."""
    training = Training(kind)
    training.forward_backward()
    training.update()
    halves = [(_cpu_ms(training.forward_backward), _cpu_ms(training.update)) for _ in range(repeats)]
    learning, update = (median(values) for values in zip(*halves, strict=True))
    return {
        "forward_backward_ms": round(learning, 1),
        "update_ms": round(update, 1),
        "share": round(update / (learning + update), 4),
    }


def muons(repeats: int) -> dict[str, float]:
    """A step of the layers' matrices by ours and by torch's, in turn."""
    params = [p for p in Training().module.model.model.layers.parameters() if p.ndim == 2]
    for param in params:
        param.grad = torch.randn_like(param)
    kinds = {"ours": Muon(params, lr=1e-3), "torch": torch.optim.Muon(params, lr=1e-3)}
    fewest = repeats if native_bf16() else min(3, repeats)  # emulated bf16 takes seconds
    times = {name: [] for name in kinds}  # type: dict[str, list[float]]
    for _ in range(fewest):
        for name, optimizer in kinds.items():
            times[name].append(_cpu_ms(optimizer.step))
    return {name: round(median(values), 1) for name, values in times.items()}


def _cpu_ms(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return 1e3 * (time.process_time() - began)


if __name__ == "__main__":
    main()

"""What models compute with on this machine, and why: for people, who wonder why it is fast or slow."""

from __future__ import annotations

from dataclasses import dataclass

from muse_core.models.cpu import capability, maker, native_bf16, threads_in_words
from muse_core.models.cpu_linear import uses_onednn


@dataclass(frozen=True)
class Choice:
    """One thing chosen, by the machine or by the configuration."""

    name: str
    text: str


def choices(threads: int = 0) -> list[Choice]:
    """On the CPU. `threads`: `execution.threads`, 0 = as many as the process may use."""
    return [_cpu(), _optimizer(), _products(), _threads(threads)]


def _cpu() -> Choice:
    bf16 = "multiplies bf16 natively" if native_bf16() else "no native bf16"
    return Choice("cpu", f"{capability()}, {bf16}")


def _optimizer() -> Choice:
    if native_bf16():
        return Choice("optimizer", "Muon orthogonalises in bf16, which this CPU multiplies natively")
    return Choice("optimizer", "Muon orthogonalises in fp32: this CPU would have to emulate bf16")


def _products() -> Choice:
    if uses_onednn():
        return Choice("products", f"fp32 through oneDNN, which uses the whole width of {capability()}")
    why = f"which no other beats with {capability()}{f' of {maker()}' if maker() else ''}"
    return Choice("products", f"fp32 through torch's own library, {why}")


def _threads(asked: int) -> Choice:
    return Choice("threads", threads_in_words(asked))

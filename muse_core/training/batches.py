"""Micro-batches: what one optimizer step sees.

`StepPlan` says which examples each optimizer step holds (random access, so that a resumed run goes
on where it stopped); `collate` gathers them into packed micro-batches. How the examples of a step are
gathered never changes the step's loss: normalisers are counted over the whole step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from muse_core.examples.example import Example
from muse_core.models.packed_sequences import PackedSequences, by_tokens, pack
from muse_core.models.tokenizer import PARTS


@dataclass(frozen=True)
class MicroBatch:
    """Flat tensors of a few examples. `rows` predict `targets`; `branches[i]` is 2 x row i's example, + 1 in
    the second branch of a fork."""

    packed: PackedSequences
    rows: torch.Tensor
    targets: torch.Tensor
    parts: torch.Tensor
    branches: torch.Tensor
    word_rows: torch.Tensor
    word_labels: torch.Tensor
    start_rows: torch.Tensor
    tools: torch.Tensor
    prices: torch.Tensor  # log1p; NaN where not given
    references: torch.Tensor  # (examples, 2)
    examples: Sequence[Example]

    @property
    def tokens(self) -> int:
        return self.packed.cu_seqlens[-1]

    @property
    def read_rows(self) -> torch.Tensor:
        """The rows of hidden states that a loss reads, each once."""
        return torch.cat([self.rows, self.word_rows, self.start_rows]).unique()


@dataclass(frozen=True)
class Totals:
    """Normalisers of one optimizer step: supervised tokens per part, words, turns, given prices."""

    parts: tuple[float, ...]
    words: float
    starts: float
    prices: float
    examples: float


@dataclass(frozen=True)
class StepPlan:
    """`order[s]` = indices of the examples of optimizer step s; `epoch_ends` = steps after which an
    epoch is over (the last one always is); `parts`: (name, first step) of what is learnt one after the
    other, empty where it is all of one kind."""

    order: tuple[tuple[int, ...], ...]
    epoch_ends: tuple[int, ...]
    parts: tuple[tuple[str, int], ...] = ()

    def __len__(self) -> int:
        return len(self.order)


def plan_steps(
    lengths: Sequence[int], per_step: int, epochs: int, rng: np.random.Generator, max_tokens: int = 0
) -> StepPlan:
    """Every epoch is a new shuffle cut into steps of `per_step` examples (the last may be smaller);
    `max_tokens` > 0 ends the plan once so many tokens are in it."""
    order: list[tuple[int, ...]] = []
    ends: list[int] = []
    used = 0
    for _ in range(epochs):
        shuffled = rng.permutation(len(lengths))
        for start in range(0, len(shuffled), per_step):
            if max_tokens and used >= max_tokens:
                return StepPlan(
                    tuple(order), (*ends, *([len(order)] if order and len(order) not in ends else []))
                )
            chosen = tuple(int(index) for index in shuffled[start : start + per_step])
            used += sum(lengths[index] for index in chosen)
            order.append(chosen)
        ends.append(len(order))
    return StepPlan(tuple(order), tuple(ends))


def totals(examples: Sequence[Example]) -> Totals:
    """Counts over a whole step; an absent kind counts as 1, so that nothing divides by zero."""
    parts = np.bincount(np.concatenate([_supervised(example) for example in examples]), minlength=len(PARTS))
    prices = sum(
        price is not None for example in examples for start in example.starts for price in start.prices
    )
    return Totals(
        tuple(float(max(1, count)) for count in parts),
        float(max(1, sum(len(example.words) for example in examples))),
        float(max(1, sum(len(example.starts) for example in examples))),
        float(max(1, prices)),
        float(len(examples)),
    )


def _supervised(example: Example) -> np.ndarray:
    return np.asarray(example.parts[1:], dtype=np.int64)


def micro_batches(examples: Sequence[Example], max_tokens: int, device: str) -> Iterator[MicroBatch]:
    """The step's examples in packed micro-batches of at most `max_tokens`."""
    for group in by_tokens(examples, [len(example) for example in examples], max_tokens):
        yield collate(group, device)


def collate(chosen: Sequence[Example], device: str) -> MicroBatch:
    """Examples as packed tensors on `device`."""
    packed = pack([example.ids for example in chosen], device, [example.fork for example in chosen])
    begin = packed.cu_seqlens[:-1]
    targets, rows, branches = _targets(chosen, begin)
    parts = [part for example in chosen for part in example.parts[1:] if part]
    words = [(at + start, label) for start, e in zip(begin, chosen, strict=True) for at, label in e.words]
    starts = [(s.at + start, s) for start, e in zip(begin, chosen, strict=True) for s in e.starts]
    prices = [[float("nan") if p is None else float(np.log1p(p)) for p in s.prices] for _, s in starts]

    def whole(values: list[int]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long, device=device)

    return MicroBatch(
        packed=packed,
        rows=whole(rows),
        targets=packed.ids[whole(targets)],
        parts=whole(parts),
        branches=whole(branches),
        word_rows=whole([row for row, _ in words]),
        word_labels=torch.tensor([float(label) for _, label in words], device=device),
        start_rows=whole([row for row, _ in starts]),
        tools=whole([start.tool for _, start in starts]),
        prices=torch.tensor(prices, dtype=torch.float32, device=device).reshape(-1, 2),
        references=torch.tensor([example.references for example in chosen], device=device),
        examples=chosen,
    )


def _targets(chosen: Sequence[Example], begin: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Flat indices of the supervised tokens, of the rows that predict them (the token before; for the
    first token of a second branch the prompt's last), and their branches."""
    targets, rows, branches = [], [], []
    for number, (start, example) in enumerate(zip(begin, chosen, strict=True)):
        prompt_end, second = example.fork or (0, len(example))
        for at in range(1, len(example)):
            if example.parts[at]:
                targets.append(start + at)
                rows.append(start + (prompt_end if at == second else at) - 1)
                branches.append(2 * number + (at >= second))
    return targets, rows, branches

"""A document with its supervised tokens and the places that the heads read: what a training sees of a row."""

from __future__ import annotations

from dataclasses import dataclass, field

from muse_core.models.packed_sequences import Fork

TOOL_PART, ARGUMENT_PART, FLUENCY_PART, UTTERANCE_PART = 1, 2, 3, 4


@dataclass(frozen=True)
class Start:
    """A supervised turn's beginning. `at`: index of `<|assistant|>`; `tool`: 0 = none, then TOOL_NAMES;
    `prices`: (min, max) of the call, None where not given; the first act is [at + 1, act_end) and its
    call, if any, goes on to `call_end`."""

    at: int
    tool: int
    prices: tuple[float | None, float | None]
    act_end: int
    call_end: int


@dataclass(frozen=True)
class Example:
    """One document. `parts[i]` says which loss token i belongs to (0 = none). `words`: (token index,
    1 if the call's arguments end with this word). A preference pair has a `fork` (a, b): a prompt up to
    a, the chosen turn up to b, the rejected turn; `references` are the log-probs of the two under DPO's
    reference model, in nats."""

    ids: list[int]
    parts: list[int]
    words: list[tuple[int, int]] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    fork: Fork | None = None
    references: tuple[float, float] = (0.0, 0.0)

    def __len__(self) -> int:
        return len(self.ids)

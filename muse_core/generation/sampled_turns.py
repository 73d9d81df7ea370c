"""Turns drawn from a model token for token: what it wrote, and what it read in between.

An outcome's messages say what a turn did; a training that pushes the turn needs the very tokens, of turns
that cannot be read too. `sample_turns` answers as `respond` does and keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field

from transformers import PreTrainedModel

from muse_core.errors import HardwareError
from muse_core.generation.assistant import Room, Turn, TurnOutcome, TurnRequest, turn_of
from muse_core.generation.decode import Decoder
from muse_core.generation.prefill import Row
from muse_core.generation.sampling import Sampling
from muse_core.models.device import release_memory
from muse_core.models.loading import LoadedModel
from muse_core.training.memory import is_out_of_memory

SLOTS = 64


@dataclass
class Written:
    """`ids`: the prompt as it was read, then the turn; `own[i]`: whether the model wrote token i itself."""

    ids: list[int] = field(default_factory=list)
    own: list[bool] = field(default_factory=list)

    def add(self, tokens: Sequence[int], is_own: bool) -> None:
        self.ids += tokens
        self.own += [is_own] * len(tokens)


class _Recording(Room):
    """One that keeps the tokens of its turns."""

    def __init__(self, loaded: LoadedModel) -> None:
        super().__init__(loaded)
        self.written: dict[int, Written] = {}

    def _prompts(self, turns: Mapping[int, Turn]) -> dict[int, list[int]]:
        prompts = super()._prompts(turns)
        for number, prompt in prompts.items():
            self.written[number] = Written(list(prompt), [False] * len(prompt))
        return prompts

    def after_act(self, row: Row) -> list[int] | None:
        written = self.written[row.number]
        written.add(row.new, is_own=True)
        shown = super().after_act(row)
        written.add(shown or (), is_own=False)
        return shown


def sample_turns(
    loaded: LoadedModel, requests: Sequence[TurnRequest], sampling: Sampling
) -> list[tuple[TurnOutcome, Written]]:
    """One for each request, in order. Each request's world is left as its calls have changed it; a request is
    answered again, in a fresh branch, by fewer slots at once where memory does not suffice.

    HardwareError when it does not suffice for one."""
    slots = SLOTS
    sessions = [copy(request.world.session) for request in requests]
    while True:
        try:
            return _sample(loaded, requests, sampling, slots)
        except (RuntimeError, MemoryError) as problem:
            if not is_out_of_memory(problem):
                raise
        release_memory()
        if slots == 1:
            raise HardwareError(
                f"out of memory while {len(requests)} turns were sampled one by one: one context does not "
                "fit. Choose a smaller base.model, or give the run more memory."
            )
        slots //= 4
        for request, session in zip(requests, sessions, strict=True):
            request.world.session = copy(session)


def _sample(
    loaded: LoadedModel, requests: Sequence[TurnRequest], sampling: Sampling, slots: int
) -> list[tuple[TurnOutcome, Written]]:
    room = _Recording(loaded)
    turns = dict(enumerate(turn_of(one, sampling) for one in requests))
    with answering(loaded.model):
        Decoder(loaded.model, room.rows(turns), {room.end, room.call}, room.after_act, slots).run()
    return [(turn.outcome, room.written[n]) for n, turn in turns.items() if turn.outcome is not None]


@contextmanager
def answering(model: PreTrainedModel) -> Iterator[None]:
    """Within: a model that is being trained attends and drops nothing, as it will when it answers."""
    attention, trains = model.config._attn_implementation, model.training
    model.set_attn_implementation("sdpa")
    model.eval()
    try:
        yield
    finally:
        model.set_attn_implementation(attention)
        model.train(trains)

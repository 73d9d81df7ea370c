"""Prompts -> rows that are ready to decode, a few at a time, each shared prefix computed once.

Prompts that are prefixes of one another (the turns of one conversation) share one computation and, when
they are equal (the samples of one context), one cache. What all prompts begin with (the tool list, where
it is more than a token) is computed once for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from muse_core.generation.grammar import Guide
from muse_core.generation.sampling import Sampling
from muse_core.generation.taught import TaughtGuide
from muse_core.models.cpu_linear import onednn_linear
from muse_core.models.family import next_logits

CPU_TOKENS = 1024  # rows × longest prompt of one pass: more does not fit a CPU's caches (measured)
GPU_TOKENS = 32_768
LEAST_SHARED = 32  # a shorter beginning is not worth a pass of its own

Layers = list[tuple[torch.Tensor, torch.Tensor]]  # keys and values, each [rows, kv heads, tokens, head size]


@dataclass
class Row:
    """One sequence under way.

    `number`: its place among the prompts. `length`: tokens read and written so far. `pending`: those at
    the end that are not computed yet. `cache` [2 · layers, kv heads, length − pending, head size]: of the
    others, while the row waits; None while it sits in a slot. `new`: the tokens written since it last
    went on. `rng`: for sampling. `guide`: what the grammar allows in this act, None without one.
    `logits` [vocabulary]: behind the prompt, from `prefill` only. `dropped`: nobody waits for it any more; it
    leaves its slot at the next token."""

    number: int
    length: int
    pending: list[int]
    cache: torch.Tensor | None
    new: list[int] = field(default_factory=list)
    sampling: Sampling = field(default_factory=Sampling)
    rng: np.random.Generator | None = None
    guide: Guide | TaughtGuide | None = None
    logits: torch.Tensor | None = None
    dropped: bool = False


@torch.no_grad()
def prefill(model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> list[Row]:
    """All rows at once, in order, with `logits`."""
    rows = [row for chunk in prefill_in_turn(model, prompts, with_logits=True) for row in chunk]
    return sorted(rows, key=lambda row: row.number)


def prefill_in_turn(
    model: PreTrainedModel, prompts: Sequence[Sequence[int]], with_logits: bool = False
) -> Iterator[list[Row]]:
    """The rows of one pass after the other, short prompts first; a pass is computed when it is asked for."""
    carriers, carrier_of = carriers_of(prompts)
    members: dict[int, list[int]] = {}
    for index, carrier in enumerate(carrier_of):
        members.setdefault(carrier, []).append(index)
    start = _start(carriers, min(map(len, prompts), default=0), model)
    shared = _tokens(start)
    for batch in by_token_budget([len(carrier) for carrier in carriers], pass_tokens(model)):
        cache, hidden = _forward([carriers[c] for c in batch], start, model)
        chunk: list[Row] = []
        for slot, carrier in enumerate(batch):
            chunk += _rows([(index, prompts[index]) for index in members[carrier]], cache[:, slot])
        if with_logits:
            last = [hidden[batch.index(carrier_of[row.number]), row.length - 1 - shared] for row in chunk]
            for row, logits in zip(chunk, next_logits(model, torch.stack(last)), strict=True):
                row.logits = logits.float()
        yield chunk


def _rows(prompts: Sequence[tuple[int, Sequence[int]]], cache: torch.Tensor) -> Iterator[Row]:
    """The (number, prompt)s that one carrier has computed; equal ones get the same cache object."""
    computed: dict[int, torch.Tensor] = {}
    for number, prompt in prompts:
        own = computed.setdefault(len(prompt), cache[:, :, : len(prompt) - 1])
        yield Row(number, len(prompt), [prompt[-1]], own)


def pass_tokens(model: PreTrainedModel) -> int:
    """How many tokens one pass should have, padding included."""
    return CPU_TOKENS if model.device.type == "cpu" else GPU_TOKENS


def carriers_of(prompts: Sequence[Sequence[int]]) -> tuple[list[tuple[int, ...]], list[int]]:
    """Prompts that are no prefix of another, and for each prompt the carrier it is a prefix of."""
    keyed = sorted(((tuple(prompt), i) for i, prompt in enumerate(prompts)), reverse=True)
    carriers: list[tuple[int, ...]] = []
    carrier_of = [0] * len(prompts)
    for prompt, index in keyed:
        if not carriers or carriers[-1][: len(prompt)] != prompt:
            carriers.append(prompt)
        carrier_of[index] = len(carriers) - 1
    return carriers, carrier_of


def by_token_budget(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Places in order of length, in groups of at most `budget` tokens when padded to the longest; what
    has no tokens is a group of its own."""
    groups: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        is_first = not groups or (lengths[place] > 0 and lengths[groups[-1][0]] == 0)
        if is_first or (len(groups[-1]) + 1) * lengths[place] > budget:
            groups.append([])
        groups[-1].append(place)
    return groups


def _start(carriers: list[tuple[int, ...]], shortest: int, model: PreTrainedModel) -> Layers:
    """The cache of what all prompts begin with, `shortest` included; empty when that is not much. At
    least one token of each prompt is left."""
    if len(carriers) < 2:
        return []
    first, last = min(carriers), max(carriers)  # in lexical order, so no two agree in less
    shared = next(at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1])
    shared = min(shared, shortest - 1)
    return _pass([first[:shared]], [], model)[0] if shared >= LEAST_SHARED else []


def _forward(
    prompts: list[tuple[int, ...]], start: Layers, model: PreTrainedModel
) -> tuple[torch.Tensor, torch.Tensor]:
    """The cache [2 · layers, rows, kv heads, width, head size] of the prompts and the last hidden states
    [rows, width, hidden] behind their start; whatever lies beyond a prompt's end is meaningless."""
    layers, hidden = _pass([prompt[_tokens(start) :] for prompt in prompts], start, model)
    return torch.stack([part for layer in layers for part in layer]), hidden


def _tokens(layers: Layers) -> int:
    return layers[0][0].shape[2] if layers else 0


@torch.no_grad()
def _pass(
    prompts: list[tuple[int, ...]], start: Layers, model: PreTrainedModel
) -> tuple[Layers, torch.Tensor]:
    """A right-padded causal pass behind `start` (one row, for all)."""
    width, cache = max(map(len, prompts)), DynamicCache()  # without config: whole where layers have a window
    for number, parts in enumerate(start):
        keys, values = (part.expand(len(prompts), -1, -1, -1) for part in parts)
        cache.update(keys, values, number)
    ids = torch.tensor([[*prompt, *[0] * (width - len(prompt))] for prompt in prompts], device=model.device)
    with onednn_linear(model):
        output = model.base_model(input_ids=ids, past_key_values=cache)
    layers = [(layer.keys, layer.values) for layer in output.past_key_values.layers]
    return layers, output.last_hidden_state

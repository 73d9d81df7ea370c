"""Batched decoding with a left-aligned static KV cache.

Row b's keys fill positions [0, length_b) of its slot, so nothing is ever padded on the left: padding
after a row's end is masked and overwritten by the tokens that come next. Prompts that are prefixes of
one another (the turns of one conversation, the samples of one context) are computed once. Greedy
output is token-identical to `generate` of transformers (tested).

Not covered: beam search, speculative decoding, paged caches.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

PREFILL_TOKENS = 16_384  # upper bound of rows × longest prompt in one prefill call
COMPACT_SHARE = 0.25  # rows are dropped from a batch once this share has stopped
PARKED = [-1]  # `pending` of a row that has stopped but still sits in its batch


@dataclass(frozen=True)
class Sampling:
    """temperature 0 = greedy; top_p keeps the smallest set of tokens with that probability mass."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_new_tokens: int = 96


@dataclass
class Row:
    """One sequence under way. `cache`: [layers, 2, kv heads, length, head dim] for the tokens already
    computed; `pending`: tokens decided but not yet computed; `logits`: [vocab] after the last one
    computed; `new`: tokens produced by `decode` since it was last called; `rng`: for sampling."""

    cache: torch.Tensor
    logits: torch.Tensor
    rng: np.random.Generator | None = None
    pending: list[int] = field(default_factory=list)
    new: list[int] = field(default_factory=list)

    @property
    def length(self) -> int:
        return self.cache.shape[3]


class SlotCache:
    """What an attention layer sees as its cache: writes at per-row positions, returns all slots."""

    def __init__(self, layers: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
        self.layers = layers
        self.rows = torch.arange(len(layers[0][0]), device=layers[0][0].device)[:, None]
        self.positions = torch.zeros(0)
        self.width = 0

    def aim(self, positions: torch.Tensor, width: int) -> None:
        """The next forward pass writes at `positions` [rows, tokens] and reads slots [0, width)."""
        self.positions, self.width = positions, width

    def update(
        self, key: torch.Tensor, value: torch.Tensor, layer: int, *_: object
    ) -> tuple[torch.Tensor, ...]:
        keys, values = self.layers[layer]
        keys[self.rows, :, self.positions] = key.transpose(1, 2)
        values[self.rows, :, self.positions] = value.transpose(1, 2)
        return keys[:, :, : self.width], values[:, :, : self.width]

    def get_seq_length(self, layer: int = 0) -> int:
        return self.width

    def keep(self, rows: torch.Tensor) -> None:
        self.layers = [(keys[rows], values[rows]) for keys, values in self.layers]
        self.rows = self.rows[: len(rows)]


@torch.no_grad()
def prefill(model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> list[Row]:
    """Computes every prompt, each shared prefix once. Returns one row per prompt, in order."""
    carriers, carrier_of = _carriers(prompts)
    rows: list[Row | None] = [None] * len(prompts)
    members: dict[int, list[int]] = {}
    for index, carrier in enumerate(carrier_of):
        members.setdefault(carrier, []).append(index)
    for batch in _by_token_budget(carriers):
        cache, hidden = _forward_prompts(model, [carriers[c] for c in batch])
        for slot, carrier in enumerate(batch):
            for index in members[carrier]:
                length = len(prompts[index])
                logits = model.lm_head(hidden[slot, length - 1]).float()
                rows[index] = Row(cache[slot, ..., :length, :], logits)
    return [row for row in rows if row is not None]


def _carriers(prompts: Sequence[Sequence[int]]) -> tuple[list[tuple[int, ...]], list[int]]:
    """Prompts that are no prefix of another, and for each prompt the carrier it is a prefix of."""
    keyed = sorted(((tuple(prompt), i) for i, prompt in enumerate(prompts)), reverse=True)
    carriers: list[tuple[int, ...]] = []
    carrier_of = [0] * len(prompts)
    for prompt, index in keyed:
        if not carriers or carriers[-1][: len(prompt)] != prompt:
            carriers.append(prompt)
        carrier_of[index] = len(carriers) - 1
    return carriers, carrier_of


def _by_token_budget(prompts: Sequence[Sequence[int]]) -> list[list[int]]:
    batches: list[list[int]] = []
    for index in sorted(range(len(prompts)), key=lambda i: len(prompts[i])):
        width = len(prompts[index])
        if not batches or (len(batches[-1]) + 1) * width > PREFILL_TOKENS:
            batches.append([])
        batches[-1].append(index)
    return batches


def _forward_prompts(
    model: PreTrainedModel, prompts: list[tuple[int, ...]]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Right-padded causal pass. Returns the cache [rows, layers, 2, heads, width, dim] and the hidden
    states [rows, width, hidden]; whatever lies beyond a prompt's length is meaningless."""
    width = max(map(len, prompts))
    ids = torch.zeros(len(prompts), width, dtype=torch.long)
    for slot, prompt in enumerate(prompts):
        ids[slot, : len(prompt)] = torch.tensor(prompt)
    output = model.model(input_ids=ids.to(model.device), past_key_values=DynamicCache(config=model.config))
    layers = [torch.stack((layer.keys, layer.values), dim=1) for layer in output.past_key_values.layers]
    return torch.stack(layers, dim=1), output.last_hidden_state


@torch.no_grad()
def decode(model: PreTrainedModel, rows: Sequence[Row], stop: Collection[int], sampling: Sampling) -> None:
    """Decodes every row until it emits a token of `stop` or `max_new_tokens` tokens; fills `row.new`.

    The last token produced is left in `pending`, so that more tokens (a tool's result) can be added
    behind it before decoding goes on.
    """
    cache = _batch_cache(rows, max(len(row.pending) for row in rows) + sampling.max_new_tokens)
    lengths = torch.tensor([row.length for row in rows], device=model.device)
    for row in rows:
        row.new = []
    logits = torch.stack([row.logits for row in rows])
    if any(row.pending for row in rows):
        logits, lengths = _feed_pending(model, cache, rows, lengths, logits)
    active, stopped = list(rows), 0
    for step in range(sampling.max_new_tokens):
        tokens = _choose(logits, active, sampling)
        for row, token in zip(active, tokens, strict=True):
            if row.pending != PARKED:
                row.new.append(token)
        going = [row.pending != PARKED and row.new[-1] not in stop for row in active]
        if step + 1 == sampling.max_new_tokens or not any(going):
            break
        _park_stopped(cache, active, going, lengths, logits)
        stopped = going.count(False)
        if stopped >= COMPACT_SHARE * len(active):
            kept = torch.tensor([i for i, on in enumerate(going) if on], device=model.device)
            cache.keep(kept)
            lengths, active = lengths[kept], [row for row, on in zip(active, going, strict=True) if on]
            tokens = [token for token, on in zip(tokens, going, strict=True) if on]
        logits = _step(model, cache, torch.tensor(tokens, device=model.device)[:, None], lengths)
        lengths = lengths + 1
    _park_stopped(cache, active, [False] * len(active), lengths, logits)
    for row in rows:
        row.pending = row.new[-1:]


def _batch_cache(rows: Sequence[Row], room: int) -> SlotCache:
    first = rows[0].cache
    width = max(row.length for row in rows) + room
    shape = (len(rows), *first.shape[:3], width, first.shape[4])
    slots = torch.zeros(shape, dtype=first.dtype, device=first.device)
    for slot, row in enumerate(rows):
        slots[slot, ..., : row.length, :] = row.cache
    return SlotCache([(slots[:, layer, 0], slots[:, layer, 1]) for layer in range(first.shape[0])])


def _feed_pending(
    model: PreTrainedModel, cache: SlotCache, rows: Sequence[Row], lengths: torch.Tensor, logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Computes the pending tokens of all rows as one right-padded chunk."""
    width = max(len(row.pending) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    for slot, row in enumerate(rows):
        ids[slot, : len(row.pending)] = torch.tensor(row.pending, dtype=torch.long)
    counts = torch.tensor([len(row.pending) for row in rows], device=model.device)
    hidden = _forward(model, cache, ids.to(model.device), lengths)
    last = hidden[torch.arange(len(rows)), (counts - 1).clamp(min=0)]
    fed = model.lm_head(last).float()
    for row in rows:
        row.pending = []
    return torch.where((counts > 0)[:, None], fed, logits), lengths + counts


def _step(model: PreTrainedModel, cache: SlotCache, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    return model.lm_head(_forward(model, cache, ids, lengths)[:, -1]).float()


def _forward(
    model: PreTrainedModel, cache: SlotCache, ids: torch.Tensor, lengths: torch.Tensor
) -> torch.Tensor:
    """Hidden states [rows, tokens, hidden] of `ids` [rows, tokens] written right after each row's end."""
    positions = lengths[:, None] + torch.arange(ids.shape[1], device=ids.device)
    width = int(positions.max()) + 1
    cache.aim(positions, width)
    mask = torch.arange(width, device=ids.device) <= positions[:, None, :, None]
    output = model.model(input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache)
    return output.last_hidden_state


def _park_stopped(
    cache: SlotCache,
    active: Sequence[Row],
    going: Sequence[bool],
    lengths: torch.Tensor,
    logits: torch.Tensor,
) -> None:
    """Gives stopped rows their part of the cache back. Marks them parked."""
    for slot, (row, on) in enumerate(zip(active, going, strict=True)):
        if on or row.pending == PARKED:
            continue
        end = int(lengths[slot])
        layers = [torch.stack((keys[slot, :, :end], values[slot, :, :end])) for keys, values in cache.layers]
        row.cache, row.logits, row.pending = torch.stack(layers), logits[slot], list(PARKED)


def _choose(logits: torch.Tensor, rows: Sequence[Row], sampling: Sampling) -> list[int]:
    """One token per row. Sampling adds Gumbel noise from the row's own generator, so that a row's
    tokens do not depend on who shares its batch (Gumbel-max trick)."""
    if sampling.temperature == 0.0:
        return logits.argmax(-1).tolist()
    scaled = _keep_top_p(logits / sampling.temperature, sampling.top_p)
    noise = np.stack([_gumbel(row, scaled.shape[1]) for row in rows])
    return (scaled + torch.from_numpy(noise).to(scaled)).argmax(-1).tolist()


def _gumbel(row: Row, vocabulary: int) -> np.ndarray:
    if row.pending == PARKED:  # still in the batch, but its generator must not move on
        return np.zeros(vocabulary)
    if row.rng is None:
        raise ValueError("sampling needs row.rng; set it from the request's seed")
    return row.rng.gumbel(size=vocabulary)


def _keep_top_p(logits: torch.Tensor, top_p: float) -> torch.Tensor:
    if top_p >= 1.0:
        return logits
    ordered, order = logits.sort(-1, descending=True)
    mass_before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
    dropped = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, mass_before >= top_p)
    return logits.masked_fill(dropped, float("-inf"))

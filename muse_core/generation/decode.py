"""Batched decoding: rows share slots while they agree, stopped rows make room for waiting ones.

Rows that have read and written the same tokens (the samples of one context until they part) sit in one
slot and are computed once; they fork when they choose different tokens. A row that stops leaves its
slot; `after` says what it reads before it goes on (a tool's result), and it waits for a slot again.
Waiting rows enter when a quarter of the slots is free, so the batch stays full until the prompts run out;
where people wait (`live.py`), as soon as one is. A row that is dropped leaves without a word.

Greedy output is token-identical to `generate` of transformers; a sampled row's tokens follow from its
seed, whatever the batch (both tested).

Memory: `batch_size` slots as wide as the longest sequence, one pass of prefilled prompts, and one cache
for each row that waits to go on (at most the rows that were let in so far and have not ended).

Not covered: beam search, speculative decoding, paged caches, sliding-window attention.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from muse_core.generation.cache import SlotCache
from muse_core.generation.prefill import Row, by_token_budget, pass_tokens, prefill
from muse_core.generation.sampling import Sampling, Wish, choose
from muse_core.models.cpu_linear import onednn_linear
from muse_core.models.family import next_logits
from muse_core.models.sliding_window import layer_masks

__all__ = ["Decoder", "Row", "Sampling", "decode", "prefill"]

REFILL_SHARE = 0.25  # waiting rows enter once this share of the slots is free

After = Callable[[Row], Sequence[int] | None]


def decode(model: PreTrainedModel, rows: Sequence[Row], stop: Collection[int], sampling: Sampling) -> None:
    """Decodes every row until it writes a token of `stop` or `max_new_tokens` tokens; fills `row.new`."""
    for row in rows:
        row.sampling = sampling
    Decoder(model, iter([list(rows)]), stop, lambda row: None).run()


@dataclass
class _Lane:
    """The rows of one slot: `length` tokens computed, `token` comes next."""

    rows: list[Row]
    length: int
    token: int


class Decoder:
    """One run over many rows.

    `fresh`: rows in passes, as `prefill_in_turn` gives them. `after(row)` is called when a row has
    written a token of `stop`, its `max_new_tokens`, or as much as the model has positions for: `row.new`
    holds the tokens; it returns the tokens to read before the row goes on, or None when the row is done.
    `fresh` may have rows again after it had none: `run` ends when nobody is left, and can be called again."""

    def __init__(
        self,
        model: PreTrainedModel,
        fresh: Iterator[list[Row]],
        stop: Collection[int],
        after: After,
        batch_size: int = 64,
        refill_share: float = REFILL_SHARE,
    ) -> None:
        self._model, self._fresh, self._after = model, fresh, after
        self._stop = frozenset(stop)
        self._positions = int(model.config.max_position_embeddings)
        self._batch_size, self._refill_from = batch_size, refill_share * batch_size
        self._cache = SlotCache(batch_size)
        self._lanes: list[_Lane] = []
        self._waiting: list[Row] = []

    @torch.no_grad()
    def run(self) -> None:
        """Until every row is done."""
        with onednn_linear(self._model):
            while self._let_in():
                logits = self._step()
                self._rule_out(logits)
                tokens = iter(choose(logits, list(self._wishes())))
                self._go_on([[next(tokens) for _ in lane.rows] for lane in self._lanes])

    # ---- waiting rows enter ------------------------------------------------------------------------

    def _let_in(self) -> bool:
        """Fills the free slots when enough of them can be filled; False when nothing is left to do."""
        free = self._batch_size - len(self._lanes)
        if free >= self._refill_from:
            groups = self._groups(free)
            if len(groups) >= min(self._refill_from, len(self._lanes)):
                self._enter(groups[:free])
        return bool(self._lanes)

    def _groups(self, wanted: int) -> list[list[Row]]:
        """Waiting rows that have the same cache and pending tokens, together; asks for fresh rows
        until there are as many groups as wanted."""
        groups: dict[tuple[object, ...], list[Row]] = {}
        at = 0
        while True:
            for row in self._waiting[at:]:
                key = (id(row.cache), tuple(row.pending), row.guide is None)
                groups.setdefault(key, []).append(row)
            at = len(self._waiting)
            if len(groups) >= wanted or (more := next(self._fresh, None)) is None:
                return list(groups.values())
            self._waiting += more

    def _enter(self, groups: Sequence[list[Row]]) -> None:
        """Each group into a slot behind those in use; all but the last of its pending tokens are computed."""
        entering = {id(row) for rows in groups for row in rows}
        self._waiting = [row for row in self._waiting if id(row) not in entering]
        pending = [rows[0].pending for rows in groups]
        for chunk in by_token_budget([len(tokens) - 1 for tokens in pending], pass_tokens(self._model)):
            first = len(self._lanes)
            for place in chunk:
                self._sit_down(groups[place])
            self._read(first, [pending[place][:-1] for place in chunk])

    def _sit_down(self, rows: list[Row]) -> None:
        cache, tokens = rows[0].cache, rows[0].pending
        if cache is None:
            raise ValueError("a row without a cache was to be decoded: its slot is gone; prefill it again")
        self._cache.write(len(self._lanes), cache)
        self._lanes.append(_Lane(rows, cache.shape[2], tokens[-1]))
        for row in rows:
            row.cache, row.pending = None, []

    def _read(self, first: int, tokens: Sequence[Sequence[int]]) -> None:
        """Computes the given tokens of the lanes from `first` on, as one right-padded pass."""
        width = max(map(len, tokens))
        if width:
            ids = [[*given, *[0] * (width - len(given))] for given in tokens]
            self._forward(first, ids)
            for lane, given in zip(self._lanes[first:], tokens, strict=True):
                lane.length += len(given)

    # ---- one token for every lane ------------------------------------------------------------------

    def _step(self) -> torch.Tensor:
        """Computes each lane's token; the logits [lanes, vocabulary] behind it, fp32."""
        hidden = self._forward(0, [[lane.token] for lane in self._lanes])
        for lane in self._lanes:
            lane.length += 1
        return next_logits(self._model, hidden[:, -1]).float()

    def _forward(self, first: int, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        """Hidden states [rows, tokens, hidden] of `ids`, written right after the end of the lanes from
        `first` on."""
        device, count = self._model.device, len(ids[0])
        lengths = [lane.length for lane in self._lanes[first:]]
        width = max(lengths) + count
        positions = torch.tensor(lengths, device=device)[:, None] + torch.arange(count, device=device)
        self._cache.aim(first, positions, width)
        is_read = torch.arange(width, device=device) <= positions[:, None, :, None]
        mask = layer_masks(self._model, is_read, positions)  # once for all layers
        hidden: torch.Tensor = self._model.base_model(
            input_ids=torch.tensor(ids, device=device), attention_mask=mask, position_ids=positions,
            past_key_values=self._cache,
        ).last_hidden_state  # fmt: skip
        return hidden

    def _rule_out(self, logits: torch.Tensor) -> None:
        """Leaves only what the grammars allow; the rows of a lane have written the same."""
        for at, lane in enumerate(self._lanes):
            if (guide := lane.rows[0].guide) is not None:
                guide.weigh(logits[at])

    def _wishes(self) -> Iterator[Wish]:
        for at, lane in enumerate(self._lanes):
            for row in lane.rows:
                if row.sampling.temperature == 0:
                    yield Wish(at, row.sampling)
                elif row.rng is None:
                    raise ValueError("sampling needs row.rng; set it from the request's seed")
                else:
                    yield Wish(at, row.sampling, row.rng.random())

    # ---- rows stop, part and move up ---------------------------------------------------------------

    def _go_on(self, tokens: Sequence[Sequence[int]]) -> None:
        """Takes each row's token: rows that stop leave, rows that part get slots of their own."""
        branches = [
            self._branches(slot, lane, chosen)
            for slot, (lane, chosen) in enumerate(zip(self._lanes, tokens, strict=True))
        ]
        free = [slot for slot, found in enumerate(branches) if not found]
        for slot, found in enumerate(branches):
            for number, (token, rows) in enumerate(found.items()):
                if number == 0:
                    self._lanes[slot].rows, self._lanes[slot].token = rows, token
                else:
                    self._fork(slot, rows, token, free)
        for slot in sorted(free, reverse=True):
            last = self._lanes.pop()
            if slot < len(self._lanes):
                self._cache.copy(len(self._lanes), slot, last.length)
                self._lanes[slot] = last

    def _branches(self, slot: int, lane: _Lane, tokens: Sequence[int]) -> dict[int, list[Row]]:
        """The lane's rows by the token with which they go on; those that stop are dealt with here."""
        going: dict[int, list[Row]] = {}
        stopped: list[Row] = []
        for row, token in zip(lane.rows, tokens, strict=True):
            if row.dropped:
                continue
            row.new.append(token)
            row.length += 1
            if row.guide is not None:
                row.guide.take(token)
            is_full = len(row.new) >= row.sampling.max_new_tokens or row.length > self._positions
            if is_full or token in self._stop:
                stopped.append(row)
            else:
                going.setdefault(token, []).append(row)
        if stopped:
            self._leave(slot, lane, stopped)
        return going

    def _leave(self, slot: int, lane: _Lane, rows: Sequence[Row]) -> None:
        """Stopped rows; those that read on share one copy of their slot."""
        kept: torch.Tensor | None = None
        for row in rows:
            more = self._after(row)
            if more is None:
                continue
            kept = self._cache.read(slot, lane.length) if kept is None else kept
            row.length += len(more)
            row.cache, row.pending, row.new = kept, [row.new[-1], *more], []
            self._waiting.append(row)

    def _fork(self, slot: int, rows: list[Row], token: int, free: list[int]) -> None:
        """A lane for rows that chose another token than their siblings; without a free slot they wait."""
        lane = self._lanes[slot]
        if not free and len(self._lanes) == self._batch_size:
            kept = self._cache.read(slot, lane.length)
            for row in rows:
                row.cache, row.pending = kept, [token]
            self._waiting += rows
            return
        target = free.pop() if free else len(self._lanes)
        self._cache.copy(slot, target, lane.length)
        self._lanes[target : target + 1] = [_Lane(rows, lane.length, token)]

"""A static KV cache of slots: one sequence in each, written and read in place.

Layout: [2 · layers, slots, kv heads, width, head size]; 2l holds the keys of layer l, 2l + 1 its values.
The tokens of a slot fill positions [0, length), so nothing is ever padded on the left; whatever lies
behind a sequence's end is masked, and overwritten by the tokens that come next.
"""

from __future__ import annotations

import torch

WIDTH_STEP, GROWTH = 256, 1.5  # the width grows in large steps, because each one copies everything


class SlotCache:
    """What an attention layer sees as its cache: `aim`, then one forward pass.

    Memory: slots × width × 2 · layers · kv heads · head size numbers; it grows to the longest sequence
    that was in a slot, at most the model's positions."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._numbers = torch.zeros(0)
        self._first, self._width = 0, 0
        self._rows = self._positions = torch.zeros(0, dtype=torch.long)

    def write(self, slot: int, cache: torch.Tensor) -> None:
        """Puts a sequence's cache [2 · layers, kv heads, length, head size] into a slot."""
        self._make_room(cache, cache.shape[2])
        self._numbers[:, slot, :, : cache.shape[2]] = cache

    def read(self, slot: int, length: int) -> torch.Tensor:
        """A copy of the first `length` positions of a slot, as `write` takes it."""
        return self._numbers[:, slot, :, :length].clone()

    def copy(self, source: int, target: int, length: int) -> None:
        """The first `length` positions of one slot into another."""
        self._numbers[:, target, :, :length] = self._numbers[:, source, :, :length]

    def _make_room(self, like: torch.Tensor, width: int) -> None:
        before = self._numbers
        if before.dim() == 5 and before.shape[3] >= width:
            return
        if before.dim() == 5:
            width = max(width, int(GROWTH * before.shape[3]))
        width = -(-width // WIDTH_STEP) * WIDTH_STEP
        layers, heads, size = like.shape[0], like.shape[-3], like.shape[-1]
        self._numbers = like.new_zeros(layers, self.slots, heads, width, size)
        if before.dim() == 5:
            self._numbers[:, :, :, : before.shape[3]] = before

    # ---- what transformers asks of a cache ---------------------------------------------------------

    def aim(self, first: int, positions: torch.Tensor, width: int) -> None:
        """The next pass writes at `positions` [rows, tokens] of the slots from `first` on, and reads
        their positions [0, width)."""
        self._make_room(self._numbers, width)
        self._first, self._positions, self._width = first, positions, width
        self._rows = torch.arange(len(positions), device=positions.device)[:, None]

    def update(
        self, key: torch.Tensor, value: torch.Tensor, layer: int, *_: object
    ) -> tuple[torch.Tensor, ...]:
        end = self._first + len(self._positions)
        found = []
        for place, new in ((2 * layer, key), (2 * layer + 1, value)):
            slots = self._numbers[place, self._first : end]
            slots[self._rows, :, self._positions] = new.transpose(1, 2)
            found.append(slots[:, :, : self._width])
        return tuple(found)

    def get_seq_length(self, layer: int = 0) -> int:
        return self._width

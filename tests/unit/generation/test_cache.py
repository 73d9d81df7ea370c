"""Slots are written, read, copied and grown without touching one another."""

from __future__ import annotations

import torch

from muse_core.generation.cache import SlotCache


def sequence(length: int, seed: int) -> torch.Tensor:
    return torch.randn(4, 2, length, 3, generator=torch.Generator().manual_seed(seed))


def test_slots_keep_their_sequences_while_the_cache_grows():
    cache, kept = SlotCache(3), [sequence(length, length) for length in (5, 2, 700)]
    for slot, one in enumerate(kept):
        cache.write(slot, one)
    for slot, one in enumerate(kept):
        assert torch.equal(cache.read(slot, one.shape[2]), one)


def test_a_copy_takes_only_the_given_length():
    cache = SlotCache(2)
    cache.write(0, sequence(6, 1))
    cache.write(1, sequence(9, 2))
    cache.copy(0, 1, 4)
    assert torch.equal(cache.read(1, 4), sequence(6, 1)[:, :, :4])
    assert torch.equal(cache.read(1, 9)[:, :, 4:], sequence(9, 2)[:, :, 4:])


def test_an_update_writes_at_each_rows_own_position():
    cache = SlotCache(3)
    for slot in range(3):
        cache.write(slot, torch.zeros(4, 2, 4, 3))
    cache.aim(1, torch.tensor([[1], [3]]), 4)
    keys, values = cache.update(torch.ones(2, 2, 1, 3), torch.full((2, 2, 1, 3), 2.0), layer=1)
    assert keys.shape == values.shape == (2, 2, 4, 3)
    assert keys[:, 0, :, 0].tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    assert cache.read(0, 4).abs().sum() == 0
    assert cache.read(1, 4)[3, 0, :, 0].tolist() == [0, 2, 0, 0]
    assert cache.read(1, 4)[:2].abs().sum() == 0  # another layer


def test_what_lies_behind_a_sequence_is_finite():
    """Masked positions are multiplied with zero, and zero times nan is nan."""
    cache = SlotCache(2)
    cache.write(0, sequence(3, 1))
    cache.aim(0, torch.tensor([[3], [0]]), 300)
    assert torch.isfinite(cache.update(torch.ones(2, 2, 1, 3), torch.ones(2, 2, 1, 3), 0)[0]).all()

"""Shards in a process pool: the order, how far ahead it works, and what a killed worker leaves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from muse_core.context import AHEAD, map_in_processes
from muse_core.errors import HardwareError


def square(number: int) -> int:
    return number * number


def square_or_die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(number)


def refuse(number: int) -> int:
    raise ValueError(f"not {number}")


@pytest.mark.parametrize("workers", [0, 1, 2, 8])
def test_the_order_is_that_of_the_shards(workers: int) -> None:
    assert list(map_in_processes(square, range(20), workers)) == [n * n for n in range(20)]
    assert list(map_in_processes(square, [], workers)) == []
    assert list(map_in_processes(square, [4], workers)) == [16]


def test_it_works_only_so_far_ahead_of_its_reader() -> None:
    taken: list[int] = []

    def shards() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = map_in_processes(square, shards(), 2)
    assert [next(results) for _ in range(5)] == [0, 1, 4, 9, 16]
    assert len(taken) <= 5 + AHEAD * 2
    results.close()


def test_a_killed_worker_is_one_clear_error() -> None:
    with pytest.raises(HardwareError, match=r"execution\.workers=1"):
        list(map_in_processes(square_or_die, range(8), 2))


def test_an_error_in_a_worker_is_raised_here() -> None:
    with pytest.raises(ValueError, match="not 0"):
        list(map_in_processes(refuse, range(8), 2))

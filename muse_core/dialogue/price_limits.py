"""Prices that people name: round ones near what a product costs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

NICE_PRICES = (
    50, 100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1500, 1800, 2000, 2500, 3000,
    3500, 4000, 5000, 6000, 7000, 8000, 9000, 10000, 12000, 15000, 18000, 20000, 25000, 30000, 35000, 40000,
    50000, 60000, 70000, 80000, 90000, 100000, 120000, 150000, 200000, 300000, 500000, 700000, 1000000,
    1500000, 2000000, 3000000, 5000000,
)  # fmt: skip
_TOO_LOW = 0.08  # share of price limits that the target does not meet


def upper_price(price: float, rng: np.random.Generator) -> int:
    """A round limit at or a little above the price; with a small chance one well below it."""
    if rng.random() < _TOO_LOW:
        return lower_price(price * 0.4)
    at = bisect_left(NICE_PRICES, price * (1 + 0.3 * rng.random()))
    return NICE_PRICES[min(at, len(NICE_PRICES) - 1)]


def lower_price(price: float) -> int:
    """The next round price at or below."""
    return NICE_PRICES[max(bisect_right(NICE_PRICES, price) - 1, 0)]

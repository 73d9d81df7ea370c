"""What a sampled turn is worth beside the others of its group (Shao et al. 2024, arXiv 2402.03300, §4.1.2).

A = r − mean(r), divided by the group's standard deviation where that is asked for. Without the division
(Dr. GRPO: Liu et al. 2025, arXiv 2503.20783) a group that is nearly always right, or nearly always wrong,
weighs no more than another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from muse_core.errors import MuseError

SPREAD = 1e-6  # rewards are sums of floats: equal ones must count as equal
STEADY = 1e-4  # beside the deviation, as in TRL


def advantages_of(rewards: Sequence[float], by_deviation: bool) -> list[float] | None:
    """One for each reward; None for a group without spread, which teaches nothing.

    Rewards may be negative. MuseError for a group of fewer than two and for one that is not a number."""
    if len(rewards) < 2:
        raise MuseError(
            f"a group of {len(rewards)} has nothing to compare with; expected at least 2 samples of a "
            "context. Raise samples_per_context."
        )
    wrong = [reward for reward in rewards if not math.isfinite(reward)]
    if wrong:
        raise MuseError(
            f"{len(wrong)} of {len(rewards)} rewards of a context are {wrong[0]}; expected finite numbers. "
            "Look at the reward's parts: one of them divides by zero, or is not a number itself."
        )
    if max(rewards) - min(rewards) <= SPREAD:
        return None
    mean = fmean(rewards)
    scale = stdev(rewards) + STEADY if by_deviation else 1.0
    return [(reward - mean) / scale for reward in rewards]

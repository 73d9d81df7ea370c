"""User satisfaction: what one conversation of the closed loop was worth (docs/metrics.md#user-satisfaction).

    score = 1 + 4·clip(0.6·success + 0.2·soft − 0.1·excess + 0.1·language + 0.1·no faults, 0, 1)

PARADISE-shaped (Walker et al. 1997): success weighed against cost. The weights are ours and unfitted
until people have rated. pass^k is that of τ-bench (Yao et al. 2024): the chance that k of the four
conversations about a goal, drawn without putting back, all succeed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

from muse_core.dialogue.hidden_goals import SEEDS
from muse_core.scoring.constraints import satisfied

if TYPE_CHECKING:
    from muse_core.evaluation.closed_loop.play import Played

WEIGHTS: Mapping[str, float] = {
    "success": 0.6, "soft": 0.2, "excess": -0.1, "language": 0.1, "no_faults": 0.1,
}  # fmt: skip
NOTHING_RECOMMENDED = 1.4  # at most


@dataclass(frozen=True)
class Verdict:
    """What one conversation was worth. `soft`, `excess` and `language` are shares in [0, 1]."""

    success: bool
    soft: float
    excess: float
    language: float
    no_faults: bool
    recommended: bool = True

    @property
    def score(self) -> float:
        """User satisfaction, 1 to 5."""
        share = sum(weight * float(getattr(self, name)) for name, weight in WEIGHTS.items())
        score = 1 + 4 * min(max(share, 0.0), 1.0)
        return score if self.recommended else min(score, NOTHING_RECOMMENDED)


def verdict(played: Played, expert_turns: int) -> Verdict:
    """The verdict on a conversation; `expert_turns`: how many the expert needed for the same one."""
    goal, items = played.goal, played.recommended
    hard = {"product_type": goal.target.product_type, **goal.hard}
    facets = goal.target.facets
    kept = [satisfied(item, {name: value}, facets) for item in items for name, value in goal.soft.items()]
    return Verdict(
        success=bool(items) and all(satisfied(item, hard, facets) for item in items),
        soft=sum(kept) / len(kept) if kept else float(bool(items)),
        excess=excess(played.turns, expert_turns),
        language=sum(heard.fits for heard in played.heard) / max(1, len(played.heard)),
        no_faults=not any(heard.faults for heard in played.heard),
        recommended=bool(items),
    )


def excess(turns: int, expert_turns: int) -> float:
    """Turns beyond the expert's, as a share of the expert's, in [0, 1]."""
    return min(max((turns - expert_turns) / max(1, expert_turns), 0.0), 1.0)


def pass_k(successes: int, k: int, talks: int = SEEDS) -> float:
    """C(successes, k) / C(talks, k)."""
    return comb(successes, k) / comb(talks, k)


def verdicts(played: Sequence[Played], expert_turns: Mapping[str, int]) -> list[Verdict]:
    """Each conversation judged; `expert_turns`: case id -> the expert's turns about the same goal, with
    the same seed."""
    return [verdict(one, expert_turns[one.case_id]) for one in played]

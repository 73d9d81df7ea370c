"""The closed loop's rows of the `metrics` table, and what is kept of it to look behind the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from muse_core.dialogue.hidden_goals import SEEDS
from muse_core.evaluation.closed_loop.audit import audit
from muse_core.evaluation.closed_loop.record import Record
from muse_core.evaluation.closed_loop.satisfaction import pass_k
from muse_core.evaluation.score.fluency import FluencyJudge
from muse_core.evaluation.score.metrics import SCORE, TO_SCORE
from muse_core.evaluation.score.scorecard import Scorecard, metric_rows
from muse_core.evaluation.score.statistics import Estimate, Statistic, mean_of, resampler, slices_of
from muse_core.records import Row
from muse_core.types import JsonValue

EXPERT = "expert"
SHOWN = 10  # of the best and of the worst conversations

Talks = Mapping[str, Sequence[Record]]  # player -> its conversations, the same goals and seeds for all


def loop_rows(talks: Talks, judge: FluencyJudge, resamples: int, seed: int) -> list[Row]:
    """Every figure of every player, over all goals and per language, with the paired differences.
    `talks` holds the expert's. Clusters: shoppers, and the frames that conversations began with."""
    expert = talks[EXPERT]
    groups = [[one.profile_id for one in expert], [one.family for one in expert]]
    sampler = resampler(groups, resamples, np.random.default_rng([seed, 2]))
    masks = slices_of({"language": [one.language for one in expert]})
    card = Scorecard(sampler, masks, judge, seed)
    for name, records in talks.items():
        for statistic in loop_statistics(records):
            card.put(name, statistic)
    card.add_differences()
    return card.table


def loop_statistics(records: Sequence[Record]) -> list[Statistic]:
    """The figures of one player; cases are conversations, those of pass^k goals."""
    judged = [one.verdict for one in records]
    found = [
        mean_of("user_satisfaction", [(one.score - 1) / 4 for one in judged], SCORE, TO_SCORE),
        mean_of("closed_loop_success", [one.success for one in judged]),
        mean_of("closed_loop_soft", [one.soft for one in judged]),
        mean_of("closed_loop_turns", [len(one.turns) for one in records], "turns"),
        mean_of("closed_loop_excess", [one.excess for one in judged]),
        mean_of("closed_loop_language", [one.language for one in judged]),
        mean_of("closed_loop_no_faults", [one.no_faults for one in judged]),
        mean_of("closed_loop_repaired", [_repaired(one) for one in records]),
        mean_of("simulator_faults", [bool(one.simulator) for one in records]),
    ]
    return found + [_pass_statistic(records, k) for k in range(1, SEEDS + 1)]


def _repaired(one: Record) -> float:
    """The share of a conversation's turns in which something could not be shown."""
    return sum(bool(turn.get("repair")) for turn in one.turns) / max(1, len(one.turns))


def _pass_statistic(records: Sequence[Record], k: int) -> Statistic:
    """One value per goal, at its first conversation."""
    won: Counter[str] = Counter()
    for one in records:
        won[one.goal_id] += one.verdict.success
    values = [pass_k(won[one.goal_id], k) if one.talk == 0 else None for one in records]
    return mean_of(f"closed_loop_pass_{k}", values)


def conversation_quality(table: Sequence[Row]) -> list[Row]:
    """Half response quality, half satisfaction (the seed's column), wherever both were measured.

    The two stand on different cases. The interval is the mean of theirs, which is never narrower than
    that of independent figures."""
    found = {(row["model"], row["metric"], row["slice"]): row for row in table}
    rows: list[Row] = []
    for (model, metric, where), turns in found.items():
        loop = found.get((model, "user_satisfaction", where))
        if metric == "response_quality" and loop is not None and turns["unit"] == SCORE:
            value, low, high = ((turns[key] + loop[key]) / 2 for key in ("value", "low", "high"))
            both = Estimate(value, low, high, min(turns["n"], loop["n"]))
            rows += metric_rows(model, "conversation_quality", where, both, SCORE)
    return rows


def about_loop(talks: Talks, left_out: Mapping[str, str] | None = None) -> dict[str, JsonValue]:
    """Counts, endings, the simulator's faults, the best and worst conversations side by side, and who
    did not play (`left_out`: model -> why)."""
    expert = talks[EXPERT]
    ends: dict[str, JsonValue] = {
        name: dict(Counter(one.ending for one in records)) for name, records in talks.items()
    }
    faults: dict[str, JsonValue] = {name: audit(records) for name, records in talks.items()}
    return {
        "goals": len({one.goal_id for one in expert}),
        "conversations": len(expert),
        "seeds": SEEDS,
        "endings": ends,
        "simulator": faults,
        "left_out": dict(left_out or {}),
        "examples": best_and_worst(talks),
    }


def best_and_worst(talks: Talks, shown: int = SHOWN) -> list[JsonValue]:
    """Conversations by the last player's score, the best and the worst, with what every player did.

    Among equal scores those come first in which the players differ most: what all do alike tells little."""
    models = [name for name in talks if name != EXPERT] or [EXPERT]
    last = talks[models[-1]]
    spread = [_spread([talks[name][at].verdict.score for name in models]) for at in range(len(last))]
    places = range(len(last))
    best = sorted(places, key=lambda at: (-last[at].verdict.score, -spread[at], at))[:shown]
    worst = sorted(places, key=lambda at: (last[at].verdict.score, -spread[at], at))[:shown]
    chosen = {at: "worst" for at in worst} | {at: "best" for at in best}
    order = [*best, *(at for at in worst if at not in best)]
    return [_example(talks, at, chosen[at]) for at in order]


def _spread(scores: Sequence[float]) -> float:
    return round(max(scores) - min(scores), 6)


def _example(talks: Talks, at: int, kind: str) -> JsonValue:
    one = talks[EXPERT][at]
    players: dict[str, JsonValue] = {
        name: {
            "score": round(records[at].verdict.score, 3),
            "success": records[at].verdict.success,
            "ending": records[at].ending,
            "turns": [dict(turn) for turn in records[at].turns],
        }
        for name, records in talks.items()
    }
    return {
        "id": one.case_id,
        "kind": kind,
        "language": one.language,
        "goal": dict(one.goal),
        "players": players,
    }

"""The closed loop's rows of the `metrics` table, and what is kept of it to look behind the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from muse_core.evaluation.closed_loop import Played
from muse_core.evaluation.closed_loop_audit import audit
from muse_core.evaluation.fluency import FluencyJudge
from muse_core.evaluation.metrics import SCORE
from muse_core.evaluation.satisfaction import Verdict, loop_statistics, verdicts
from muse_core.evaluation.scorecard import Scorecard, metric_rows
from muse_core.evaluation.statistics import Estimate, resampler, slices_of
from muse_core.records import Row
from muse_core.types import JsonValue

EXPERT = "expert"
SHOWN = 5  # of the best and of the worst conversations

Talks = Mapping[str, Sequence[Played]]  # player -> its conversations, the same goals and seeds for all


def loop_rows(talks: Talks, judge: FluencyJudge, resamples: int, seed: int) -> list[Row]:
    """Every figure of every player, over all goals and per language, with the paired differences.
    `talks` holds the expert's. Clusters: shoppers, and the frames that conversations began with."""
    expert = talks[EXPERT]
    people = [one.goal.profile.profile_id for one in expert]
    frames = [one.spoken[0].said.family.family_id for one in expert]
    sampler = resampler([people, frames], resamples, np.random.default_rng([seed, 2]))
    masks = slices_of({"language": [one.goal.profile.language for one in expert]})
    card = Scorecard(sampler, masks, judge, seed)
    for name, played in talks.items():
        for statistic in loop_statistics(played, verdicts(played, expert)):
            card.put(name, statistic)
    card.add_differences()
    return card.table


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


def about_loop(talks: Talks) -> dict[str, JsonValue]:
    """Counts, endings, the simulator's faults, and the best and worst conversations side by side."""
    expert = talks[EXPERT]
    ends: dict[str, JsonValue] = {
        name: dict(Counter(one.ending for one in played)) for name, played in talks.items()
    }
    faults: dict[str, JsonValue] = {name: audit(played) for name, played in talks.items()}
    return {
        "goals": len({one.goal.goal_id for one in expert}),
        "conversations": len(expert),
        "endings": ends,
        "simulator": faults,
        "examples": best_and_worst(talks),
    }


def best_and_worst(talks: Talks, shown: int = SHOWN) -> list[JsonValue]:
    """Conversations by the last player's score, the best and the worst, with what every player did."""
    judged = {name: verdicts(played, talks[EXPERT]) for name, played in talks.items()}
    models = [name for name in talks if name != EXPERT] or [EXPERT]
    order = sorted(range(len(talks[EXPERT])), key=lambda at: -judged[models[-1]][at].score)
    chosen = dict.fromkeys([*order[:shown], *order[-shown:]])
    return [_example(talks, judged, at) for at in chosen]


def _example(talks: Talks, judged: Mapping[str, Sequence[Verdict]], at: int) -> JsonValue:
    one = talks[EXPERT][at]
    players: dict[str, JsonValue] = {
        name: {
            "score": round(judged[name][at].score, 3),
            "success": judged[name][at].success,
            "ending": played[at].ending,
            "turns": _turns(played[at]),
        }
        for name, played in talks.items()
    }
    goal: dict[str, JsonValue] = {"product_type": one.goal.target.product_type}
    goal |= {"hard": dict(one.goal.hard), "soft": dict(one.goal.soft)}
    return {"id": one.case_id, "language": one.goal.profile.language, "goal": goal, "players": players}


def _turns(played: Played) -> list[JsonValue]:
    """What was said and called, turn by turn."""
    calls = _calls_by_turn(played)
    return [
        {"user": spoken.text, "calls": calls[turn], "assistant": heard.text, "faults": list(heard.faults)}
        for turn, (spoken, heard) in enumerate(zip(played.spoken, played.heard, strict=True))
    ]


def _calls_by_turn(played: Played) -> list[list[JsonValue]]:
    calls: list[list[JsonValue]] = []
    for message in played.messages:
        if message.role == "user":
            calls.append([])
        for call in message.tool_calls:
            calls[-1].append({"name": call.name, "arguments": dict(call.arguments)})
    return calls

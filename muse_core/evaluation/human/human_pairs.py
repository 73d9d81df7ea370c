"""Train-side ratings -> preference pairs: people, not the reward, say which turn is better.

A pair needs more votes for one turn than for the other (ties count for neither), a mean score over all
criteria and raters that says the same, and a strength σ(difference) of at least `THRESHOLD`, as
mined pairs do. The score written is that mean. Test-side ratings are refused: a model must not be
trained on what it is measured with.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from muse_core.errors import ConfigError
from muse_core.evaluation.human import CRITERIA
from muse_core.evaluation.human.items import CHOSEN, REJECTED
from muse_core.preferences.pairing import strength
from muse_core.preferences.people import SUFFIX
from muse_core.records import Row
from muse_core.types import JsonValue, PreferencePair

THRESHOLD = 0.6


def refuse_test_side(side: str, study_id: str) -> None:
    """ConfigError unless a study rated train-side conversations."""
    if side != "train":
        raise ConfigError(
            f"--pairs: study {study_id} rated {side}-side conversations, which must never be trained on; "
            "nothing was written. Import without --pairs, or rate training turns: "
            "muse human-eval make --side train"
        )


def human_pairs(
    rows: Sequence[Row], mined: Mapping[str, PreferencePair]
) -> tuple[list[PreferencePair], dict[str, int]]:
    """The pairs, and how many items gave none, by reason. `mined`: pair id -> the pair that was shown."""
    by_item: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        refuse_test_side(row["side"], row["study_id"])
        by_item[row["case_id"]].append(row)
    pairs: list[PreferencePair] = []
    dropped: Counter[str] = Counter()
    for source_id in sorted(by_item):
        found = _pair(mined[source_id], by_item[source_id])
        if isinstance(found, str):
            dropped[found] += 1
        else:
            pairs.append(found)
    return pairs, dict(sorted(dropped.items()))


def _pair(mined: PreferencePair, rows: Sequence[Row]) -> PreferencePair | str:
    """The pair as people see it, or why there is none."""
    votes = Counter(row["preferred_model"] for row in rows)
    if votes[CHOSEN] == votes[REJECTED]:
        return "as many votes for as against"
    scores = {name: _mean_score(rows, name) for name in (CHOSEN, REJECTED)}
    winner, loser = (CHOSEN, REJECTED) if votes[CHOSEN] > votes[REJECTED] else (REJECTED, CHOSEN)
    if scores[winner] <= scores[loser]:
        return "scores contradict the votes"
    strong = strength(scores[winner], scores[loser])
    if strong < THRESHOLD:
        return f"strength below {THRESHOLD}"
    turns = {CHOSEN: mined.chosen, REJECTED: mined.rejected}
    evidence: dict[str, JsonValue] = {
        "judged_by": "people",
        "study": rows[0]["study_id"],
        "raters": len(rows),
        "votes": {"for": votes[winner], "against": votes[loser], "tie": votes["tie"]},
        "reward_agrees": winner == CHOSEN,
        "turn_type": rows[0]["turn_type"],
        "chosen_reasoning": f"preferred by {votes[winner]} of {len(rows)} raters",
        "rejected_reasoning": f"preferred by {votes[loser]} of {len(rows)} raters",
    }
    return replace(
        mined,
        pair_id=f"{mined.pair_id}{SUFFIX}",
        chosen=turns[winner],
        rejected=turns[loser],
        chosen_score=scores[winner],
        rejected_score=scores[loser],
        strength=strong,
        evidence=evidence,
    )


def _mean_score(rows: Sequence[Row], name: str) -> float:
    letters = [(row, "a" if row["model_a"] == name else "b") for row in rows]
    return fmean(row[f"{criterion}_{letter}"] for row, letter in letters for criterion in CRITERIA)

"""Do the raters agree? Krippendorff's alpha (Krippendorff 2004, library `krippendorff`).

Scores: ordinal, one unit per item and model. Preference: nominal (the model, or tie), one unit per item
whose answers differ. Equal answers are scored once by a rater and counted once. Alpha 0.667 is the
smallest at which Krippendorff allows tentative conclusions: below it no headline.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from muse_core.evaluation.human import CRITERIA
from muse_core.records import Row

ENOUGH = 0.67
Votes = dict[Hashable, dict[str, Any]]  # unit -> rater -> value


def agreement(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Per question: alpha (None where it is not defined), the units that two or more rated, and why
    there is no headline (None when there may be one)."""
    found = {}
    for question in (*CRITERIA, "preference"):
        votes = _preferences(rows) if question == "preference" else _scores(rows, question)
        value = alpha(votes, "nominal" if question == "preference" else "ordinal")
        shared = sum(len(one) > 1 for one in votes.values())
        found[question] = {"value": value, "units": shared, "why_not": _why_not(value, shared, votes)}
    return found


def alpha(votes: Votes, level: Literal["nominal", "ordinal"]) -> float | None:
    """Alpha over units that two or more raters judged; None without such units, or when there is only
    one value, so that agreement by chance cannot be told from agreement."""
    from krippendorff import alpha as krippendorff_alpha

    shared = [unit for unit in votes.values() if len(unit) > 1]
    domain = sorted({value for unit in shared for value in unit.values()})
    if len(domain) < 2:
        return None
    counts = np.array([[list(unit.values()).count(value) for value in domain] for unit in shared])
    order: Any = domain if level == "ordinal" else list(range(len(domain)))
    return float(krippendorff_alpha(value_counts=counts, value_domain=order, level_of_measurement=level))


def _why_not(value: float | None, shared: int, votes: Votes) -> str | None:
    if value is not None:
        return None if value >= ENOUGH else f"alpha {value:.2f} is below {ENOUGH}"
    if not votes:
        return "nothing to compare"
    return "all ratings are equal, alpha is not defined" if shared else "no item was rated by two people"


def _scores(rows: Sequence[Row], criterion: str) -> Votes:
    votes: Votes = {}
    for row in rows:
        letters = "a" if row["same_answer"] else "ab"
        for letter in letters:
            unit = (row["item_id"], "both" if row["same_answer"] else row[f"model_{letter}"])
            votes.setdefault(unit, {})[row["rater_id"]] = row[f"{criterion}_{letter}"]
    return votes


def _preferences(rows: Sequence[Row]) -> Votes:
    votes: Votes = {}
    for row in rows:
        if not row["same_answer"]:
            votes.setdefault(row["item_id"], {})[row["rater_id"]] = row["preferred_model"]
    return votes


def headline(
    alphas: Mapping[str, Mapping[str, Any]], means: Mapping[str, Any], wins: Sequence[Row]
) -> list[str]:
    """One line per question: the finding, or why there is none."""
    lines = []
    for criterion in CRITERIA:
        figures = ", ".join(
            "{} {:.2f} [{:.2f}, {:.2f}]".format(model, *(one[criterion][k] for k in ("value", "low", "high")))
            for model, one in means.items()
        )
        lines.append(_line(criterion.replace("_", " "), alphas[criterion], figures))
    figures = ", ".join(
        f"{one['model']} over {one['opponent']} {100 * one['value']:.0f} % "
        f"[{100 * one['low']:.0f}, {100 * one['high']:.0f}]"
        for one in wins
    )
    return [*lines, _line("preference", alphas["preference"], figures)]


def _line(name: str, alpha_of: Mapping[str, Any], figures: str) -> str:
    if alpha_of["why_not"]:
        return f"no headline for {name}: {alpha_of['why_not']}"
    return f"{name} (alpha {alpha_of['value']:.2f}): {figures}"

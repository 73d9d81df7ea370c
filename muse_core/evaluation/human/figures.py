"""What the ratings say: mean scores, preferences, and how far the automatic metrics follow people.

Intervals are 95 % cluster bootstraps, the wider of by-profile and by-rater: neither two ratings of one
shopper's turns nor two by one person are independent. A win rate counts ties, equal answers among them,
as ½. Spearman's ρ is over answers (item and model), each with the mean over its raters; items are
resampled.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean, median
from typing import Any

import numpy as np

from muse_core.evaluation.human import CRITERIA
from muse_core.evaluation.human.ratings_table import TIE
from muse_core.evaluation.score.statistics import Estimate, estimate, mean_of, resampler, wilson
from muse_core.records import Row

RESAMPLES = 1000
FEWEST_ANSWERS = 10  # for a correlation
HASTY_S = 10  # median seconds per item
SCORE = "score_1_5"
Figure = dict[str, Any]


def means(rows: Sequence[Row], seed: int) -> dict[str, dict[str, Figure]]:
    """Model -> criterion -> mean with its interval."""
    answers = [(row, letter) for row in rows for letter in "ab"]
    sampler = _sampler([row for row, _ in answers], seed)
    models = sorted({row[f"model_{letter}"] for row, letter in answers}, key=_order)
    found: dict[str, dict[str, Figure]] = {}
    for model in models:
        found[model] = {}
        for name in CRITERIA:
            values = [
                float(row[f"{name}_{letter}"]) if row[f"model_{letter}"] == model else None
                for row, letter in answers
            ]
            found[model][name] = _figure(estimate(mean_of(name, values, SCORE), sampler))
    return found


def preferences(rows: Sequence[Row], seed: int) -> list[Figure]:
    """Per pair of models: counts, win rate (ties ½) of the later-trained one, and its interval."""
    found = []
    pairs = sorted({_pair(row) for row in rows}, key=lambda pair: (_order(pair[0]), _order(pair[1])))
    for model, opponent in pairs:
        met = [row for row in rows if _pair(row) == (model, opponent)]
        points = [_points(row, model) for row in met]
        figure = _figure(estimate(mean_of("win_rate", points), _sampler(met, seed)))
        counts = {"won": points.count(1.0), "tied": points.count(0.5), "lost": points.count(0.0)}
        equal = sum(row["same_answer"] for row in met)
        found.append({"model": model, "opponent": opponent, **counts, "equal_answers": equal, **figure})
    return found


def correlations(rows: Sequence[Row], items: Mapping[str, Mapping[str, Any]], seed: int) -> list[Figure]:
    """Spearman's ρ of every automatic metric with every criterion."""
    people = _by_answer(rows)
    metrics = sorted({name for item in items.values() for one in item["automatic"].values() for name in one})
    found = []
    for metric in metrics:
        known = [
            (item, items[item]["automatic"][model][metric], scores)
            for (item, model), scores in sorted(people.items())
            if metric in items[item]["automatic"][model]
        ]
        for place, criterion in enumerate(CRITERIA):
            pairs = np.array([[value, scores[place]] for _, value, scores in known]).reshape(-1, 2)
            figure = _spearman(pairs, [item for item, _, _ in known], np.random.default_rng([seed, 3]))
            found.append({"automatic": metric, "criterion": criterion, **figure})
    return found


def _by_answer(rows: Sequence[Row]) -> dict[tuple[str, str], list[float]]:
    """(item, model) -> mean score per criterion. Equal answers count once, for the first model."""
    given: dict[tuple[str, str], list[list[int]]] = defaultdict(list)
    for row in rows:
        alike = sorted((row["model_a"], row["model_b"]))[0]
        for letter in "a" if row["same_answer"] else "ab":
            model = alike if row["same_answer"] else row[f"model_{letter}"]
            given[row["item_id"], model].append([row[f"{name}_{letter}"] for name in CRITERIA])
    return {key: [fmean(column) for column in zip(*scores, strict=True)] for key, scores in given.items()}


def _spearman(pairs: np.ndarray, items: Sequence[str], rng: np.random.Generator) -> Figure:
    n = len(pairs)
    value = _rank_correlation(pairs) if n >= FEWEST_ANSWERS else None
    if value is None:
        return {"value": None, "low": None, "high": None, "n": n}
    names, owner = np.unique(np.array(items), return_inverse=True)
    places = [np.flatnonzero(owner == at) for at in range(len(names))]
    draws = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([places[at] for at in rng.integers(len(names), size=len(names))])
        draws.append(_rank_correlation(pairs[drawn]))
    low, high = np.percentile([draw for draw in draws if draw is not None] or [value], [2.5, 97.5])
    return {"value": value, "low": min(float(low), value), "high": max(float(high), value), "n": n}


def _rank_correlation(pairs: np.ndarray) -> float | None:
    """Pearson's correlation of the mid-ranks; None when one side does not vary."""
    from scipy.stats import rankdata

    if np.ptp(pairs[:, 0]) == 0 or np.ptp(pairs[:, 1]) == 0:
        return None
    return float(np.corrcoef(rankdata(pairs[:, 0]), rankdata(pairs[:, 1]))[0, 1])


def raters(rows: Sequence[Row], skipped: Mapping[str, int]) -> tuple[list[Figure], list[str]]:
    """Per rater how much, how fast and which letter; and warnings to look at before believing them."""
    found: list[Figure] = []
    warnings: list[str] = []
    for name in sorted(skipped):
        own = [row for row in rows if row["rater_id"] == name]
        decided = [row["preference"] for row in own if row["preference"] != TIE]
        seconds = median([row["seconds"] for row in own]) if own else None
        found.append({"rater": name, "rated": len(own), "skipped": skipped[name], "median_seconds": seconds})
        scores = {row[f"{c}_{letter}"] for row in own for c in CRITERIA for letter in "ab"}
        if len(own) > 4 and len(scores) == 1:
            warnings.append(f"warning: rater {name} gave every answer the same score")
        if seconds is not None and seconds < HASTY_S:
            warnings.append(f"warning: rater {name} took {seconds:g} s per item in the median")
        low, high = wilson(decided.count("A"), len(decided))
        if len(decided) > 9 and not low <= 0.5 <= high:
            warnings.append(
                f"warning: rater {name} preferred A in {decided.count('A')} of {len(decided)} items"
            )
    return found, warnings


def _sampler(rows: Sequence[Row], seed: int) -> Any:
    groupings = [[row["profile_id"] for row in rows], [row["rater_id"] for row in rows]]
    return resampler(groupings, RESAMPLES, np.random.default_rng([seed, 4]))


def _figure(found: Estimate) -> Figure:
    """NaN becomes None: JSON has none."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(found).items()}


def _pair(row: Row) -> tuple[str, str]:
    first, second = sorted((row["model_a"], row["model_b"]), key=_order, reverse=True)
    return first, second


def _points(row: Row, model: str) -> float:
    return 0.5 if row["preferred_model"] == TIE else float(row["preferred_model"] == model)


def _order(model: str) -> int:
    """Later stages last; what the reward chose after what it rejected."""
    known = ("base", "sft", "dpo", "rejected", "chosen")
    return known.index(model) if model in known else len(known)

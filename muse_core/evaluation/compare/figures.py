"""Models of several runs on the same cases → rows of the `metrics` table with their paired differences.

A figure is compared only where its cases are the same ones: simulated turns and conversations of one data
set, requests of people of one case file. What is not the same is left out and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from muse_core.evaluation.closed_loop.rows import loop_statistics
from muse_core.evaluation.compare.runs import Compared
from muse_core.evaluation.people.outcomes import outcome_statistics
from muse_core.evaluation.predict.exam import FURTHER, TEST, UNSEEN
from muse_core.evaluation.predict.rates import CONDITION_OF, rate_statistics
from muse_core.evaluation.predict.unseen_shops import unseen_statistics
from muse_core.evaluation.score import metrics
from muse_core.evaluation.score.scorecard import metric_rows
from muse_core.evaluation.score.statistics import Resampler, Statistic, difference, estimate, resampler
from muse_core.records import Row

Cards = Sequence[Sequence[Statistic]]  # per model


def compared_rows(models: Sequence[Compared], resamples: int, seed: int) -> tuple[list[Row], list[str]]:
    """Rows over all cases (model: a name; of differences `name-first`), and what could not be compared."""
    table: list[Row] = []
    lacks: list[str] = []
    if _are_same([one.exam for one in models]):
        for parts in _CARDS:
            table += _turns(models, parts, resamples, seed)
    else:
        lacks.append("simulated turns: the runs have other test turns (other data, or another seed)")
    if _are_same([one.goals for one in models]) and all(one.talks for one in models):
        table += _talks(models, resamples, seed)
    else:
        lacks.append("the closed loop: the runs have played other goals, or none")
    for prefix in sorted({prefix for one in models for prefix in one.people}):
        found = [one.people.get(prefix) for one in models]
        if all(found) and _are_same([tuple(one[0]) for one in found if one]):
            table += _people(models, prefix, resamples, seed)
        else:
            lacks.append(f"{prefix.rstrip('_')}: another case file, or a run of before outcomes were kept")
    return table, lacks


def _are_same(found: Sequence[object]) -> bool:
    return len(set(found)) == 1


def _turns(models: Sequence[Compared], parts: Sequence[str], resamples: int, seed: int) -> Iterator[Row]:
    """In the order of the exam, which is the same for all."""
    rows = [[row for row in one.rows if row["part"] in parts] for one in models]
    if not all(rows):
        return
    cards = [_CARDS[parts](found, model) for found, model in zip(rows, models, strict=True)]
    groups = [[row["profile_id"] for row in rows[0]], [row["family"] for row in rows[0]]]
    yield from _rows(models, cards, resampler(groups, resamples, np.random.default_rng([seed, 21])))


def _headline(rows: Sequence[Row], _: Compared) -> list[Statistic]:
    found = metrics.statistics(rows, metrics.facts_of(rows))
    return [one for one in found if one.name not in CONDITION_OF]


def _rates(rows: Sequence[Row], model: Compared) -> list[Statistic]:
    sample = sum(row["part"] == TEST for row in rows)
    return list(rate_statistics(rows, [""] * sample + list(model.drawn_for)))


_CARDS: Mapping[Sequence[str], Callable[[Sequence[Row], Compared], list[Statistic]]] = {
    (TEST,): _headline,
    (TEST, FURTHER): _rates,
    (UNSEEN,): lambda rows, _: unseen_statistics(rows),
}


def _talks(models: Sequence[Compared], resamples: int, seed: int) -> Iterator[Row]:
    talks = [sorted(one.talks, key=lambda talk: talk.case_id) for one in models]
    groups = [[one.profile_id for one in talks[0]], [one.family for one in talks[0]]]
    sampler = resampler(groups, resamples, np.random.default_rng([seed, 22]))
    yield from _rows(models, [loop_statistics(found) for found in talks], sampler)


def _people(models: Sequence[Compared], prefix: str, resamples: int, seed: int) -> Iterator[Row]:
    names = [list(models[0].people[prefix][0])]
    sampler = resampler(names, resamples, np.random.default_rng([seed, 23]))
    cards = [outcome_statistics(prefix, one.people[prefix][1]) for one in models]
    yield from _rows(models, cards, sampler)


def _rows(models: Sequence[Compared], cards: Cards, sampler: Resampler) -> Iterator[Row]:
    """Values of all models, and the difference of each from the first."""
    first = {one.name: one for one in cards[0]}
    for model, card in zip(models, cards, strict=True):
        for one in card:
            yield from metric_rows(model.name, one.name, "all", estimate(one, sampler), one.unit)
            if model is not models[0] and one.name in first:
                found = difference(one, first[one.name], sampler)
                pair = f"{model.name}-{models[0].name}"
                yield from metric_rows(pair, one.name, "all", found, f"{one.unit}_difference")

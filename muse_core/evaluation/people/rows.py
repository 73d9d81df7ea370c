"""Answers to requests of people → rows of the `metrics` table.

Metrics have the prefix of their set: tool accuracy strict and lenient, macro-F1, exact call, argument F1,
invented values and the three kinds of abstention; over all cases and on every cut. Baselines only decide, and
a model that has never learnt to call gets rows for tool selection only. Paired differences: between the
models, over all cases and per language; and of the last model from every baseline in tool selection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from muse_core.evaluation.cases.case_summary import statistics_of
from muse_core.evaluation.people.cuts import Noun, columns_of
from muse_core.evaluation.score.metrics import macro_f1
from muse_core.evaluation.score.scorecard import DIFFERENCES, metric_rows
from muse_core.evaluation.score.statistics import (
    Resampler,
    Statistic,
    difference,
    estimate,
    mean_of,
    resampler,
    slices_of,
)
from muse_core.records import Row

if TYPE_CHECKING:  # it loads torch, which a page about answers does without
    from muse_core.evaluation.people.asked import Asked

LAST = "dpo"
SELECTION = ("tool_accuracy", "tool_accuracy_lenient", "tool_macro_f1")
AGAINST_BASELINES = ("tool_accuracy", "tool_accuracy_lenient")

Known = Mapping[str, Mapping[str, Statistic]]  # model or baseline -> metric -> statistic


def people_rows(
    asked: Asked, silent: Collection[str], nouns: frozenset[Noun], resamples: int, seed: int
) -> list[Row]:
    """Rows of one set. `silent`: models that cannot call; `nouns`: what training calls searched for."""
    names = [case.case_id for case in asked.cases]
    sampler = resampler([names], resamples, np.random.default_rng([seed, 5]))
    masks = slices_of(columns_of(asked.cases, nouns))
    known = _known(asked, silent)
    rows = [*_values(known, masks, sampler), *_differences(known, list(asked.decided), masks, sampler)]
    named = [row | {"metric": asked.prefix + row["metric"]} for row in rows]
    return sorted(named, key=lambda row: (row["model"], row["metric"], row["slice"]))


def _known(asked: Asked, silent: Collection[str]) -> Known:
    models = {
        name: {
            metric: one
            for metric, one in statistics_of(verdicts).items()
            if name not in silent or metric in SELECTION
        }
        for name, verdicts in asked.verdicts.items()
    }
    return {name: _selection(asked, decided) for name, decided in asked.decided.items()} | models


def _selection(asked: Asked, decided: Sequence[str]) -> dict[str, Statistic]:
    """A baseline only decides."""
    pairs = list(zip(asked.cases, decided, strict=True))
    found = (
        mean_of("tool_accuracy", [tool == case.expected_tool for case, tool in pairs]),
        mean_of("tool_accuracy_lenient", [tool in case.acceptable_tools for case, tool in pairs]),
        macro_f1("tool_macro_f1", [case.expected_tool for case in asked.cases], decided),
    )
    return {one.name: one for one in found}


def _values(known: Known, masks: Mapping[str, NDArray[np.bool_]], sampler: Resampler) -> Iterator[Row]:
    for where, mask in masks.items():
        for name, found in known.items():
            for metric, one in found.items():
                yield from metric_rows(name, metric, where, estimate(one.within(mask), sampler), one.unit)


def _differences(
    known: Known, baselines: Sequence[str], masks: Mapping[str, NDArray[np.bool_]], sampler: Resampler
) -> Iterator[Row]:
    for new, old in DIFFERENCES:
        for metric in known.get(new, {}).keys() & known.get(old, {}).keys():
            for where, mask in masks.items():
                if where == "all" or where.startswith("language="):
                    yield from _difference(known, (new, old), metric, where, mask, sampler)
    for name in baselines if LAST in known else ():
        for metric in AGAINST_BASELINES:
            yield from _difference(known, (LAST, name), metric, "all", masks["all"], sampler)


def _difference(
    known: Known,
    pair: tuple[str, str],
    metric: str,
    where: str,
    mask: NDArray[np.bool_],
    sampler: Resampler,
) -> list[Row]:
    new, old = (known[name][metric].within(mask) for name in pair)
    found = difference(new, old, sampler)
    return metric_rows("-".join(pair), metric, where, found, "share_difference")

"""The hand-written cases, and what models make of them as rows of the `metrics` table.

Metrics are named `handwritten_…` (sixty cases in the shop of the run) and `people_…` (172 in three shops that
it has not seen, `three_shops.py`), so that they stand beside the simulated ones: tool accuracy strict and
lenient, macro-F1, exact call, argument F1, invented values and the three kinds of abstention; over all cases
and per language, with paired differences. Sixty cases show large differences only: see
`significance.minimum_detectable_difference`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muse_core.evaluation.cases.case import EvalCase, Verdict, judge_case
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.cases.case_models import answer_cases
from muse_core.evaluation.cases.case_summary import statistics_of
from muse_core.evaluation.cases.handwritten.three_shops import people_cases
from muse_core.evaluation.score.scorecard import DIFFERENCES, metric_rows
from muse_core.evaluation.score.statistics import difference, estimate, resampler, slices_of
from muse_core.models.loading import LoadedModel
from muse_core.records import Row
from muse_core.tools.shop_schema import schema_of

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

PACKAGE_DATA = ("pictures/*",)  # named by the cases
PREFIX = "handwritten_"
PEOPLE = "people_"
CALLS = (
    "exact_call", "argument_f1", "invented_value", "malformed_call", "called_without_need", "abstained",
)  # fmt: skip


def handwritten_cases() -> list[EvalCase]:
    """The sixty cases."""
    return load_cases(Path(__file__).parent / "cases.jsonl")


def verdicts_of(loaded: LoadedModel, cases: Sequence[EvalCase], index: CatalogIndex) -> list[Verdict]:
    """A model's first act on each case, judged."""
    answers = answer_cases(loaded, cases, index)
    return [judge_case(case, one.calls, one.malformed) for case, one in zip(cases, answers, strict=True)]


def handwritten_rows(
    models: Mapping[str, LoadedModel], index: CatalogIndex, resamples: int, seed: int
) -> list[Row]:
    """Rows of the `metrics` table for each model, and for the pairs of `scorecard.DIFFERENCES`. A model
    that has never learnt to call gets rows for tool selection only."""
    silent = {name for name, loaded in models.items() if not loaded.can_call}
    rows: list[Row] = []
    schema = schema_of(index.catalog.facets)
    own = [replace(case, schema=schema) for case in handwritten_cases()]
    for prefix, cases in ((PREFIX, own), (PEOPLE, people_cases())):
        judged = {name: verdicts_of(loaded, cases, index) for name, loaded in models.items()}
        rows += rows_of(judged, silent, resamples, seed, prefix)
    return rows


def rows_of(
    judged: Mapping[str, Sequence[Verdict]],
    silent: set[str],
    resamples: int,
    seed: int,
    prefix: str = PREFIX,
) -> list[Row]:
    """The same from verdicts on the same cases in the same order."""
    cases = [one.case for one in next(iter(judged.values()))]
    sampler = resampler([[case.case_id for case in cases]], resamples, np.random.default_rng([seed, 5]))
    masks = slices_of({"language": [case.language for case in cases]})
    known = {
        name: {k: v for k, v in statistics_of(verdicts).items() if name not in silent or k not in CALLS}
        for name, verdicts in judged.items()
    }
    rows: list[Row] = []
    for where, mask in masks.items():
        for name, found in known.items():
            for metric, one in found.items():
                made = estimate(one.within(mask), sampler)
                rows += metric_rows(name, prefix + metric, where, made, one.unit)
        for new, old in DIFFERENCES:
            for metric in known.get(new, {}).keys() & known.get(old, {}).keys():
                pair = known[new][metric].within(mask), known[old][metric].within(mask)
                rows += metric_rows(
                    f"{new}-{old}", prefix + metric, where, difference(*pair, sampler), "share_difference"
                )
    return sorted(rows, key=lambda row: (row["model"], row["metric"], row["slice"]))

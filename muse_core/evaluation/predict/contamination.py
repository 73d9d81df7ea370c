"""Do held-out texts also occur on the train side? The looks are those of `scoring/overlap.py`.

Templates of the two sides differ by construction, values (brands, prices, names of products) do not: a
long list of constraints can share eight words without sharing its frame. Texts are users' words only:
that is what a model could have learnt to answer by heart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from muse_core.evaluation.predict.open_loop import Case, CaseSet
from muse_core.evaluation.score.statistics import estimate, mean_of, resampler, slices_of
from muse_core.records import Row
from muse_core.scoring.overlap import KINDS, Leak, find_leaks, user_turns
from muse_core.types import Conversation, JsonValue

SHOWN = 20  # examples
MODEL = "test_side"  # in the metrics table: these figures are the cases', not a model's


def case_set_leaks(cases: Sequence[Case], conversations: Iterable[Conversation]) -> list[Leak]:
    """The leaking cases of the open loop."""
    return find_leaks({case.case_id: case.utterance for case in cases}, user_turns(conversations))


def without_leaks(found: CaseSet, leaks: Sequence[Leak]) -> CaseSet:
    """The cases that leak nothing."""
    leaking = {leak.text_id for leak in leaks}
    return CaseSet(
        tuple(case for case in found.cases if case.case_id not in leaking), found.overlapping + len(leaking)
    )


def leak_rows(cases: Sequence[Case], leaks: Sequence[Leak], resamples: int, seed: int) -> list[Row]:
    """Shares of leaking cases, over all and per language, before any is left out."""
    kinds = {leak.text_id: leak.kinds for leak in leaks}
    groups = [
        [case.conversation.profile_id for case in cases],
        [case.label.family for case in cases],
    ]
    sampler = resampler(groups, resamples, np.random.default_rng([seed, 3]))
    rows: list[Row] = []
    for where, mask in slices_of({"language": [case.conversation.language for case in cases]}).items():
        for kind in KINDS:
            statistic = mean_of(f"leak_{kind}", [kind in kinds.get(case.case_id, ()) for case in cases])
            found = estimate(statistic.within(mask), sampler)
            row: Row = {"model": MODEL, "metric": statistic.name, "slice": where, "unit": "share"}
            rows.append(row | {"value": found.value, "low": found.low, "high": found.high, "n": found.n})
    return rows


def leak_report(texts: int, leaks: Sequence[Leak]) -> dict[str, JsonValue]:
    """Counts by kind and examples by id: for `about`, and for `muse eval --cases`."""
    counts: dict[str, JsonValue] = {kind: sum(kind in leak.kinds for leak in leaks) for kind in KINDS}
    examples: list[JsonValue] = [leak.as_json() for leak in leaks[:SHOWN]]
    return {"texts": texts, "leaking": len(leaks), **counts, "examples": examples}

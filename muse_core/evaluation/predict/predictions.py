"""A model's turns on the test cases, judged: the rows of `predictions`.

The turns are greedy, each in a world that stands as the gold conversation left it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from muse_core.evaluation.predict.open_loop import Case, Prediction, judge
from muse_core.generation.answer import Answered, answer
from muse_core.generation.assistant import TurnRequest
from muse_core.generation.crew import Luggage, open_crew
from muse_core.generation.decode import Sampling
from muse_core.models.loading import LoadedModel
from muse_core.models.word_positions import word_position_probabilities
from muse_core.progress import Progress
from muse_core.records import Row, canonical_json
from muse_core.tools.base import ShopWorld
from muse_core.tools.shop_schema import PLAIN, ShopSchema, schema_of
from muse_core.world.shop import Shop


@dataclass(frozen=True)
class _Asked:
    """Which model is asked, and how."""

    name: str
    digest: str
    max_new_tokens: int
    repairs: bool


def predict(
    loaded: LoadedModel,
    cases: Sequence[Case],
    shop: Shop,
    name: str,
    digest: str,
    max_new_tokens: int,
    progress: Progress | None = None,
    repairs: bool = False,
) -> list[Row]:
    """One row per case, in order: the model's own turn, and with `repairs` what is served in its place.
    With a trained position head (not the base's), turns with a gold call carry its word ends. The crew that
    is open, if any, shares the cases."""
    asked = _Asked(name, digest, max_new_tokens, repairs)
    crew = open_crew()
    if crew is None or not crew.is_worth(len(cases)):
        return _predict_here(loaded, shop, asked, cases, progress)
    rows: list[Row] = []
    work = partial(_predict_there, crew.pack(loaded), crew.pack(shop), asked)
    for part in crew.share(work, cases):
        rows += part
        if progress is not None:
            progress.update(len(rows), len(cases), "turns")
    return rows


def _predict_there(model: Luggage, shop: Luggage, *rest: Any) -> list[Row]:
    """In a process of a crew."""
    return _predict_here(model.unpack(), shop.unpack(), *rest)


def _predict_here(
    loaded: LoadedModel,
    shop: Shop,
    asked: _Asked,
    cases: Sequence[Case],
    progress: Progress | None = None,
) -> list[Row]:
    requests = [TurnRequest(case.context, world_of(case, shop), case.label.turn) for case in cases]
    sampling = Sampling(max_new_tokens=asked.max_new_tokens)
    answered = answer(loaded, requests, sampling, repairs=asked.repairs, progress=progress)
    rows = [
        judge(case, prediction_of(one), asked.name, asked.digest, schema_in(case, shop))
        for case, one in zip(cases, answered, strict=True)
    ]
    return with_positions(rows, loaded, cases) if "trained" in loaded.about else rows


def prediction_of(one: Answered) -> Prediction:
    """A turn as the model made it, with what was served in its place."""
    served = one.messages if one.repair else None
    return Prediction(one.own.messages, one.own.malformed, one.fault or "", one.repair or "", served)


def expert_rows(cases: Sequence[Case], schema: ShopSchema = PLAIN) -> list[Row]:
    """The gold turns judged as if a model had made them, in this shop: what the metrics allow at most."""
    return [judge(case, Prediction(case.gold), "expert", "", schema) for case in cases]


def schema_in(case: Case, shop: Shop) -> ShopSchema:
    """The tools as the shop of a case has them."""
    return schema_of(shop.index_of(case.conversation).catalog.facets)


def world_of(case: Case, shop: Shop) -> ShopWorld:
    """The shop world as it stands before the case's turn."""
    return shop.world_before(case.conversation, case.label.turn)


def with_positions(rows: Sequence[Row], loaded: LoadedModel, cases: Sequence[Case]) -> list[Row]:
    """The rows with `positions` ([[probability, is gold], …]) in the facts of turns with a gold call."""
    due = [at for at, case in enumerate(cases) if case.label.position is not None]
    found = word_position_probabilities(loaded, [cases[at].context for at in due])
    done = list(rows)
    for at, ends in zip(due, found, strict=True):
        facts = json.loads(done[at]["facts_json"])
        facts["positions"] = _labelled(ends, cases[at].label.position or 0)
        done[at] = done[at] | {"facts_json": canonical_json(facts)}
    return done


def _labelled(ends: Sequence[tuple[int, float]], position: int) -> list[list[float | bool]]:
    """The gold word is the first that ends at the position or reaches over it, as in training."""
    gold = next((at for at, (end, _) in enumerate(ends) if end >= position), len(ends) - 1)
    return [[round(probability, 6), at == gold] for at, (_, probability) in enumerate(ends)]

"""Requests of people → rows of the `metrics` table, and what `about` says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from muse_core.evaluation.people.asked import Asked, ask
from muse_core.evaluation.people.cuts import nouns_searched
from muse_core.evaluation.people.failures import failure_counts, invented_values, worst
from muse_core.evaluation.people.outcomes import outcomes
from muse_core.evaluation.people.rows import LAST, people_rows
from muse_core.evaluation.people.sets import PeopleSet
from muse_core.evaluation.score.baselines import Baselines
from muse_core.models.loading import LoadedModel
from muse_core.records import Row
from muse_core.types import Conversation

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex


@dataclass(frozen=True)
class People:
    """`table`: metric rows; `about`: prefix -> failures and invented values of the last model, and the
    outcomes of all."""

    table: list[Row]
    about: dict[str, Any]


def measure_people(
    models: Mapping[str, LoadedModel],
    baselines: Baselines,
    sets: Sequence[PeopleSet],
    train: Sequence[Conversation],
    index: CatalogIndex,
    resamples: int,
    seed: int,
) -> People:
    """Every model and every baseline on every set. `train`: the conversations that they have learnt from,
    which say what noun is new to them."""
    silent = {name for name, loaded in models.items() if not loaded.can_call}
    nouns = nouns_searched(train)
    table: list[Row] = []
    about: dict[str, Any] = {}
    for one in sets:
        asked = ask(models, baselines, one, index)
        table += people_rows(asked, silent, nouns, resamples, seed)
        about[one.prefix] = dict(_about(asked)) | {"outcomes": outcomes(asked, silent)}
    return People(table, about)


def _about(asked: Asked) -> Iterator[tuple[str, Any]]:
    yield "cases", len(asked.cases)
    if LAST in asked.answers:
        verdicts = asked.verdicts[LAST]
        yield "failures", worst(asked, LAST)
        yield "kinds", failure_counts(verdicts)
        yield "invented", invented_values(verdicts)

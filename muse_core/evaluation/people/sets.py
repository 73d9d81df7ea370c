"""Which requests of people a run is measured on. Each set has a prefix in the `metrics` table::

cases_         a user's own file (`evaluation.cases`), in the shop of the run
people_        172 requests, labelled by hand, in three shops that no model has seen
handwritten_   sixty requests, labelled by hand, in the shop of the run
labelled_      held-out requests of the shop's log, labelled by a person, in the shop of the run
logged_        the same, labelled by rules
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.cases.handwritten.one_shop import handwritten_cases
from muse_core.evaluation.cases.handwritten.three_shops import people_cases
from muse_core.evaluation.cases.logged import held_out_cases
from muse_core.tools.shop_schema import ShopSchema
from muse_core.types import Conversation
from muse_core.utterances import origin

OWN, PEOPLE, HANDWRITTEN, LABELLED, LOGGED = "cases_", "people_", "handwritten_", "labelled_", "logged_"


@dataclass(frozen=True)
class PeopleSet:
    """Some requests, with what is right in each."""

    prefix: str
    cases: tuple[EvalCase, ...]


def people_sets(
    schema: ShopSchema, own: str | None = None, conversations: Sequence[Conversation] = ()
) -> list[PeopleSet]:
    """Every set that has cases. `schema`: of the shop of the run; `own`: the user's case file;
    `conversations`: of the run, among them requests of a log. ConfigError for a faulty case file."""
    found = {
        OWN: load_cases(Path(own), schema) if own else [],
        PEOPLE: people_cases(),
        HANDWRITTEN: [replace(case, schema=schema) for case in handwritten_cases()],
        LABELLED: held_out_cases(conversations, origin.PEOPLE, schema),
        LOGGED: held_out_cases(conversations, origin.RULES, schema),
    }
    return [PeopleSet(prefix, tuple(cases)) for prefix, cases in found.items() if cases]

"""Requests out of the user's logs that were held out, and what models make of them, as rows of the `metrics`
table.

Metrics are named like those of the hand-written cases: `logged_…` where rules read the request (what they
read is the label, mistakes included), `labelled_…` where a person did. They are asked in the shop of the run,
by somebody unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.cases.handwritten.rows import rows_of, verdicts_of
from muse_core.records import Row
from muse_core.tools.shop_schema import ShopSchema, schema_of
from muse_core.types import Conversation
from muse_core.utterances.origin import PEOPLE, RULES, logged_by
from muse_core.world.replay import gold_call, user_text

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex
    from muse_core.models.loading import LoadedModel

PREFIXES = {RULES: "logged_", PEOPLE: "labelled_"}


def held_out_cases(conversations: Iterable[Conversation], by: str, schema: ShopSchema) -> list[EvalCase]:
    """The held-out requests that rules or people read."""
    return [_case(one, schema) for one in conversations if one.side == "test" and logged_by(one) == by]


def logged_rows(
    models: Mapping[str, LoadedModel],
    conversations: Sequence[Conversation],
    index: CatalogIndex,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Rows for each model and each pair of them; none where the run had no log."""
    silent = {name for name, loaded in models.items() if not loaded.can_call}
    schema = schema_of(index.catalog.facets)
    rows: list[Row] = []
    for by, prefix in PREFIXES.items():
        cases = held_out_cases(conversations, by, schema)
        if cases:
            judged = {name: verdicts_of(loaded, cases, index) for name, loaded in models.items()}
            rows += rows_of(judged, silent, resamples, seed, prefix)
    return rows


def _case(one: Conversation, schema: ShopSchema) -> EvalCase:
    label, call = one.labels[0], gold_call(one, 0)
    accepted = {name: [value] for name, value in call.arguments.items()} if call else {}
    return EvalCase(
        case_id=one.conversation_id,
        language=one.language,
        utterance=user_text(one, 0),
        expected_tool=label.decision,
        acceptable_tools=label.acceptable,
        accepted=accepted,
        schema=schema,
    )

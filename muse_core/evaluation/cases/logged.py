"""Requests out of the user's logs that were held out, as cases: what rules (or a person) read is the label.

They are asked in the shop of the run, by somebody unknown.
"""

from __future__ import annotations

from collections.abc import Iterable

from muse_core.evaluation.cases.case import EvalCase
from muse_core.tools.shop_schema import ShopSchema
from muse_core.types import Conversation
from muse_core.utterances.origin import logged_by
from muse_core.world.replay import gold_call, user_text


def held_out_cases(conversations: Iterable[Conversation], by: str, schema: ShopSchema) -> list[EvalCase]:
    """The held-out requests that rules or people read."""
    return [_case(one, schema) for one in conversations if one.side == "test" and logged_by(one) == by]


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

"""The test cases of the open loop, and what a model's turn on one of them is judged to be.

A case is one user turn of a test conversation with its gold context: the model continues from what
the expert had said and done before. Judging is pure: a case and the messages a model produced give
one row of the `predictions` table; every metric is computed from such rows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from muse_core.profiles.system_line import language_of
from muse_core.records import Row, calls_of, canonical_json, read_tool_message, result_values, tool_sequence
from muse_core.scoring.call_match import match_calls
from muse_core.scoring.declines import declines
from muse_core.scoring.groundedness import check, has_facts
from muse_core.scoring.language_match import language_match
from muse_core.scoring.normal import left_in_surface_form, normal_text
from muse_core.scoring.slots import asked_slot, is_question
from muse_core.tools.references import last_shown, lexicalise
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.types import Conversation, JsonValue, Language, Message, ToolCall, TurnLabel
from muse_core.world.replay import context_before, turn_messages, user_text
from muse_core.world.turns import reply_of


@dataclass(frozen=True)
class Case:
    """One user turn. `families` and `products` say whether its template family and the products it
    shows also occur on the train side ("seen") or not ("new")."""

    conversation: Conversation
    label: TurnLabel
    families: str = "new"
    products: str = "seen"

    @property
    def case_id(self) -> str:
        return f"{self.conversation.conversation_id}.{self.label.turn}"

    @property
    def utterance(self) -> str:
        return user_text(self.conversation, self.label.turn)

    @cached_property
    def context(self) -> tuple[Message, ...]:
        return context_before(self.conversation, self.label.turn)

    @cached_property
    def language(self) -> Language:
        """The language of the shopper's turn; the conversation's is the shopper's own."""
        return language_of(self.context)

    @property
    def gold(self) -> tuple[Message, ...]:
        return turn_messages(self.conversation, self.label.turn)


@dataclass(frozen=True)
class CaseSet:
    """The cases and how many turns left because their utterance also occurs on another side."""

    cases: tuple[Case, ...]
    overlapping: int


def open_loop_cases(conversations: Sequence[Conversation], max_cases: int) -> CaseSet:
    """Test-side turns, whole conversations, every shopper's first one before any shopper's second."""
    train = [item for item in conversations if item.side == "train"]
    families = {label.family for item in train for label in item.labels}
    products = {product for item in train for product in shown_products(item.messages)}
    elsewhere = {
        normal_text(text) for item in conversations if item.side != "test" for text in _utterances(item)
    }
    cases: list[Case] = []
    overlapping = 0
    for conversation in _by_turns_of_profiles(item for item in conversations if item.side == "test"):
        if len(cases) >= max_cases:
            break
        found = [_case(conversation, label, families, products) for label in conversation.labels]
        fresh = [case for case in found if normal_text(case.utterance) not in elsewhere]
        overlapping += len(found) - len(fresh)
        cases += fresh
    return CaseSet(tuple(cases), overlapping)


def shown_products(messages: Iterable[Message]) -> set[str]:
    """Ids of the products in the results of some messages."""
    return {str(item["id"]) for value in result_values(messages) for item in _items(value)}


def _utterances(conversation: Conversation) -> list[str]:
    return [message.content for message in conversation.messages if message.role == "user"]


def _by_turns_of_profiles(conversations: Iterable[Conversation]) -> list[Conversation]:
    seen: dict[str, int] = defaultdict(int)
    ranked = []
    for order, conversation in enumerate(conversations):
        ranked.append((seen[conversation.profile_id], order, conversation))
        seen[conversation.profile_id] += 1
    return [conversation for _, _, conversation in sorted(ranked, key=lambda item: item[:2])]


def _case(conversation: Conversation, label: TurnLabel, families: set[str], products: set[str]) -> Case:
    shown = shown_products(turn_messages(conversation, label.turn))
    return Case(
        conversation,
        label,
        "seen" if label.family in families else "new",
        "new" if shown and not shown & products else "seen",
    )


def _items(value: JsonValue) -> list[dict[str, Any]]:
    items = value.get("items") if isinstance(value, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


# ---- judging ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prediction:
    """What a model did in one case: its messages, and whether it ended well; where something of it could not
    be shown (`fault`), what was served in its place (`served`, by `repair`)."""

    messages: tuple[Message, ...]
    malformed: bool = False
    fault: str = ""
    repair: str = ""
    served: tuple[Message, ...] | None = None


def judge(case: Case, prediction: Prediction, model: str, digest: str, schema: ShopSchema = PLAIN) -> Row:
    """The row of the `predictions` table, with everything that the metrics need in `facts_json`. `schema`: of
    the shop; what its tools refuse is not exact."""
    label, conversation = case.label, case.conversation
    acted = _decision(prediction)
    gold_first, first = _first_calls(case.gold), _first_calls(prediction.messages)
    optional = label.optional_arguments
    whole = match_calls(calls_of(case.gold), calls_of(prediction.messages), optional, schema)
    reply, faults = lexicalised_reply(case, prediction.messages)
    return {
        "part": "test",  # unless the caller says otherwise: see exam.py
        "model": model,
        "model_digest": digest,
        "case_id": case.case_id,
        "conversation_id": conversation.conversation_id,
        "profile_id": conversation.profile_id,
        "family": label.family,
        "turn_type": label.turn_type,
        "language": conversation.language,
        "gold_decision": label.decision,
        "predicted_decision": acted,
        "malformed": prediction.malformed,
        "gold_call_json": _call_json(gold_first),
        "predicted_call_json": _call_json(first),
        "exact_call": match_calls(gold_first, first, optional, schema).exact and not _is_broken(prediction),
        "argument_f1": whole.f1 if acted == label.decision and not _is_broken(prediction) else 0.0,
        "reply": reply,
        "facts_json": canonical_json(_facts(case, prediction, reply, faults)),
    }


def lexicalised_reply(case: Case, messages: Sequence[Message]) -> tuple[str, int]:
    """The reply as the shopper sees it, and how many of its references could not be filled in."""
    shown = last_shown(result_values((*case.context, *messages)))
    return lexicalise(reply_of(messages), shown, case.language)


def _decision(prediction: Prediction) -> str:
    first = _first_calls(prediction.messages)
    return first[0].name if first and first[0].name in TOOL_NAMES else "none"


def _is_broken(prediction: Prediction) -> bool:
    """The first act itself is a call that cannot be read, or calls a tool that does not exist. A reply
    that ran into the limit is malformed too, but it has decided: no call."""
    first = _first_calls(prediction.messages)
    return (prediction.malformed and not prediction.messages) or (
        bool(first) and first[0].name not in TOOL_NAMES
    )


def _first_calls(messages: Sequence[Message]) -> list[ToolCall]:
    return list(messages[0].tool_calls) if messages else []


def _call_json(calls: Sequence[ToolCall]) -> str | None:
    if not calls:
        return None
    return canonical_json({"name": calls[0].name, "arguments": calls[0].arguments})


def _facts(case: Case, prediction: Prediction, reply: str, faults: int) -> dict[str, JsonValue]:
    label, messages = case.label, prediction.messages
    made, found = calls_of(messages), result_values(messages)
    gold_reply, _ = lexicalised_reply(case, case.gold)
    facts: dict[str, Any] = {
        "turn": label.turn,
        "families": case.families,
        "products": case.products,
        "acceptable": list(label.acceptable),
        "broken": _is_broken(prediction),
        "calls": len(made),
        "plan": tool_sequence(messages),
        "plans": [list(plan) for plan in label.plans] or [tool_sequence(case.gold)],
        "same_result": _same_result(case.gold, messages),
        "surface_arguments": sum(left_in_surface_form(call) for call in made),
        "faults": faults,
        "gold_reply": gold_reply,
        "reply_language": language_match(reply, case.language, _names(case, messages)),
        "fault": prediction.fault,
        "repair": prediction.repair,
        "asked": asked_slot(reply, case.language),
        "asks": is_question(reply),
        "declines": declines(reply),
        "missing_slot": label.missing_slot,
        "result_in_hand": any(has_facts(value) for value in found),
    }
    if facts["result_in_hand"]:
        judged = check(reply_of(messages), result_values((*case.context, *messages)), case.language)
        facts |= {"grounded": judged.grounded, "unknown": judged.unknown, "swapped": judged.swapped}
    return facts | _served(case, prediction, facts)


def _served(case: Case, prediction: Prediction, facts: dict[str, Any]) -> dict[str, JsonValue]:
    """The reply as it is served: the model's own unless it was repaired."""
    messages = prediction.served
    if messages is None:
        return {"served_language": facts["reply_language"], "served_grounded": facts.get("grounded")}
    reply, _ = lexicalised_reply(case, messages)
    found = result_values(messages)
    judged = check(reply_of(messages), result_values((*case.context, *messages)), case.language)
    return {
        "served_reply": reply,
        "served_language": language_match(reply, case.language, _names(case, messages)),
        "served_grounded": judged.grounded if any(map(has_facts, found)) else None,
    }


def _names(case: Case, messages: Sequence[Message]) -> list[str]:
    items = [item for value in result_values((*case.context, *messages)) for item in _items(value)]
    texts = [
        value["text"] for value in result_values(messages) if isinstance(value, dict) and "text" in value
    ]
    return [str(item[key]) for item in items for key in ("title", "brand") if key in item] + [
        str(t) for t in texts
    ]


def _same_result(gold: Sequence[Message], predicted: Sequence[Message]) -> bool | None:
    """Whether the first calls of both returned the same things; None when the gold has no call."""
    if not _first_calls(gold):
        return None
    wanted, got = _first_result(gold), _first_result(predicted)
    return wanted is not None and wanted == got


def _first_result(messages: Sequence[Message]) -> str | None:
    """The first result as ids (or text), None for an error or no result."""
    first = next((read_tool_message(message) for message in messages if message.role == "tool"), None)
    if first is None or first.error is not None:
        return None
    if isinstance(first.value, dict) and "items" in first.value:
        return json.dumps([item.get("id") for item in _items(first.value)])
    text = first.value.get("text") if isinstance(first.value, dict) else first.value
    return normal_text(str(text))

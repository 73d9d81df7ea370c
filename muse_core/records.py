"""Row ↔ object: the only place where a string-keyed row of a table becomes a typed object and back.

Also home of the small rules that every room must share: canonical JSON, the side of an id, how a tool's
result is written into a message, and which calls some messages hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import pyarrow as pa

from data_contracts.schemas import SCHEMAS
from muse_core.types import (
    AugmentedText,
    Conversation,
    Goal,
    JsonValue,
    Message,
    PlacedCall,
    PreferencePair,
    Product,
    Profile,
    Side,
    ToolCall,
    ToolResult,
    TurnLabel,
)

Row = dict[str, Any]
ROWS_AT_ONCE = 4096  # rows that stand in memory as Python values while a table is read


def canonical_json(value: JsonValue | Mapping[str, Any]) -> str:
    """JSON with sorted keys, no spaces, and text as it is: equal values give equal strings."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def side_of(identifier: str) -> Side:
    """train / dev / test = 80 / 10 / 10 by hash: the same id is on the same side in every run."""
    bucket = int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:4], "big") % 10
    return "test" if bucket == 9 else "dev" if bucket == 8 else "train"


def tool_message(result: ToolResult) -> Message:
    """A tool result as the message that answers its call."""
    body = {"error": result.error} if result.error is not None else {"value": result.value}
    return Message("tool", canonical_json(body), answers_call=result.call_id)


def read_tool_message(message: Message) -> ToolResult:
    """The inverse of `tool_message`."""
    body = json.loads(message.content)
    return ToolResult(message.answers_call or "", body.get("value"), body.get("error"))


def result_values(messages: Iterable[Message]) -> list[JsonValue]:
    """The values of the results in some messages; errors have none."""
    results = (read_tool_message(message) for message in messages if message.role == "tool")
    return [result.value for result in results if result.error is None]


def to_table(kind: str, objects: Iterable[Any]) -> pa.Table:
    """Objects of one kind -> a table with exactly the kind's schema."""
    write = WRITERS[kind]
    return pa.Table.from_pylist([write(item) for item in objects], schema=SCHEMAS[kind])


def from_table(kind: str, table: pa.Table) -> list[Any]:
    """A table of one kind -> its objects, in row order."""
    read = READERS[kind]
    batches = table.to_batches(max_chunksize=ROWS_AT_ONCE)
    return [read(row) for batch in batches for row in batch.to_pylist()]


def _plain(item: object) -> Row:
    return {f.name: getattr(item, f.name) for f in fields(item)}  # type: ignore[arg-type]


def _tuples(row: Row, *names: str) -> Row:
    return {**row, **{name: tuple(row[name] or ()) for name in names}}


def _without(row: Row, *names: str) -> Row:
    return {key: value for key, value in row.items() if key not in names}


def product_row(product: Product) -> Row:
    return _without(_plain(product), "attributes", "facets") | {
        "sizes": list(product.sizes),
        "attributes_json": canonical_json(dict(product.attributes)),
        "facets_json": canonical_json({name: list(values) for name, values in product.facets.items()}),
    }


def read_product(row: Row) -> Product:
    clean = _tuples(_without(row, "attributes_json", "facets_json"), "sizes")
    facets = {name: tuple(values) for name, values in json.loads(row["facets_json"]).items()}
    return Product(**clean, attributes=json.loads(row["attributes_json"]), facets=facets)


_PROFILE_LISTS = ("occasions", "favourite_brands", "favourite_colours", "history")


def profile_row(profile: Profile) -> Row:
    return _plain(profile) | {name: list(getattr(profile, name)) for name in _PROFILE_LISTS}


def read_profile(row: Row) -> Profile:
    return Profile(**_tuples(row, *_PROFILE_LISTS))


def message_row(message: Message) -> Row:
    calls = [
        {
            "call_id": call.call_id,
            "name": call.name,
            "arguments_json": json.dumps(call.arguments, ensure_ascii=False),
        }
        for call in message.tool_calls
    ]
    return {
        "role": message.role,
        "content": message.content,
        "tool_calls": calls,
        "answers_call": message.answers_call,
        "reading_json": json.dumps(dict(message.reading), ensure_ascii=False) if message.reading else None,
    }


def read_message(row: Row) -> Message:
    calls = tuple(
        ToolCall(call["call_id"], call["name"], json.loads(call["arguments_json"]))
        for call in row["tool_calls"] or ()
    )
    reading = json.loads(row["reading_json"]) if row["reading_json"] else {}
    return Message(row["role"], row["content"], calls, row["answers_call"], reading)


def _label_row(label: TurnLabel) -> Row:
    return _plain(label) | {
        "acceptable": list(label.acceptable),
        "optional_arguments": list(label.optional_arguments),
        "plans": [list(plan) for plan in label.plans],
    }


def _read_label(row: Row) -> TurnLabel:
    clean = _tuples(row, "acceptable", "optional_arguments")
    return TurnLabel(**clean | {"plans": tuple(tuple(plan) for plan in row["plans"] or ())})


def conversation_row(conversation: Conversation) -> Row:
    goal = conversation.goal
    return {
        "conversation_id": conversation.conversation_id,
        "profile_id": conversation.profile_id,
        "language": conversation.language,
        "side": conversation.side,
        "user_turns": sum(message.role == "user" for message in conversation.messages),
        "messages": [message_row(message) for message in conversation.messages],
        "goal_json": canonical_json(_plain(goal) | {"target_ids": list(goal.target_ids)}),
        "labels": [_label_row(label) for label in conversation.labels],
        "attachments_json": canonical_json(dict(conversation.attachments)),
        "shop": conversation.shop,
    }


def read_conversation(row: Row) -> Conversation:
    goal = json.loads(row["goal_json"])
    return Conversation(
        conversation_id=row["conversation_id"],
        profile_id=row["profile_id"],
        language=row["language"],
        side=row["side"],
        messages=tuple(read_message(message) for message in row["messages"]),
        goal=Goal(**_tuples(goal, "target_ids")),
        labels=tuple(_read_label(label) for label in row["labels"] or ()),
        attachments=json.loads(row["attachments_json"]),
        shop=row["shop"],
    )


def augmented_row(text: AugmentedText) -> Row:
    calls = [
        {
            "tool_name": call.tool_name,
            "arguments": json.dumps(call.arguments, ensure_ascii=False),
            "position": call.position,
            "utility_score": call.utility_score,
            "result": canonical_json(call.result),
        }
        for call in text.tool_calls
    ]
    return _plain(text) | {"tool_calls": calls}


def read_augmented(row: Row) -> AugmentedText:
    calls = tuple(
        PlacedCall(
            call["tool_name"],
            json.loads(call["arguments"]),
            call["position"],
            call["utility_score"],
            json.loads(call["result"]),
        )
        for call in row["tool_calls"]
    )
    return AugmentedText(**row | {"tool_calls": calls})


def calls_of(messages: Iterable[Message]) -> list[ToolCall]:
    """Every call in a run of messages, in order."""
    return [call for message in messages for call in message.tool_calls]


def tool_sequence(messages: Iterable[Message]) -> list[str]:
    """Names of the calls in a run of messages, in order."""
    return [call.name for call in calls_of(messages)]


def decision_of(turn: Sequence[Message]) -> str:
    """The first tool that a turn calls in its first act, or "none"."""
    calls = turn[0].tool_calls
    return calls[0].name if calls else "none"


def _response_row(messages: tuple[Message, ...], score: float, reasoning: str) -> Row:
    return {
        "tool_sequence": tool_sequence(messages),
        "quality_score": score,
        "reasoning": reasoning,
        "messages": [message_row(message) for message in messages],
    }


def pair_row(pair: PreferencePair) -> Row:
    last_user = next((m.content for m in reversed(pair.prompt) if m.role == "user"), "")
    evidence = dict(pair.evidence)
    return {
        "pair_id": pair.pair_id,
        "conversation_id": pair.conversation_id,
        "turn": pair.turn,
        "side": pair.side,
        "language": pair.language,
        "input": last_user,
        "prompt": [message_row(message) for message in pair.prompt],
        "chosen_response": _response_row(
            pair.chosen, pair.chosen_score, str(evidence.get("chosen_reasoning", ""))
        ),
        "rejected_response": _response_row(
            pair.rejected, pair.rejected_score, str(evidence.get("rejected_reasoning", ""))
        ),
        "strength": pair.strength,
        "kind": pair.kind,
        "evidence_json": canonical_json(evidence),
    }


def read_pair(row: Row) -> PreferencePair:
    chosen, rejected = row["chosen_response"], row["rejected_response"]
    return PreferencePair(
        pair_id=row["pair_id"],
        conversation_id=row["conversation_id"],
        turn=row["turn"],
        side=row["side"],
        language=row["language"],
        prompt=tuple(read_message(message) for message in row["prompt"]),
        chosen=tuple(read_message(message) for message in chosen["messages"]),
        rejected=tuple(read_message(message) for message in rejected["messages"]),
        chosen_score=chosen["quality_score"],
        rejected_score=rejected["quality_score"],
        strength=row["strength"],
        kind=row["kind"],
        evidence=json.loads(row["evidence_json"]),
    )


_AS_THEY_ARE = ("lessons", "test_cases", "predictions", "talks", "metrics", "feedback", "accepted_feedback")
WRITERS: dict[str, Callable[[Any], Row]] = {
    "products": product_row,
    "profiles": profile_row,
    "conversations": conversation_row,
    "augmented": augmented_row,
    "preference_pairs": pair_row,
    **dict.fromkeys(_AS_THEY_ARE, dict),
}
READERS: dict[str, Callable[[Row], Any]] = {
    "products": read_product,
    "profiles": read_profile,
    "conversations": read_conversation,
    "augmented": read_augmented,
    "preference_pairs": read_pair,
    **dict.fromkeys(_AS_THEY_ARE, dict),
}

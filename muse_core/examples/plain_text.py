"""Conversations as plain text, for the base model: what people said, lexicalised, without calls.

<|user|>मुझे black shoes चाहिए<|end|><|assistant|>Blue Shirt is ₹999.<|end|>…
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from muse_core.examples.example import FLUENCY_PART, Example
from muse_core.language.scripts import detect_language
from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer import encode
from muse_core.records import read_tool_message
from muse_core.tools.references import lexicalise
from muse_core.types import Conversation, JsonValue, Language, Message


def plain_messages(conversation: Conversation) -> tuple[Message, ...]:
    """User texts and lexicalised replies only."""
    return tuple(_plain(conversation.messages))


def _plain(messages: Sequence[Message]) -> Iterator[Message]:
    shown: JsonValue = None
    language: Language = "en"
    for message in messages:
        if message.role == "user":
            language = detect_language(message.content)
            yield message
        elif message.role == "tool":
            value = read_tool_message(message).value
            shown = value if _has_content(value) else shown
        elif message.role == "assistant" and not message.tool_calls:
            yield Message("assistant", lexicalise(message.content, shown, language)[0])


def _has_content(value: JsonValue) -> bool:
    return isinstance(value, dict) and bool(value.get("items") or value.get("text"))


def plain_example(loaded: LoadedModel, conversation: Conversation, max_tokens: int) -> Example | None:
    """Every token is predicted but the first."""
    code = encode(loaded.tokenizer, plain_messages(conversation), max_tokens=max_tokens)
    if not 1 < len(code.ids) <= max_tokens:
        return None
    return Example(code.ids, [FLUENCY_PART] * len(code.ids))

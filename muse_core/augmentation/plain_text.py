"""A conversation as people read it: user words and lexicalised replies, no calls, no results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from muse_core.augmentation.ngram import BREAK, words
from muse_core.records import read_tool_message
from muse_core.tools.references import lexicalise
from muse_core.types import Conversation, JsonValue, Language, Message


def plain_messages(messages: Sequence[Message], language: Language) -> list[str]:
    """One text per message; "" for calls, results and the system line. A reply's references are filled
    in from the last result that was not empty."""
    texts, value = [], None
    for message in messages:
        if message.role == "tool":
            found = read_tool_message(message).value
            value = found if holds_something(found) else value
        texts.append(_plain(message, value, language))
    return texts


def holds_something(value: JsonValue) -> bool:
    """Whether a result has an item or a translation that a reference can name."""
    return isinstance(value, dict) and bool(value.get("items") or value.get("text"))


def _plain(message: Message, value: JsonValue, language: Language) -> str:
    if message.role == "user":
        return message.content
    if message.role != "assistant" or message.tool_calls:
        return ""
    return lexicalise(message.content, value, language)[0]


def training_words(conversations: Sequence[Conversation]) -> Iterator[list[str]]:
    """Each conversation as one run of words, for the n-gram scorer."""
    for conversation in conversations:
        texts = plain_messages(conversation.messages, conversation.language)
        yield words(f" {BREAK} ".join(text for text in texts if text))

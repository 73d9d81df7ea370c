"""Readings put where the model finds them: behind the words of each user message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.types import Conversation, Message


def with_readings(messages: Iterable[Message], words: ShopWords) -> tuple[Message, ...]:
    """The messages, each of a user with its reading; one that has a reading keeps it."""
    return tuple(_read(message, words) for message in messages)


def _read(message: Message, words: ShopWords) -> Message:
    if message.role != "user" or message.reading:
        return message
    return replace(message, reading=read(message.content, words))


def read_conversation(conversation: Conversation, words: ShopWords) -> Conversation:
    """The conversation in a shop, read."""
    return replace(conversation, messages=with_readings(conversation.messages, words))

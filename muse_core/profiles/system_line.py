"""The one line that a model is told about whom it answers, before the conversation.

    mixed | women | 25-34 | 500-2000 | casual      language and script of the shopper's last turn, profile
    mixed                                          an unknown shopper
    (empty)                                        an unknown shopper whose language is not told

The language is that of the last user turn that has words; so a conversation has another line as soon as
its shopper switches. `addressed` is the only place that builds it: what is trained on, measured and
served are the same tokens. So that a model needs neither part, training reads some conversations without
the profile and some without any line (`partly_told`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from muse_core.language.scripts import language_of_turns
from muse_core.types import LANGUAGES, Conversation, Language, Message, Profile

_BETWEEN = " | "


def profile_line(profile: Profile) -> str:
    """A profile as the model sees it: one line of at most 25 tokens."""
    parts = [profile.language, profile.gender, profile.age_group]
    if profile.budget_max is not None:
        parts.append(f"{profile.budget_min or 0:g}-{profile.budget_max:g}")
    return _BETWEEN.join([*parts, profile.style])


def system_line(language: Language, profile: str = "") -> str:
    """The line of a language and the rest of a profile line (any text about the shopper; "" = unknown)."""
    return _BETWEEN.join(part for part in (language, without_language(profile)) if part)


def without_language(line: str) -> str:
    """What a line says beside the language."""
    first, _, rest = line.partition(_BETWEEN)
    return rest if first in LANGUAGES else line


def language_of(messages: Iterable[Message]) -> Language:
    """The language in which the shopper of a conversation is answered now."""
    return language_of_turns(message.content for message in messages if message.role == "user")


def addressed(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation as the assistant reads it now: its first message is the line for the last user
    turn. An empty line stays empty; without a system message the shopper is unknown."""
    told = messages[0].content if messages and messages[0].role == "system" else None
    if told == "":
        return tuple(messages)
    line = system_line(language_of(messages), told or "")
    if line == told:
        return tuple(messages)
    return (Message("system", line), *(messages if told is None else messages[1:]))


def anonymous(conversation: Conversation) -> Conversation:
    """The same from an unknown shopper."""
    return _told(conversation, conversation.language)


def partly_told(
    conversations: Iterable[Conversation], profile_dropout: float, language_dropout: float, seed: int
) -> list[Conversation]:
    """The conversations, a share of them without any line and a share of the others without the profile:
    always the same ones for a conversation's id and the seed."""
    return [_partly_told(one, profile_dropout, language_dropout, seed) for one in conversations]


def _partly_told(
    one: Conversation, profile_dropout: float, language_dropout: float, seed: int
) -> Conversation:
    digest = hashlib.sha256(f"told {seed} {one.conversation_id}".encode()).digest()
    language, profile = (int.from_bytes(digest[at : at + 4], "big") / 2**32 for at in (0, 4))
    if language < language_dropout:
        return _told(one, "")
    return anonymous(one) if profile < profile_dropout else one


def _told(conversation: Conversation, line: str) -> Conversation:
    head, *rest = conversation.messages
    behind = rest if head.role == "system" else [head, *rest]
    return replace(conversation, messages=(Message("system", line), *behind))

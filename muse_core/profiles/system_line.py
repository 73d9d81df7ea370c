"""What a model is told before a conversation: whom it answers, and what else this shop can be asked for.

    mixed | women | 25-34 | 500-2000 | casual      language and script of the shopper's last turn, profile
    mixed                                          an unknown shopper
    (empty)                                        an unknown shopper whose language is not told

The language is that of the last user turn that has words; so a conversation has another line as soon as
its shopper switches. A shop with facets has them in a line of its own before that one:

    also: memory (gb), processor, touchscreen (yes/no)
    mixed | women | 25-34 | 500-2000 | casual

It belongs to the conversation and is never left out: what a shopper may be unknown of, a shop is not.
`system_content` is the only place that builds a system message, `addressed` the only one that changes its
language: what is trained on, measured and served are the same tokens. So that a model needs neither part of
the shopper's line, training reads some conversations without the profile and some without any line
(`partly_told`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from muse_core.catalog.facets import shown
from muse_core.language.scripts import language_of_turns
from muse_core.types import LANGUAGES, Conversation, Facet, Language, Message, Profile

_BETWEEN = " | "
_FACETS = "also: "


def system_content(facets: Sequence[Facet], line: str) -> str:
    """A system message: the shop's facets, if it has any, and the line about the shopper."""
    return f"{_FACETS}{shown(facets)}\n{line}" if facets else line


def parts_of(content: str) -> tuple[str, str]:
    """(`also: …` with its line break, or ""; the line about the shopper) of a system message."""
    head, end, line = content.partition("\n")
    return (head + end, line) if end and head.startswith(_FACETS) else ("", content)


def listed(facets: str) -> dict[str, str]:
    """The facets of an `also: …` line in its order: name -> what is told of it, " (gb)" or ""."""
    entries = facets.removeprefix(_FACETS).rstrip("\n").split(", ") if facets else []
    names = (entry.partition(" ")[0] for entry in entries)
    return {name: entry.removeprefix(name) for name, entry in zip(names, entries, strict=True)}


def relisted(facets: dict[str, str]) -> str:
    """The inverse of `listed`; "" without any."""
    entries = ", ".join(name + told for name, told in facets.items())
    return f"{_FACETS}{entries}\n" if entries else ""


def most_listed(conversations: Iterable[Conversation]) -> str:
    """The `also: …` line that most of them have; "" where most have none, the first of equal ones."""
    lines = Counter(parts_of(one.messages[0].content)[0] for one in conversations if one.messages)
    return lines.most_common(1)[0][0] if lines else ""


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
    """What a line about a shopper says beside the language."""
    first, _, rest = line.partition(_BETWEEN)
    return rest if first in LANGUAGES else line


def language_of(messages: Iterable[Message]) -> Language:
    """The language in which the shopper of a conversation is answered now."""
    return language_of_turns(message.content for message in messages if message.role == "user")


def addressed(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation as the assistant reads it now: its first message is the line for the last user
    turn, behind the shop's facets. An empty line stays empty; without a system message the shopper is
    unknown."""
    told = messages[0].content if messages and messages[0].role == "system" else None
    facets, known = parts_of(told or "")
    if told is not None and not known:
        return tuple(messages)
    content = facets + system_line(language_of(messages), known)
    if content == told:
        return tuple(messages)
    return (Message("system", content), *(messages if told is None else messages[1:]))


def anonymous(conversation: Conversation) -> Conversation:
    """The same from an unknown shopper."""
    return _told(conversation, conversation.language)


def partly_told(
    conversations: Iterable[Conversation], profile_dropout: float, language_dropout: float, seed: int
) -> list[Conversation]:
    """The conversations, a share of them without any line about the shopper and a share of the others
    without the profile: always the same ones for a conversation's id and the seed."""
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
    facets, _ = parts_of(head.content if head.role == "system" else "")
    return replace(conversation, messages=(Message("system", facets + line), *behind))

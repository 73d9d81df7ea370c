"""How a conversation says that it is a request out of a log: `utterance/rules/search/hi/…`."""

from __future__ import annotations

from muse_core.types import Conversation, Language

FAMILY = "utterance"
RULES, PEOPLE = "rules", "people"


def family_of(by: str, tool: str, language: Language, digest: str) -> str:
    """The family of a logged turn, one for each request; `by`: who read it."""
    return f"{FAMILY}/{by}/{tool}/{language}/{digest}"


def logged_by(conversation: Conversation) -> str:
    """Who read the request, rules or people; "" for a conversation that comes from no log."""
    family = conversation.labels[0].family if conversation.labels else ""
    kind, _, rest = family.partition("/")
    return rest.partition("/")[0] if kind == FAMILY else ""

"""What the teacher is asked for: the turns of a conversation whose meaning rules can check in other words.

A turn is asked for when rules read in the simulator's own words exactly what its call says: then they can
tell whether somebody else's words ask for the same. That is so for most searches, limits on results and
comparisons; for requests that leave the product open but say a price or a colour; and for what a shop does
not do, as long as the topic is named. Suggestions, pictures, translations, small talk and chains of steps
differ in what rules cannot read, and are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from muse_core.dialogue.llm.reading import Shelf, evidence, read
from muse_core.language.matching import tokens
from muse_core.language.scripts import share_devanagari
from muse_core.reading.known_words import is_asking
from muse_core.reading.reader import read as read_request
from muse_core.reading.shop_words import ShopWords
from muse_core.records import calls_of
from muse_core.tools.references import references_in
from muse_core.types import Conversation, JsonValue, Language, Side, ToolCall, TurnLabel
from muse_core.wordings.words import Script
from muse_core.world.replay import turn_messages, user_text

Intent = Literal["search", "refine", "compare", "incomplete", "decline", "reply"]
Arguments = Mapping[str, JsonValue]
Reads = Callable[[str], Arguments]  # what rules read in a text, as arguments of a call

_TOOL_OF: dict[str, tuple[str, Intent]] = {
    "complete": ("search", "search"),
    "refinement": ("filter", "refine"),
    "comparison": ("compare", "compare"),
}


@dataclass(frozen=True)
class Ask:
    """One thing to be said: `text` as the simulator says it, `call` that answers it (None: words answer),
    `topic`: word keys of which one must be said."""

    conversation_id: str
    turn: int
    side: Side
    language: Language
    script: Script
    intent: Intent
    text: str
    call: ToolCall | None = None
    topic: frozenset[str] = field(default_factory=frozenset)

    @property
    def lesson_id(self) -> str:
        return f"{self.conversation_id}/{self.turn}/{'reply' if self.intent == 'reply' else 'user'}"


@dataclass(frozen=True)
class Asking:
    """Which turns are asked for."""

    shelf: Shelf
    reads: Reads
    replies: bool = False

    def asks(self, one: Conversation) -> Iterator[Ask]:
        """What is asked for of a conversation, turn by turn."""
        for label in one.labels:
            text = user_text(one, label.turn)
            found = self._of_turn(one, label, text)
            if found is not None:
                yield found
            reply = turn_messages(one, label.turn)[-1].content
            if self.replies and references_in(reply):
                yield _ask(one, label, "reply", reply)

    def _of_turn(self, one: Conversation, label: TurnLabel, text: str) -> Ask | None:
        if label.turn_type == "out_of_scope":
            topic = frozenset(token.key for token in tokens(text) if _is_topic(token.key))
            return _ask(one, label, "decline", text, topic=topic) if topic else None
        if label.turn_type == "missing_slot":
            is_read = label.missing_slot == "query" and bool(self.reads(text))
            return _ask(one, label, "incomplete", text) if is_read else None
        call = next(iter(calls_of(turn_messages(one, label.turn))), None)
        tool, intent = _TOOL_OF.get(label.turn_type, ("", None))
        if intent is None or call is None or call.name != tool:
            return None
        is_read = difference(self.reads(text), call.arguments, text, self.shelf) is None
        return _ask(one, label, intent, text, call) if is_read else None


def _ask(
    one: Conversation,
    label: TurnLabel,
    intent: Intent,
    text: str,
    call: ToolCall | None = None,
    topic: frozenset[str] = frozenset(),
) -> Ask:
    script = script_in(one.language, user_text(one, label.turn) if intent == "reply" else text)
    return Ask(
        one.conversation_id, label.turn, one.side, one.language, script, intent, text, call, topic
    )  # fmt: skip


def _is_topic(key: str) -> bool:
    """Whether a word says what a request is about that a shop cannot meet."""
    return len(key) > 2 and not any(char.isdigit() for char in key) and not is_asking(key)


def script_in(language: Language, text: str) -> Script:
    """The script in which a text of a language is written."""
    if language != "mixed":
        return language
    return "both" if share_devanagari(text) > 0 else "roman"


# ---- the same arguments? --------------------------------------------------------------------------


_UNSAID = ("words", "text")  # readings that are no argument: unexplained words, quotations


def reads_in(words: ShopWords) -> Reads:
    """The rules in one shop."""

    def reads(text: str) -> Arguments:
        return {name: value for name, value in read_request(text, words).items() if name not in _UNSAID}

    return reads


Difference = Literal["lost_argument", "added_argument", "wrong_value"]


def difference(said: Arguments, wanted: Arguments, text: str, shelf: Shelf) -> Difference | None:
    """What of `wanted` the rules do not read in a text, or read besides; None when it is the same."""
    if wanted.keys() - said.keys():
        return "lost_argument"
    if said.keys() - wanted.keys():
        return "added_argument"
    is_same = all(_is_same(name, said[name], wanted[name], text, shelf) for name in wanted)
    return None if is_same else "wrong_value"


def _is_same(name: str, said: JsonValue, wanted: JsonValue, text: str, shelf: Shelf) -> bool:
    if _as_set(said) == _as_set(wanted):
        return True
    if name != "query" or not isinstance(said, str) or not isinstance(wanted, str):
        return False
    words = set(wanted.lower().split())  # "casual shirt", of which the rules read the noun
    has_noun = set(said.lower().split()) <= words
    return has_noun and bool(evidence("query", wanted, text, read(text, shelf)))


def _as_set(value: JsonValue) -> frozenset[str]:
    several = value if isinstance(value, list | tuple) else [value]
    return frozenset(
        f"{one:g}" if isinstance(one, int | float) and not isinstance(one, bool) else str(one).lower()
        for one in several
    )

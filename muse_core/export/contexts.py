"""What exported forms are asked: development contexts with their gold act, as many of each language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer import encode
from muse_core.types import LANGUAGES, Conversation, Language, ToolCall
from muse_core.world.replay import context_before, gold_call, user_text

MAX_PROMPT_TOKENS = 768


@dataclass(frozen=True)
class Context:
    """`ids` end with an open assistant turn; `text`: the shopper's words; `decision` and `call`: the gold
    act, `optional` its arguments that may be left out."""

    ids: list[int]
    text: str
    language: Language
    decision: str
    call: ToolCall | None = None
    optional: tuple[str, ...] = ()


def dev_contexts(loaded: LoadedModel, conversations: Iterable[Conversation], count: int) -> list[Context]:
    """The first ones of each language; fewer than `count` where there are no more."""
    room = dict.fromkeys(LANGUAGES, -(-count // len(LANGUAGES)))
    found: list[Context] = []
    for talk in conversations:
        if talk.side != "dev":
            continue
        for label in talk.labels[: room[talk.language]]:
            room[talk.language] -= 1
            ids = encode(loaded.tokenizer, context_before(talk, label.turn), True, MAX_PROMPT_TOKENS).ids
            call = gold_call(talk, label.turn) if label.decision != "none" else None
            words = user_text(talk, label.turn)
            found.append(Context(ids, words, talk.language, label.decision, call, label.optional_arguments))
    return found[:count]

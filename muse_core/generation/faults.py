"""What is wrong with a turn that must not be shown to a shopper.

- `tag`: the reply holds a tag of the model's stream, a call written as text, or bytes that are no text
- `unfinished`: a call that cannot be read, a text that was cut off, or calls without an end
- `empty`: nothing is said
- `reference`: an item or field that the last result does not have (`[7]`, `[1:weight]`), or any item where
  what was asked for was not found
- `value`: a price, rating or attribute that is not that product's, or a product that no result holds
- `words`: of a model that has learnt to talk from simulated conversations alone, a reply that is not made of
  the sentences that it was taught in that language for what it has just done, or claims what is not so
  (`models/learnt_replies.py`)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from muse_core.models.chat_format import SPECIAL_TOKENS
from muse_core.models.learnt_replies import Sentences, known_of, situation_of
from muse_core.records import result_values
from muse_core.scoring.groundedness import check
from muse_core.tools.references import REFERENCE, items_of, last_shown, lexicalise
from muse_core.tools.toolbox import TOOL_NAMES, per_tools
from muse_core.types import Language, Message
from muse_core.world.turns import reply_of, since_the_shopper

Fault = Literal["tag", "unfinished", "empty", "reference", "value", "words"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

_LIKE_A_REFERENCE = re.compile(r"\[\s*(?:\d|:|\]|[A-Z]\b|[a-z]+:|$)")


@per_tools
def _tag() -> re.Pattern[str]:
    return re.compile(
        "|".join(map(re.escape, SPECIAL_TOKENS))
        + r"|</?\s*(?:tool|result|system|user|assistant)\b|<\||\|>"
        + rf"|\b(?:{'|'.join(TOOL_NAMES)})\("
        + r"|\b[a-z_]+=\S"
        + "|\ufffd|[\x00-\x08\x0b-\x1f]"
    )


def fault_of(
    context: Sequence[Message],
    turn: Sequence[Message],
    malformed: bool,
    language: Language,
    taught: Mapping[str, Sentences] | None = None,
) -> Fault | None:
    """The first fault of a turn behind its context; None when it can be shown. `malformed` as in
    `TurnOutcome`; `taught`: the sentences, by situation, of a model that may say no others."""
    reply = reply_of(turn)
    if _tag().search(reply):
        return "tag"
    if malformed:
        return "unfinished"
    if not any(char.isalnum() for char in reply):
        return "empty"
    found = result_values((*context, *turn))
    if _found_nothing(turn) and REFERENCE.search(reply):
        return "reference"
    if lexicalise(reply, last_shown(found), language)[1] or _LIKE_A_REFERENCE.search(
        REFERENCE.sub("", reply)
    ):
        return "reference"
    if check(reply, found, language).unknown:
        return "value"
    situation = situation_of(since_the_shopper((*context, *turn)))
    sentences = (taught or {}).get(situation)
    shown = known_of(items_of(last_shown(found)))
    return None if sentences is None or sentences.have(reply, situation, shown) else "words"


def _found_nothing(turn: Sequence[Message]) -> bool:
    """Whether the turn's last result is a list of no products: older ones are not what was asked for."""
    last = (result_values(turn) or [None])[-1]
    return isinstance(last, dict) and last.get("items") == []

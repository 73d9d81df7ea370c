"""How a foreign model is asked: the shop's tools as JSON schemas, the rules of a decision, and the case."""

from __future__ import annotations

import hashlib

from muse_core.evaluation.cases.answers import context_of
from muse_core.evaluation.cases.case import EvalCase
from muse_core.profiles.system_line import parts_of
from muse_core.records import canonical_json
from muse_core.tools.shop_schema import ShopSchema

MAX_NEW_TOKENS = 256

# The rules that the gold calls follow; our own models learn them from examples.
RULES = """You are the assistant of an online shop. When a tool can serve the shopper's last message now, \
call exactly one tool. Call none when something that is needed was not said (ask for it), when the shopper \
only chats, or when it is not the shop's business (decline).
Arguments are in English whatever language the shopper uses. Colour, price, gender, size, brand, material \
and occasion, and what else this shop tells of its products, go into their own arguments; `query` holds only \
the kind of product. What must not be goes into `not_…`; a list means any of its values. Leave out what the \
shopper did not say. `filter` and `compare` work on the products you showed last, counted from 1. A picture \
is written [image:att1]; pass it as image='att1'. Reply in the language and script of the shopper.
Shopper: """


def chat_messages(case: EvalCase) -> list[dict[str, str]]:
    """The case as chat messages: rules and profile, history, utterance."""
    system, *rest = context_of(case)
    _, shopper = parts_of(system.content)  # the tools' schemas say what this shop has beside
    first = {"role": "system", "content": RULES + shopper}
    return [first, *({"role": message.role, "content": message.content} for message in rest)]


def prompt_digest(schema: ShopSchema) -> str:
    """sha256 of everything that is the same in every question."""
    parts = {"rules": RULES, "tools": schema.as_openai(), "max_new_tokens": MAX_NEW_TOKENS}
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()

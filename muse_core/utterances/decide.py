"""What a first request asks for, by rules: a tool with its arguments, nothing of a shop's, or "not read".

A request is read only when nothing in it is left over: one product that shop, lexicon or table know, and
every other word explained (`explained.py`); or a wording of our own from end to end (`whole_wordings.py`).
Its confidence is the share of its words that are explained; what is below 1 is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from muse_core.language.matching import tokens
from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.tools.base import facet_of
from muse_core.types import JsonValue, TurnType
from muse_core.utterances.explained import asks_for_advice, known_nouns, unexplained
from muse_core.utterances.personal import has_mask
from muse_core.utterances.whole_wordings import translation, whole_wording

# Why a request is not read, in the order in which it is asked.
PERSONAL = "personal data"
MARKUP = "markup, code or instructions"
TOO_LONG = "too long"
POINTS_BACK = "points to earlier results"
NO_PRODUCT = "no product that is known"
SEVERAL_PRODUCTS = "several products"
OPEN_PRICE = "a price without a bound"
CONTRADICTION = "limits that cannot hold together"
LEFT_OVER = "words that nothing explains"
NO_WORDS = "no words"
CALL_FAILS = "the call fails on this catalogue"
REASONS = (
    PERSONAL, MARKUP, TOO_LONG, POINTS_BACK, NO_PRODUCT, SEVERAL_PRODUCTS, OPEN_PRICE, CONTRADICTION,
    LEFT_OVER, NO_WORDS, CALL_FAILS,
)  # fmt: skip

MOST_WORDS = 30
_MARKUP = re.compile(
    r"[<>{}\[\]`|\\^~]|https?:|--|;|/\*|\b(?:select|insert|update|delete|drop)\b.+\b(?:from|into|set|table)\b",
    re.I,
)
_BACK = ("items", "like", "than", "image", "text")


@dataclass(frozen=True)
class Decision:
    """`tool` is "none" where no call is due, "" where nothing was decided (`reason` says why, `left` the
    words that nothing explains)."""

    tool: str = ""
    arguments: Mapping[str, JsonValue] = field(default_factory=dict)
    turn_type: TurnType = "complete"
    confidence: float = 0.0
    reason: str = ""
    left: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        return bool(self.tool)


def decide(text: str, words: ShopWords) -> Decision:
    """What the rules make of a request to a shop with these words."""
    count = len(tokens(text))
    reason = _form(text, count)
    if reason:
        return Decision(reason=reason)
    whole = whole_wording(text)
    if whole is not None:
        return Decision("none", turn_type=whole.turn_type, confidence=1.0)
    asked = translation(text)
    if asked is not None:
        return Decision("translate", dict(asked), "translation", 1.0)
    left = tuple(unexplained(text, words))
    confidence = 1 - len(left) / count
    arguments = dict(read(text, words))
    reason = _content(text, arguments, words) or (LEFT_OVER if left else "")
    if reason:
        return Decision(confidence=confidence, reason=reason, left=left)
    if asks_for_advice(text):
        arguments.pop("sort_by", None)
        return Decision("recommend", arguments, "recommendation", confidence)
    return Decision("search", arguments, "complete", confidence)


def _form(text: str, count: int) -> str:
    """What rules out a text before it is read."""
    if has_mask(text):
        return PERSONAL
    if _MARKUP.search(text):
        return MARKUP
    return NO_WORDS if not count else TOO_LONG if count > MOST_WORDS else ""


def _content(text: str, arguments: Mapping[str, JsonValue], words: ShopWords) -> str:
    """What makes a reading no whole request."""
    if any(name in arguments for name in _BACK):
        return POINTS_BACK
    if "query" not in arguments:
        return NO_PRODUCT
    if isinstance(arguments["query"], list) or len({noun.value for noun in known_nouns(text, words)}) > 1:
        return SEVERAL_PRODUCTS
    if "about_price" in arguments:
        return OPEN_PRICE
    return CONTRADICTION if _contradicts(arguments) else ""


def _contradicts(arguments: Mapping[str, JsonValue]) -> bool:
    """A lowest value above the highest, or a value that is asked for and denied."""
    for name, value in arguments.items():
        bare = facet_of(name)
        low, high = arguments.get(f"min_{bare}"), arguments.get(f"max_{bare}")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            return True
        if name.startswith("not_") and value == arguments.get(bare):
            return True
    return False

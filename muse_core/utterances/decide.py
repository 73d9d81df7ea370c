"""What a first request asks for, by rules: a tool with its arguments, nothing of a shop's, or "not read".

A request is read only when nothing in it is left over: one product that shop, lexicon or table know, and
every other word explained (`explained.py`); or a wording of our own from end to end (`whole_wordings.py`).
Its confidence is the share of its words that are explained; what is below 1 is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from muse_core.dialogue.talk import served
from muse_core.language import lexicon
from muse_core.language.matching import Token, tokens
from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.reading.unknown_nouns import Noun
from muse_core.tools.base import facet_of
from muse_core.types import JsonValue, TurnType
from muse_core.utterances.beside_shopping import courtesy, mentions_service, service
from muse_core.utterances.described import Terms, describing, is_lacked, searched
from muse_core.utterances.explained import asks_for_advice, known_nouns, unexplained, values_in
from muse_core.utterances.personal import has_mask
from muse_core.utterances.whole_wordings import translation, whole_wording

# Why a request is not read.
PERSONAL = "personal data"
MARKUP = "markup, code or instructions"
TOO_LONG = "too long"
POINTS_BACK = "points to earlier results"
NO_PRODUCT = "no product that is known"
SEVERAL_PRODUCTS = "several products"
OPEN_PRICE = "a price without a bound"
UNKNOWN_COLOUR = "a colour that is not known"
AMBIGUOUS = "a word that may be the product or a value"
SERVICE = "a service beside a product"
CONTRADICTION = "limits that cannot hold together"
LEFT_OVER = "words that nothing explains"
NO_WORDS = "no words"
CALL_FAILS = "the call fails on this catalogue"
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


def decide(text: str, words: ShopWords, terms: Terms = MappingProxyType({})) -> Decision:
    """What the rules make of a request to a shop with these words; `terms`: those of its titles."""
    count = len(tokens(text))
    reason = _form(text, count)
    if reason:
        return Decision(reason=reason)
    beside = _beside_shopping(text, words)
    if beside is not None:
        return Decision("none", turn_type=beside, confidence=1.0)
    asked = translation(text)
    if asked is not None:
        return Decision("translate", dict(asked), "translation", 1.0)
    left, arguments = unexplained(text, words), dict(read(text, words))
    reason = _content(text, arguments, words)
    if not reason and left:
        left = _with_described(text, left, arguments, words, terms)
        reason = LEFT_OVER if left else ""
    confidence = 1 - len(left) / count
    if reason:
        said = tuple(text[one.start : one.end] for one in left)
        return Decision(confidence=confidence, reason=reason, left=said)
    if asks_for_advice(text):
        arguments.pop("sort_by", None)
        return Decision("recommend", arguments, "recommendation", confidence)
    return Decision("search", arguments, "complete", confidence)


def _beside_shopping(text: str, words: ShopWords) -> TurnType | None:
    """What no call is due for, by its words from end to end; None for another text."""
    whole = whole_wording(text)
    if whole is not None and whole.kind not in served():
        return whole.turn_type
    if courtesy(text):
        return "chit_chat"
    return "out_of_scope" if service(text) and not known_nouns(text, words) else None


def _with_described(
    text: str, left: list[Token], arguments: dict[str, JsonValue], words: ShopWords, terms: Terms
) -> list[Token]:
    """What is left over when the words that describe the product are taken into what is searched."""
    noun = known_nouns(text, words)[0]
    found = describing(text, left, noun, list(values_in(text, words)), terms)
    if found:
        arguments["query"] = searched(noun, str(arguments["query"]), found)
    return [one for one in left if one not in found]


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
    if mentions_service(text):
        return SERVICE
    if "about_price" in arguments:
        return OPEN_PRICE
    if any(
        not _is_colour(value) for name in ("colour", "not_colour") for value in _several(arguments.get(name))
    ):
        return UNKNOWN_COLOUR
    if any(_is_ambiguous(noun, text, arguments) for noun in known_nouns(text, words)):
        return AMBIGUOUS
    return CONTRADICTION if _contradicts(arguments) else ""


def _is_ambiguous(noun: Noun, text: str, arguments: Mapping[str, JsonValue]) -> bool:
    """A colour that is read in the product ("wine rack"), or a product that another one lacks."""
    inside = {lexicon.canonical("colour", token.key) for token in tokens(text[noun.start : noun.end])}
    return bool(inside & set(map(str, _several(arguments.get("colour"))))) or is_lacked(text, noun)


def _several(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_colour(value: JsonValue) -> bool:
    """Whether the lexicon knows a colour: of others only the place in the sentence says that they are one."""
    return lexicon.canonical("colour", str(value)) is not None


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

"""What the rules read in a shopper's words, as the arguments that a call would have.

    read("cotton ke alawa koi shirt 2000 tak", words)
    -> {"query": "shirt", "not_material": "cotton", "max_price": 2000}

It decides nothing: which tool is called, and what of this stands in the call, is the model's business.
`query` is the product (`product_nouns.py`), a list where several are named; `words` stands in its place where
nothing explains them. `items` are the positions in the last results that the text names, `last` and `second
last` for those at its end (`like='shown'`: what was shown last); `attribute` is what they are compared by,
`text` what stands in quotation marks, `image` a picture's id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from muse_core.language.back_references import LAST, row_place
from muse_core.language.matching import word_key
from muse_core.language.parse import ParsedRequest, parse_request
from muse_core.language.request_cues import Cues, Mention
from muse_core.reading.product_nouns import nouns_in
from muse_core.reading.shop_words import ShopWords
from muse_core.reading.unknown_nouns import Noun
from muse_core.types import JsonValue
from muse_core.wordings.words import SCRIPTS
from muse_core.wordings.words import words as words_in

_FIELDS = ("colour", "brand", "gender", "size", "material", "occasion")
_QUOTED = re.compile(r"[\"'“‘«]([^\"'“”‘’«»]{2,80})[\"'”’»](?!\w)")
_IMAGE = re.compile(r"\[image:(\w+)\]")
_STOP = re.compile(r"[,;.!?।]")
AT_THE_END = ("last", "second last", "third last", "fourth last")
_MOST = 4  # values of one argument, as the tools take them


@lru_cache(maxsize=16384)
def read(text: str, words: ShopWords) -> Mapping[str, JsonValue]:
    """The arguments that a text names, in the order of a search's; {} for one that names nothing."""
    said = _IMAGE.sub(lambda tag: " " * len(tag[0]), text)
    asked = parse_request(said, words.brands, words.facets)
    nouns = _not_compared(said, _wanted(said, nouns_in(said, words.nouns, asked.places), asked), asked)
    style = _style(said, nouns, asked)
    found: dict[str, JsonValue] = {}
    _put(found, "query", [f"{style}{noun.value}" for noun in nouns if noun.is_known])
    _put(found, "words", [noun.value for noun in nouns if not noun.is_known])
    for name in _FIELDS:
        _put(found, name, (one for one in getattr(asked, f"{name}s") if f"{one} " != style))
    for name, values in asked.without.items():
        if name != "product_type":
            _put(found, f"not_{name}", values)
    found |= _limits(asked) | dict(asked.facets) | _results(asked)
    if asked.compares or not any(noun.is_known for noun in nouns):
        _put(found, "attribute", asked.compared)
    for name, pattern in (("text", _QUOTED), ("image", _IMAGE)):
        _put(found, name, (match[1].strip() for match in pattern.finditer(text)))
    return found


def _style(text: str, nouns: list[Noun], asked: ParsedRequest) -> str:
    """The word of style right before the one product, or its first: what is searched is a "formal shirt"."""
    if len(nouns) != 1 or not nouns[0].is_known:
        return ""
    before, said = text[: nouns[0].start].split(), text[nouns[0].start : nouns[0].end].split()
    near = [*before[-1:], *said[:-1]]
    style = next((styles()[key] for key in map(word_key, near) if key in styles()), "")
    is_said = style in asked.facets or style in asked.facets.values() or style in nouns[0].value.split()
    return f"{style} " if style and not is_said else ""


@cache
def styles() -> Mapping[str, str]:
    """Words of style in each script -> the English one."""
    rows = (words_in("phrases", script).get("styles", {}) for script in SCRIPTS)
    return {word_key(form): name for row in rows for name, said in row.items() for form in (name, said)}


def _limits(asked: ParsedRequest) -> dict[str, JsonValue]:
    """Prices, rating, order and likeness."""
    named = {
        "min_price": asked.min_price,
        "max_price": asked.max_price,
        "about_price": asked.about_price,
        "min_rating": asked.min_rating,
    }
    found: dict[str, JsonValue] = {name: _number(value) for name, value in named.items() if value is not None}
    return found | ({"sort_by": asked.order} if asked.order is not None else {})


def _results(asked: ParsedRequest) -> dict[str, JsonValue]:
    """What is said of the last results."""
    found: dict[str, JsonValue] = {}
    positions = [_position(at) for at in asked.positions]
    if asked.like is not None:
        found["like"] = _position(asked.like)
    elif asked.like_shown:
        found["like"] = "shown"
    elif positions:
        _put(found, "items", positions)
    return found | ({"than": asked.than} if asked.than is not None else {})


def _position(at: int) -> JsonValue:
    return AT_THE_END[LAST - at] if at < 0 else at


def _number(value: float) -> JsonValue:
    return int(value) if value.is_integer() else value


def _put(found: dict[str, JsonValue], name: str, values: Iterable[JsonValue]) -> None:
    """One value as itself, several as a list."""
    several = list(dict.fromkeys(values))[:_MOST]
    if several:
        found[name] = several[0] if len(several) == 1 else several


def _wanted(said: str, nouns: list[Noun], asked: ParsedRequest) -> list[Noun]:
    """Without the products that are not wanted; of "print wali kurti nahi" it is the print."""
    known = [Mention("query", noun.value, noun.start, noun.end) for noun in nouns if noun.is_known]
    unwanted = {mention.start for mention in Cues(said).meant(known)[1]}
    wanted = [noun for noun in nouns if noun.start not in unwanted]
    is_other = any(name != "product_type" for name in asked.without)
    return nouns if is_other and not wanted else wanted


def _not_compared(said: str, nouns: list[Noun], asked: ParsedRequest) -> list[Noun]:
    """Without what is compared, behind positions: the camera of "1 aur 3 me se camera kiska acha"."""
    row = row_place(said) if asked.compares and asked.positions else None
    if row is None:
        return nouns
    return [noun for noun in nouns if noun.start < row[1] or _STOP.search(said[row[1] : noun.start])]

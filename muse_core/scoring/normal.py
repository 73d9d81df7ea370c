"""How two written values are made comparable: case, spaces, punctuation, numbers, lexicon spellings.

The one home of the normalisation of docs/metrics.md#exact-call; `call_match` decides with it, the reward
and the metrics never compare raw strings.
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

from muse_core.language.lexicon import canonical, find, roman_hindi_words
from muse_core.language.matching import form_key, singulars
from muse_core.language.prices import read_price
from muse_core.types import JsonValue, ToolCall

NUMBER_SLOTS = frozenset({"min_price", "max_price", "min_rating"})
LEXICON_SLOTS = frozenset({"colour", "gender", "size", "material", "occasion", "category"})
ALIASES = {"color": "colour"}

Comparable = str | float | frozenset[str] | None

_ARTICLES = frozenset({"a", "an", "the"})
_IRREGULAR = {"men": "man", "women": "woman", "children": "child", "mens": "man", "womens": "woman"}
_DIGITS = re.compile(r"[\d.,]*\d")
_SIGN = re.compile(r"[-−]\s*\d")
MAX_NUMBER_CHARS = 24
_JOINED = re.compile(r"\bt[\s-]+(?=shirts?\b)")


def slot_name(name: str) -> str:
    """The argument's own name: `color` is `colour`, and `not_color` `not_colour`."""
    prefix, plain = split_not(name)
    return prefix + ALIASES.get(plain, plain)


def split_not(name: str) -> tuple[str, str]:
    """`not_colour` -> ("not_", "colour"): what is excluded is written like what is asked for."""
    return ("not_", name.removeprefix("not_")) if name.startswith("not_") else ("", name)


def normal_text(text: str) -> str:
    """NFKC, lower case, every character that is no letter, mark or digit a space, spaces joined.

    Marks stay: without them Devanagari loses its vowels."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in folded)
    return " ".join(kept.split())


def lemma(token: str) -> str:
    """A token without its English plural: shirts -> shirt, watches -> watch, dress -> dress."""
    if token in _IRREGULAR:
        return _IRREGULAR[token]
    if len(token) > 4 and token.endswith("ies"):
        return token[:-3] + "y"
    if len(token) > 4 and token.endswith(("sses", "shes", "ches", "xes", "zes")):
        return token[:-2]
    if len(token) > 3 and token.endswith("s") and not token.endswith(("ss", "us", "is")):
        return token[:-1]
    return token


@lru_cache(maxsize=65536)
def query_tokens(text: str) -> frozenset[str]:
    """A query as a set of lemmatised tokens; lexicon words in any spelling are their canonical words."""
    for slot in ("product_type", "material", "colour", "occasion", "gender"):
        text = _canonical_words(slot, text)
    folded = _JOINED.sub("t", unicodedata.normalize("NFKC", text).casefold())
    return frozenset(lemma(token) for token in normal_text(folded).split() if token not in _ARTICLES)


def _canonical_words(slot: str, text: str) -> str:
    """The text with every value of the slot that is Hindi, or only spaced otherwise, spelled
    canonically. English variants stay: a casual shirt is a shirt, but not the same query."""
    for value, start, end in reversed(find(slot, text)):
        if _is_spelling_of(text[start:end], value):
            text = f"{text[:start]} {value} {text[end:]}"
    return text


def _is_spelling_of(said: str, value: str) -> bool:
    words = normal_text(said).split()
    if not said.isascii() or any(word in roman_hindi_words() for word in words):
        return True
    keys = {form_key(said), *singulars(form_key(said))}
    return bool(keys & {form_key(value), *singulars(form_key(value))})


def comparable(slot: str, value: JsonValue) -> Comparable:
    """The value of an argument in the form in which two of them are compared; None is "not given". The
    order of a list and repeats say nothing, a list of one is its value."""
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, bool):
        return str(value)  # with its capital, as no text is written: "true" is no truth
    if isinstance(value, list):
        several = {str(comparable(slot, item)): item for item in value}
        return frozenset(several) if len(several) > 1 else comparable(slot, value[0])
    if slot in NUMBER_SLOTS:
        return _number(value)
    if isinstance(value, int | float):
        return f"{_float(value):.10g}"
    slot = split_not(slot)[1]
    if slot == "query":
        return query_tokens(str(value))
    known = canonical(slot, str(value)) if slot in LEXICON_SLOTS else None
    return normal_text(known or str(value))


def _float(value: float) -> float:
    """As a float; a whole number that none can hold is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _number(value: JsonValue) -> Comparable:
    if isinstance(value, int | float):
        return round(_float(value), 2)
    read = read_price(str(value))
    return round(read, 2) if read is not None else normal_text(str(value))


def one_number(text: str) -> float | None:
    """The number of a text that says one (₹2,000, २०००, 2k); None for a range, a sign, or no number."""
    is_one = len(text) <= MAX_NUMBER_CHARS and len(_DIGITS.findall(text)) <= 1 and not _SIGN.search(text)
    return read_price(text) if is_one else None


def same_value(slot: str, gold: JsonValue, predicted: JsonValue) -> bool:
    """Whether two values of one argument say the same."""
    return comparable(slot, gold) == comparable(slot, predicted)


def left_in_surface_form(call: ToolCall) -> bool:
    """Whether an argument of the call stands in the shopper's own Hindi word instead of the canonical
    English one (काला or kaala for black). Free text (`translate`) is meant to stay as it is."""
    return any(
        _is_hindi_value(split_not(slot_name(name))[1], one)
        for name, value in call.arguments.items()
        for one in (value if isinstance(value, list) else [value])
        if isinstance(one, str) and name != "text"
    )


def _is_hindi_value(slot: str, value: str) -> bool:
    if any("\u0900" <= char <= "\u097f" for char in value):
        return True
    known = canonical(slot, value) if slot in LEXICON_SLOTS else None
    return (
        known is not None
        and normal_text(value) in roman_hindi_words()
        and normal_text(value) != normal_text(known)
    )

"""One constraint as words: behind the noun (`in black`), before वाले, before `ones`; and prices.

Values come in canonical English and go out as surface words of `language.lexicon` and prices of
`language.prices`, so that every word said here can be read back to the argument it stands for. The words
around them are in `wordings/<script>/phrases.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from muse_core.dialogue import shares
from muse_core.dialogue.facet_phrases import (
    excluded,
    facet_before,
    facet_limit,
    facet_of,
    facet_phrase,
    facet_value,
    level,
    may_stand_before,
    named_value,
)
from muse_core.dialogue.phrases import oblique, phrases, say
from muse_core.dialogue.script import LANGUAGE_OF, Script
from muse_core.dialogue.voice import ANY_PLURAL, Voice, forms_of, surface
from muse_core.language import prices

Arguments = Mapping[str, Any]

OCCASIONS_FOR = frozenset(
    ("party", "wedding", "festive", "sports", "office", "travel", "college", "beach", "daily", "gift")
)
RATED = 4  # stars of what is well rated (docs/decisions.md#levels)
_IN_ENGLISH = 0.75
_LOWER_BRAND = 0.15
_PLAIN_PRICE, _WORDED_PRICE = 0.45, 0.2  # shares of `1500` and of `डेढ़ हज़ार`; the rest is `Rs 1,500`


def tail_of(voice: Voice, names: Iterable[str], given: Arguments, noun: str | None = None) -> str:
    """Constraints one after the other, as they follow a noun; who mixes scripts mostly says them in one
    stretch of English."""
    said_in = voice.english() if voice.script == "both" and voice.chance(_IN_ENGLISH) else voice
    return " ".join(constraint(said_in, name, given, noun) for name in said_once(names))


def said_once(names: Iterable[str]) -> list[str]:
    """Without the lower end of a range: `min_price` beside `max_price`."""
    names = list(names)
    return [name for name in names if not (name.startswith("min_") and f"max_{name[4:]}" in names)]


def constraint(voice: Voice, name: str, given: Arguments, noun: str | None = None) -> str:
    """One constraint as a phrase that may follow the noun. `max_price` with a `min_price` is a range."""
    value = given[name]
    if voice.is_brief and (said := _brief(voice, name, given, noun)):
        return said
    if facet_of(name, voice.facets) and not name.startswith("not_"):
        return facet_phrase(voice, name, given, noun or ANY_PLURAL)
    if name.startswith("not_"):
        return exclusion_phrase(voice, name, value, noun)
    if name in ("min_price", "max_price"):
        return price_phrase(voice, given)
    if name == "min_rating":
        if value == RATED and voice.chance(shares.LEVEL):
            return say(voice, "level", "rated_behind")
        return say(voice, "rating", n=plain_number(value))
    if name == "sort_by":
        return say(voice, "order", value)
    if name == "size":
        return size_phrase(voice, value)
    if name == "occasion":
        return occasion_phrase(voice, value)
    return _attribute_phrase(voice, name, value)


def _brief(voice: Voice, name: str, given: Arguments, noun: str | None) -> str:
    """The value alone, as in a search box: `xxl`, `cotton`, `16 gb memory`; "" where it would not be
    understood."""
    value = given[name]
    if may_stand_before(voice, name, value):
        return facet_before(voice, name, given, noun or ANY_PLURAL)
    if name in ("colour", "material", "brand"):
        return excluded_words(voice, name, value)
    is_plain_size = name == "size" and isinstance(value, str) and len(value) > 1 and value.isalpha()
    return value.lower() if is_plain_size and voice.script != "hi" else value if is_plain_size else ""


def exclusion_phrase(voice: Voice, name: str, value: Any, noun: str | None = None) -> str:
    """What it must not be: `not in red`, `cotton ke alawa`."""
    slot = name.removeprefix("not_")
    return excluded(voice, slot, excluded_words(voice, slot, value), noun or ANY_PLURAL)


def unwanted_words(voice: Voice, slot: str, value: Any) -> str:
    """What it must not be, in words that stand alone: `cotton`, `full sleeve`."""
    said = excluded_words(voice, slot, value)
    return named_value(voice, slot, said) if slot in voice.facets else said


def excluded_words(voice: Voice, slot: str, value: Any) -> str:
    """The value of a field of ours or a facet, or two of them."""
    if slot in voice.facets:
        return facet_value(voice, voice.facets[slot], value)
    if slot == "brand":
        return any_of(voice, value, lambda one: brand_name(voice, one))
    noun = ANY_PLURAL if slot == "colour" else None
    return any_of(voice, value, lambda one: oblique(voice.script, surface(voice, slot, one, noun)))


def any_of(voice: Voice, value: Any, said: Callable[[str], str]) -> str:
    """A value, or several of which any will do: `red or maroon`."""
    if not isinstance(value, list):
        return said(str(value))
    return f" {say(voice, 'or')} ".join(said(str(one)) for one in value)


def _attribute_phrase(voice: Voice, name: str, value: Any) -> str:
    """Colour, brand, gender or material behind the noun."""
    if name == "gender":
        return say(voice, name, value=str(value) if voice.script == "en" else _for_whom(voice, str(value)))
    return say(voice, name, value=excluded_words(voice, name, value))


def bare_value(voice: Voice, name: str, value: Any) -> str:
    """A colour, price or size alone, as it is put right: `black`, `₹500`, `size M`."""
    if name == "max_price":
        return price(voice, float(value))
    if name == "size":
        return say(voice, "size_alone", value=str(value))
    return surface(voice, name, str(value), ANY_PLURAL)


def contrast(voice: Voice, name: str, value: str, other: str) -> str:
    """`not in red but in blue`, लाल नहीं नीले: what is not wanted, then what is."""
    said, unsaid = (surface(voice, name, one, ANY_PLURAL) for one in (value, other))
    return say(voice, "contrast", value=said, other=unsaid)


def _for_whom(voice: Voice, gender: str) -> str:
    plain = [
        form for form in forms_of("gender", gender, voice.script) if form not in attributive(voice, "gender")
    ]
    return voice.pick(plain) if plain else gender


def size_phrase(voice: Voice, size: Any) -> str:
    """`in size M`, `M साइज़ में`; letter sizes sometimes as words."""
    return say(voice, "size", value=any_of(voice, size, lambda one: _size_words(voice, one)))


def _size_words(voice: Voice, size: str) -> str:
    words = forms_of("size", size, voice.script)
    return voice.pick(words) if len(words) > 1 and voice.chance(0.2) else size


def occasion_phrase(voice: Voice, occasion: Any) -> str:
    """`for a wedding`, `शादी के लिए`; wear words (casual, formal) stand as adjectives."""
    if isinstance(occasion, list):
        return any_of(voice, occasion, lambda one: occasion_phrase(voice, one))
    known = phrases(voice.script)
    if occasion in known.get("occasions", ()):
        return say(voice, "occasions", occasion)
    said = surface(voice, "occasion", occasion)
    if occasion not in OCCASIONS_FOR:
        return say(voice, "occasion_worn", value=said)
    for end in known["occasion_ends"]:
        said = said.removesuffix(end)
    return say(voice, "occasion", value=said)


def price_phrase(voice: Voice, given: Arguments) -> str:
    """The price limits of `given` as one phrase."""
    bounds = [float(given[name]) for name in ("min_price", "max_price") if name in given]
    kind = "range" if len(bounds) == 2 else "max" if "max_price" in given else "min"
    pattern: str = voice.pick(phrases(voice.script)["price"][kind])
    return pattern.format(p=price(voice, bounds[-1]), q=plain_number(bounds[0]))


@lru_cache(maxsize=8192)
def _price_forms(value: float, script: Script) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(written in digits, written with words) forms of a price that a script allows."""
    if script == "both":
        forms = prices.price_forms(value, "en")[:4] + prices.price_forms(value, "hi")
    else:
        forms = prices.price_forms(value, LANGUAGE_OF[script])
    if script == "roman":
        forms = tuple(form for form in forms if form.isascii() or form.startswith("₹"))
    digits = tuple(form for form in forms if sum(c.isdigit() for c in form) >= 2 and not form.endswith("k"))
    return digits, tuple(form for form in forms if form not in digits)


def price(voice: Voice, value: float) -> str:
    """A price in plain digits, in digits with a currency, or in words (`1.5k` counts as words)."""
    digits, words = _price_forms(float(value), voice.script)
    draw = voice.rng.random()
    if draw < _PLAIN_PRICE:
        return plain_number(value)
    return voice.pick(words) if words and draw > 1 - _WORDED_PRICE else voice.pick(digits)


def plain_number(value: float) -> str:
    """1500.0 -> `1500`."""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


# ---- limits of a refinement -----------------------------------------------------------------------


def limit_phrase(voice: Voice, given: Arguments) -> str:
    """What stands before वाले / wale: one or two limits."""
    names = said_once(given)
    link = say(voice, "limits_link")
    return (f" {link} " if link else " ").join(_limit(voice, name, given) for name in names)


def _limit(voice: Voice, name: str, given: Arguments) -> str:
    value = given[name]
    if name in voice.facets or (facet_of(name, voice.facets) and not name.startswith("not_")):
        return facet_limit(voice, name, given)
    if name in ("colour", "brand"):
        return excluded_words(voice, name, value)
    if name == "gender":
        return surface(voice, name, str(value)).removesuffix("'s").removesuffix("'")
    if name in ("material", "occasion"):
        return any_of(voice, value, lambda one: surface(voice, name, one))
    phrase = constraint(voice, name, given)
    return phrase.removesuffix(f" {phrases(voice.script).get('limit_end', '')}")


def adjective(voice: Voice, name: str, value: Any) -> str:
    """English: the limit before `ones`."""
    if name in voice.facets:
        return facet_before(voice, name, {name: value}, ANY_PLURAL)
    if name == "gender":
        return possessive(voice, str(value))
    if name == "brand":
        return any_of(voice, value, lambda one: brand_name(voice, one))
    return any_of(voice, value, lambda one: surface(voice, name, one))


# ---- words that stand before the noun as well -----------------------------------------------------


def level_before(voice: Voice, given: Arguments, noun: str | None) -> tuple[str, str] | None:
    """(the argument, its word) of what is cheap, premium or well rated; None where it is said otherwise."""
    order, is_rated = given.get("sort_by"), given.get("min_rating") == RATED
    kind = str(order) if order in ("price_low", "price_high") else "rated" if is_rated else ""
    if not kind or not voice.chance(shares.LEVEL):
        return None
    return ("min_rating" if kind == "rated" else "sort_by"), level(voice, kind, noun)


def brand_name(voice: Voice, brand: str) -> str:
    """The brand as its maker writes it, now and then in small letters."""
    return brand.lower() if voice.script in ("en", "roman") and voice.chance(_LOWER_BRAND) else brand


def possessive(voice: Voice, gender: str) -> str:
    """English, before the noun: `men's`, or just `men`."""
    if gender not in ("men", "women"):
        return gender if gender == "unisex" else voice.pick((f"{gender}'", gender))
    return voice.pick((f"{gender}'s", gender))


def attributive(voice: Voice, slot: str) -> frozenset[str]:
    """Words of a slot that stand before a noun without के लिए or का."""
    return frozenset(phrases(voice.script)["attributive"].get(slot, ()))

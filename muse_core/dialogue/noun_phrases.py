"""The product phrase: brand, colour, style, material and noun in the order and agreement of each script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from muse_core.dialogue.constraints import (
    Arguments,
    attributive,
    brand_name,
    level_before,
    possessive,
    said_once,
    tail_of,
)
from muse_core.dialogue.facet_phrases import facet_before, may_stand_before
from muse_core.dialogue.phrases import oblique, phrases, say
from muse_core.dialogue.voice import Voice, forms_of, surface
from muse_core.wordings.beside import stories

_TOLD = 0.5  # of occasions are told in a sentence of their own
_OF_ENGLISH = 0.4  # of English materials in Hinglish take `ka`
_FACET_BEFORE = {"before": 0.65, "after": 0.3}  # of the facets that may stand before the noun


def query_of(product_type: str, style: str | None) -> str:
    """The `query` argument: the product noun phrase in canonical English."""
    return f"{style} {product_type}" if style else product_type


def style_in(title: str, noun: str = "") -> str | None:
    """A style word of the shopper's vocabulary that a product's title has and its noun lacks."""
    lowered = f" {title.lower()} "
    styles = (style for style in phrases("hi")["styles"] if f" {style} " in lowered)
    return next((style for style in styles if f" {style} " not in f" {noun} "), None)


def product_phrase(
    voice: Voice, product_type: str, style: str | None, given: Arguments, order: str
) -> dict[str, str]:
    """Values for `{np}`, `{a}` and `{tail}`. `given` holds constraints other than the query."""
    front = _in_front(voice, given, order)
    graded = level_before(voice, given, product_type)
    behind = [name for name in given if name not in front and not (graded and name == graded[0])]
    story = story_of(voice, given)
    behind = [name for name in behind if name != "occasion"] if story else behind
    tail = tail_of(voice, _tail_order(behind, order), given, product_type)
    ahead = [graded[1]] if graded else []
    return _phrase(voice, product_type, style, front, tail, ahead) | ({"story": story} if story else {})


def _in_front(voice: Voice, given: Arguments, order: str) -> dict[str, Any]:
    """The constraints that stand before the noun; one of two stands behind it."""
    ahead = ("gender", "colour", "brand", "material") if order == "before" else ()
    front = {name: given[name] for name in ahead if name in given}
    if order == "after" and "colour" in given and len(given) > 2:
        front["colour"] = given["colour"]
    front = {name: value for name, value in front.items() if not isinstance(value, list)}
    share = _FACET_BEFORE[order]
    return front | {
        name: given[name]
        for name in given
        if may_stand_before(voice, name, given[name]) and voice.chance(share)
    }


def story_of(voice: Voice, given: Arguments) -> str | None:
    """A sentence that tells the occasion, when the script has one and the shopper feels like telling."""
    occasion = given.get("occasion", "")
    known = stories(voice.script, occasion) if isinstance(occasion, str) else ()
    return voice.pick(known) if known and voice.chance(_TOLD) else None


def _phrase(
    voice: Voice, product_type: str, style: str | None, front: Arguments, tail: str, ahead: Sequence[str]
) -> dict[str, str]:
    if voice.script == "en":
        return _english_phrase(voice, product_type, style, front, tail, ahead)
    is_agreeing = bool(ahead or front.keys() & {"brand", "material", *voice.facets})
    noun, is_plural = _mixed_noun(voice, product_type, not is_agreeing)
    phrase = " ".join([*ahead, *_mixed_front(voice, product_type, style, front), noun])
    return {"np": phrase, "a": phrase, "tail": tail} | ({"number": "plural"} if is_plural else {})


def _tail_order(names: Sequence[str], order: str) -> list[str]:
    """Prices last or first; a range is one constraint."""
    names = said_once(names)
    late = [name for name in names if name.endswith("price")]
    early = [name for name in names if not name.endswith("price")]
    return early + late if order == "before" else late + early


def _english_phrase(
    voice: Voice, product_type: str, style: str | None, front: Arguments, tail: str, ahead: Sequence[str]
) -> dict[str, str]:
    noun = surface(voice, "product_type", product_type)
    words = list(ahead)
    if "gender" in front:
        words.append(possessive(voice, str(front["gender"])))
    words += [surface(voice, name, str(front[name])) for name in ("colour",) if name in front]
    words += [brand_name(voice, str(front["brand"]))] if "brand" in front else []
    words += [facet_before(voice, name, front, product_type) for name in front if name in voice.facets]
    words += [style] if style else []
    words += [surface(voice, "material", str(front["material"]))] if "material" in front else []
    start = " ".join(words)
    return {
        "np": f"{start} {plural(noun)}".strip(),
        "a": _with_article(voice, f"{start} {noun}".strip(), noun),
        "tail": tail,
    }


def plural(noun: str) -> str:
    """The English plural of a product noun; plurals and mass nouns stay."""
    last = noun.split()[-1]
    rules = phrases("en")["nouns"]
    if noun in rules["uncounted"] or last in rules["uncounted"] or last.endswith("s"):
        return noun
    if last in rules["irregular"]:
        return noun[: -len(last)] + str(rules["irregular"][last])
    if last.endswith(("ch", "sh", "x", "z")):
        return noun + "es"
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def _with_article(voice: Voice, phrase: str, noun: str) -> str:
    if plural(noun) == noun:
        return f"some {phrase}" if voice.chance(0.3) else phrase
    if voice.chance(0.25):
        return phrase  # typed style: "need black shirt"
    return f"an {phrase}" if phrase[0].lower() in "aeio8" else f"a {phrase}"


def _mixed_front(voice: Voice, product_type: str, style: str | None, front: Arguments) -> list[str]:
    """Hindi order: for whom, brand, colour, style, material; the noun follows."""
    words = [facet_before(voice, name, front, product_type) for name in front if name in voice.facets]
    if "gender" in front:
        words.append(_for_whom(voice, str(front["gender"])))
    if "brand" in front:
        words.append(_of_brand(voice, str(front["brand"]), product_type))
    if "colour" in front:
        words.append(surface(voice, "colour", str(front["colour"]), product_type))
    if style:
        words.append(phrases(voice.script).get("styles", {}).get(style, style))
    if "material" in front:
        words.append(_of_material(voice, str(front["material"]), product_type))
    return words


def _mixed_noun(voice: Voice, product_type: str, may_be_plural: bool) -> tuple[str, bool]:
    """(the noun, whether it is an English plural: `laptops`, which Hindi treats as a masculine plural)."""
    noun = surface(voice, "product_type", product_type)
    is_english = voice.script != "hi" and noun in forms_of("product_type", product_type, "en")
    many = plural(noun) if is_english and may_be_plural and voice.chance(0.25) else noun
    return many, many != noun


def _of_brand(voice: Voice, brand: str, noun: str) -> str:
    return say(voice, "before", "brand", noun=noun, value=brand_name(voice, brand))


def _for_whom(voice: Voice, gender: str) -> str:
    who = surface(voice, "gender", gender)
    return who if who in attributive(voice, "gender") else say(voice, "before", "gender", value=who)


def _of_material(voice: Voice, material: str, noun: str) -> str:
    """`कॉटन की`, `सूती`, `cotton`: adjectives stand alone, nouns take का/के/की, English words may."""
    said = surface(voice, "material", material)
    if said in attributive(voice, "material") or voice.script == "both":
        return said
    is_english = voice.script == "roman" and said in forms_of("material", material, "en")
    if is_english and not voice.chance(_OF_ENGLISH):
        return said
    return say(voice, "before", "material", noun=noun, value=oblique(voice.script, said))

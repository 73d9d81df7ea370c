"""How facets of a shop are said: the shop's names and values in the frames of `phrases.toml`.

Names, units and values that many shops have are said in each language as its `phrases.toml` has them; others
as they are written, in Latin letters, by Hindi speakers too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from muse_core.catalog.facets import number_text
from muse_core.dialogue.phrases import agreeing, phrases, say
from muse_core.dialogue.script import Script
from muse_core.dialogue.voice import Voice
from muse_core.language import shop_facets, units
from muse_core.language.made_words import spelled
from muse_core.types import Facet
from muse_core.wordings.words import words

_GLUED = 0.35  # of short units: 16gb
_BARE = 0.5  # of values that are understood without the name: `printed shirts`


def facet_of(name: str, facets: Mapping[str, Facet]) -> Facet | None:
    """The facet that an argument limits: `min_memory` -> memory; None for an argument of ours."""
    if name in facets:
        return facets[name]
    bound, _, rest = name.partition("_")
    return facets.get(rest) if bound in ("min", "max", "not") else None


def facet_phrase(voice: Voice, name: str, given: Mapping[str, Any], noun: str | None = None) -> str:
    """One limit as it follows the noun: `with 16 gb memory`, `16 gb memory wala`."""
    kind, values = _frame(voice, name, given)
    return say(voice, "facet", kind, noun=noun, **values)


def facet_limit(voice: Voice, name: str, given: Mapping[str, Any]) -> str:
    """The same before वाले / wale, which the frame says itself."""
    kind, values = _frame(voice, name, given)
    ends = [form.rpartition(" (")[0] for form in _forms(voice.script, "facet", kind) if form.endswith(")")]
    return str(voice.pick(ends or _forms(voice.script, "facet", kind))).format(**values)


def facet_before(voice: Voice, name: str, given: Mapping[str, Any], noun: str) -> str:
    """A value before the noun: `16 gb memory`, `printed`, `waterproof`; Hindi agrees with the noun."""
    kind, values = _frame(voice, name, given)
    if values.get("bare") and voice.chance(_BARE):
        return values["bare"]
    kind = {"count": "number", "is": "yes"}.get(kind, kind)
    return say(voice, "facet", "before", kind, noun=noun, **values)


def may_stand_before(voice: Voice, name: str, value: Any) -> bool:
    """Whether a limit is short enough to stand before the noun: one value, a number, or that it has it."""
    facet = voice.facets.get(name)
    return facet is not None and not isinstance(value, list) and value is not False


def _forms(script: Script, *path: str) -> list[str]:
    found: Any = phrases(script)
    for name in path:
        found = found[name]
    return [found] if isinstance(found, str) else found


def _frame(voice: Voice, name: str, given: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """(which frame, its values)."""
    facet = facet_of(name, voice.facets)
    if facet is None:
        raise ValueError(f"{name!r} is no argument of this shop, whose facets are {', '.join(voice.facets)}")
    said = {"name": facet_name(voice, facet.name)}
    if facet.kind == "yes_no":
        is_adjective = _is_adjective(facet.name)
        kind = "is" if is_adjective else "yes"
        return (kind if given[name] else "is_not" if is_adjective else "no"), said | {"bare": said["name"]}
    if facet.kind == "choice":
        value = facet_value(voice, facet, given[name])
        bare = value if _is_clear(voice, facet, given[name]) else ""
        return "choice", said | {"value": value, "bare": bare}
    if name == facet.name:
        n = quantity(voice, facet, given[name])
        bare = n if facet.unit and _is_only_unit(voice, facet) else ""
        return ("number" if facet.unit else "count"), said | {"n": n, "bare": bare}
    return _bound(voice, name, facet, given, said)


def _bound(
    voice: Voice, name: str, facet: Facet, given: Mapping[str, Any], said: dict[str, str]
) -> tuple[str, dict[str, str]]:
    low, high = (given.get(f"{bound}_{facet.name}") for bound in ("min", "max"))
    if low is not None and high is not None:
        return "range", said | {"m": number_text(low), "n": quantity(voice, facet, high)}
    return name[:3], said | {"n": quantity(voice, facet, given[name])}


def facet_name(voice: Voice, name: str) -> str:
    """`screen_size` -> `screen`, `display`; an unknown one with spaces."""
    return voice.usual(_said(voice.script, "facet_names", name))


def facet_value(voice: Voice, facet: Facet, value: Any) -> str:
    """A choice, or two of which one will do."""
    if isinstance(value, list):
        return f" {say(voice, 'or')} ".join(facet_value(voice, facet, one) for one in value)
    return voice.usual(_said(voice.script, "facet_values", str(value)))


def quantity(voice: Voice, facet: Facet, number: float) -> str:
    """A number with its unit as people type it: `16 gb`, `16GB`."""
    if not facet.unit:
        return number_text(number)
    forms = _said(voice.script, "facet_units", facet.unit)
    unit = forms[0] if number == 1 else voice.usual(forms)  # no "1 years"
    is_glued = len(unit) <= 3 and unit.isascii() and voice.chance(_GLUED)
    return f"{number_text(number)}{'' if is_glued else ' '}{unit}"


@lru_cache(maxsize=4096)
def _said(script: Script, table: str, name: str) -> tuple[str, ...]:
    found = phrases(script)[table].get(name) or (_in_hindi(table, name) if script == "hi" else None)
    found = found or (name.replace("_", " ") if table == "facet_names" else name)
    return (found,) if isinstance(found, str) else tuple(found)


def _in_hindi(table: str, name: str) -> str | None:
    """What the language room knows of a name, a unit or a made value; None where it knows nothing."""
    if table == "facet_units":
        return units.words_of(units.unit_of(name) or name, "devanagari")[0]
    if table == "facet_values":
        return spelled(name)
    known = shop_facets.recipe(name)
    return known.hindi if known else None


def _is_adjective(name: str) -> bool:
    """Whether a product is so, as in `foldable`, where others have it."""
    known = shop_facets.recipe(name)
    return name in _facet_words()["adjectives"] or (known is not None and known.is_adjective)


def _is_clear(voice: Voice, facet: Facet, value: Any) -> bool:
    """Whether a choice says of itself what it is: `printed` does, `full` and `8` do not."""
    if isinstance(value, list) or facet.name in _facet_words()["with_name"]:
        return False
    is_word = value not in _facet_words()["vague"] and len(value) > 2 and not value.isdigit()
    return is_word and sum(value in one.values for one in voice.facets.values()) == 1


def _is_only_unit(voice: Voice, facet: Facet) -> bool:
    is_named = facet.name in _facet_words()["with_name"]
    return not is_named and sum(one.unit == facet.unit for one in voice.facets.values()) == 1


def _facet_words() -> Mapping[str, Any]:
    return words("shared")["facets"]  # type: ignore[no-any-return]


# ---- what it must not be --------------------------------------------------------------------------


def excluded(voice: Voice, slot: str, value: str, noun: str | None = None) -> str:
    """`not in red`, `cotton ke alawa`: `value` as it is said, of a field of ours or a facet."""
    known = phrases(voice.script)["not"]
    facet = voice.facets.get(slot)
    if facet is None:
        return say(voice, "not", slot if slot in known else "any", noun=noun, value=value)
    kind = "named" if slot in _facet_words()["with_name"] or voice.chance(_BARE) else "any"
    return say(voice, "not", kind, noun=noun, value=value, name=facet_name(voice, slot))


def named_value(voice: Voice, slot: str, value: str) -> str:
    """A choice in words that stand alone: with the facet's name where the value needs it."""
    is_named = slot in _facet_words()["with_name"] or value in _facet_words()["vague"]
    return f"{value} {facet_name(voice, slot)}" if is_named or voice.chance(_BARE) else value


def attribute_words(voice: Voice, attribute: str) -> dict[str, str]:
    """`by price` and `which one is cheaper`, of a field of ours or a facet."""
    facet = voice.facets.get(attribute)
    if facet is None:
        return {"by": say(voice, "by", attribute), "which": say(voice, "which", attribute)}
    name = facet_name(voice, attribute)
    kind = "facet_is" if _is_adjective(attribute) else f"facet_{facet.kind}"
    return {"by": say(voice, "by", "facet", name=name), "which": say(voice, "which", kind, name=name)}


def question_kind(facet: Facet) -> str:
    """The frame of [about] that asks for a facet of one product."""
    if facet.kind != "yes_no":
        return "facet"
    return "facet_is" if facet.name in _facet_words()["adjectives"] else "facet_yes_no"


def level(voice: Voice, kind: str, noun: str | None) -> str:
    """`cheap`, `premium`, `well rated`: a convention of the shop (docs/decisions.md#levels)."""
    return agreeing(noun, str(voice.pick(phrases(voice.script)["level"][kind])))

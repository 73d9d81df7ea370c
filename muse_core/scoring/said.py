"""What a reply says, in order: the products that it names, and the values that it gives.

References are exact: `[2]` names the second item of the last result, `[2:price]` gives its price. In the
text around them are looked for: titles and ids of the results' products; amounts of money; ratings (beside
a word for it, with stars, or a decimal in a reply that speaks of ratings); colours and materials of the
lexicon; brands of the results; facets (`said_facets.py`). Not covered: sizes in words, and claims ("the
cheapest").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from muse_core.language.lexicon import find
from muse_core.language.prices import read_price
from muse_core.scoring.said_facets import choices_in, quantities_in
from muse_core.tools.references import Filled
from muse_core.types import Facet, JsonValue

Item = Mapping[str, JsonValue]

_AMOUNT = r"\d(?:[\d,]*\d)?(?:\.\d+)?"
_MONEY = re.compile(
    rf"(?:₹|\brs\.?|\binr)\s*{_AMOUNT}(?:\s*k)?(?!\w)"
    rf"|{_AMOUNT}\s*(?:रुपये|रुपए|रुपया|रु\.?|rupees?|rupay[ea]|rupaye)",
    re.IGNORECASE,
)
_CUE = r"(?:ratings?|rated|रेटिंग|stars?|स्टार|sitare|सितारे|★)"
_HAS_CUE = re.compile(_CUE, re.IGNORECASE)
_RATING = re.compile(
    rf"(\d(?:\.\d+)?)\s*(?:★|stars?\b|स्टार|sitare|सितारे)"
    rf"|{_CUE}\s*:?\s*(?:is|of|hai|है)?\s*(\d(?:\.\d+)?)(?![\d,.]*\d)"
    r"|(?<![\d.,₹])(\d\.\d+)(?![\d,]*\d)",
    re.IGNORECASE,
)
_MASK = "·"


@dataclass(frozen=True)
class Mention:
    """Products named at a place of the text: more than one where several have this title; `items` are
    places in the list of known items. A translated text is a mention of no item."""

    start: int
    end: int
    items: frozenset[int]


@dataclass(frozen=True)
class Value:
    """A value given at a place of the text; `value` is a number, a canonical word or, for a price that
    is said to be unknown, None. `field`: of an item, or `choice` and `quantity` for what is some facet's."""

    start: int
    end: int
    field: str
    value: float | str | None


Said = Mention | Value
_Look = Callable[[str, Sequence[Item]], Iterable[Said]]


def said_in(
    text: str,
    filled: Sequence[Filled],
    shown: Sequence[int],
    items: Sequence[Item],
    texts: Sequence[str],
    facets: Sequence[Facet] = (),
) -> tuple[list[Said], str]:
    """(mentions and values in order, the text with references and names masked). `shown`: the items that
    references point to, as places in `items`; `texts`: what was translated; `facets`: the shop's."""
    found: list[Said] = [_referenced(place, shown, items) for place in filled if place.item is not None]
    masked = _without(text, found)
    found += (names := list(_mentions(masked, items, texts)))
    rest = masked = _without(masked, names)
    looks: tuple[_Look, ...] = (partial(_facets, facets=facets), _numbers, _words, _brands)
    for look in looks:
        more = list(look(masked, items))
        found += more
        masked = _without(masked, more)
    return sorted(found, key=lambda one: one.start), rest


def _without(text: str, found: Iterable[Said]) -> str:
    for one in found:
        text = text[: one.start] + _MASK * (one.end - one.start) + text[one.end :]
    return text


def _referenced(place: Filled, shown: Sequence[int], items: Sequence[Item]) -> Said:
    assert place.item is not None
    if place.field == "title":
        at = shown[place.item : place.item + 1]  # none: the translated text
        return Mention(place.start, place.end, frozenset(at))
    known = items[shown[place.item]].get(place.field)
    value = known if isinstance(known, int | float | str) or known is None else str(known)
    return Value(place.start, place.end, place.field, value)


def _mentions(text: str, items: Sequence[Item], texts: Sequence[str]) -> Iterator[Mention]:
    """Longest names first, so that no title is found inside another."""
    names: dict[str, set[int]] = {said: set() for said in texts}
    for at, item in enumerate(items):
        for key in ("title", "id"):
            if item.get(key):
                names.setdefault(str(item[key]), set()).add(at)
    lowered = text.lower()
    for name in sorted(names, key=len, reverse=True):
        words = name.split()
        if not words or words[0].lower() not in lowered:
            continue
        pattern = r"\s+".join(map(re.escape, words))
        found = [
            Mention(match.start(), match.end(), frozenset(names[name]))
            for match in re.finditer(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE)
        ]
        yield from found
        text = _without(text, found)


def _facets(text: str, items: Sequence[Item], facets: Sequence[Facet]) -> Iterator[Value]:
    for start, end, value in quantities_in(text, items):
        yield Value(start, end, "quantity", value)
    for start, end, value in choices_in(text, items, facets):
        yield Value(start, end, "choice", value)


def _numbers(text: str, items: Sequence[Item]) -> Iterator[Value]:
    prices = [
        Value(match.start(), match.end(), "price", read_price(match.group()))
        for match in _MONEY.finditer(text)
    ]
    yield from prices
    text = _without(text, prices)
    if _HAS_CUE.search(text):
        for match in _RATING.finditer(text):
            group = match.lastindex or 0
            yield Value(match.start(group), match.end(group), "rating", float(match.group(group)))


def _words(text: str, items: Sequence[Item]) -> Iterator[Value]:
    for value, start, end in find("colour", text):
        yield Value(start, end, "colour", value)
    for value, start, end in find("material", text):
        yield Value(start, end, "material", value)


def _brands(text: str, items: Sequence[Item]) -> Iterator[Value]:
    for brand in {str(item["brand"]) for item in items if item.get("brand")}:
        if brand in text:
            for match in re.finditer(rf"(?<!\w){re.escape(brand)}(?!\w)", text):
                yield Value(match.start(), match.end(), "brand", brand)

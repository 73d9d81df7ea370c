"""A shopper's request, read by rules alone: what it names, in canonical English, with limits and negations.

    parse_request("मुझे cotton नहीं chahiye, laal kurta do hazaar tak")
    -> colours ("red",), product_types ("kurta",), max_price 2000.0, without {"material": ("cotton",)}

    parse_request("16gb ram wala laptop, i3 chhod ke", facets=shop.facets)
    -> facets {"memory": 16}, without {"processor": ("intel core i3",)}

Values are those of `lexicon.toml`; brands and facets are the shop's. No model and no state: what the
conversation is about (whose position, cheaper than what) is for the caller. Not covered: a limit that is
denied for one product and wanted for another in the same sentence, prices in two currencies, sizes of two
people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from muse_core.language import lexicon
from muse_core.language.back_references import (
    Order,
    asks_for_budget,
    find_order,
    find_positions,
    has_elliptic_opening,
    has_pronoun,
    row_place,
)
from muse_core.language.brands import find_brands
from muse_core.language.colours import find_colours
from muse_core.language.comparing import find_compared, says_compare
from muse_core.language.facet_requests import FacetReading, Place, read_facets
from muse_core.language.likeness import (
    Than,
    asks_for_best_rated,
    find_like,
    find_min_rating,
    find_rating_number,
    find_than,
    likes_shown,
)
from muse_core.language.matching import word_key
from muse_core.language.prices import PriceSpan, find_prices, read_price
from muse_core.language.request_cues import Cues, Mention
from muse_core.language.word_lists import read_words
from muse_core.types import Facet, JsonValue

_SMALLEST_SHOE = 4  # of a grown-up
_NUMBER = re.compile(r"\d[\d,.]*\d\s?k?")
_WORD = re.compile(r"[\s,-]*(\w+)")
_LAST_WORD = re.compile(r"(\w+)[\s-]*$")
_SLOTS = ("material", "size", "gender", "occasion", "product_type")


@dataclass(frozen=True)
class ParsedRequest:
    """Canonical English values, each in the order said. Prices are in the currency as written; `about_price`
    has no bound. `positions` count from 1 in the last results, -1 is the last; `refers_back` says that the
    request is about these results rather than a new product. `without` holds the unwanted values by slot.
    `places`: where in the text values of any kind stand, but for products.
    `compared`: what results are to be compared by, unless a product is named and not `compares`.
    `like`: the position of the one that another is to be like; `like_shown`: it is what was shown last."""

    product_types: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    genders: tuple[str, ...] = ()
    occasions: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    min_price: float | None = None
    max_price: float | None = None
    about_price: float | None = None
    order: Order | None = None
    positions: tuple[int, ...] = ()
    refers_back: bool = False
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facets: Mapping[str, JsonValue] = field(default_factory=dict)
    like: int | None = None
    like_shown: bool = False
    than: Than | None = None
    min_rating: float | None = None
    compared: tuple[str, ...] = ()
    compares: bool = False
    places: tuple[Place, ...] = field(default=(), compare=False)


def parse_request(text: str, brands: Sequence[str] = (), facets: Sequence[Facet] = ()) -> ParsedRequest:
    """What a text asks for; an empty request for a text that names nothing."""
    mentions = _mentions(text, brands)
    cues = Cues(text, [(noun.start, noun.end) for noun in mentions["product_type"]])
    own = [one for found in mentions.values() for one in found]
    shop = read_facets(text, facets, own, cues, row_place(text))
    wanted, without = _meant(mentions, cues, shop)
    prices = _with_bare_correction(text, cues, shop.numbers)
    limits = _limits(prices, cues)
    positions, like = _positions(text, shop.numbers), find_like(text)
    if _counts_shoes(wanted["product_type"], positions):
        wanted["size"] = wanted["size"] or (str(positions[0]),)
        positions = ()
    like_shown = like is None and likes_shown(text)
    is_like = like_shown or like is not None
    than = find_than(text) if is_like else None
    compares = not is_like and (len(positions) > 1 or says_compare(text))
    values = {slot: wanted[slot] or without.get(slot) for slot in wanted}
    compared = () if is_like else _compared(text, compares, values, shop, limits)
    is_compared = compares and bool(compared)
    order = None if is_like or is_compared else _order(text, limits)
    return ParsedRequest(
        product_types=wanted["product_type"],
        colours=wanted["colour"],
        materials=wanted["material"],
        sizes=_sizes(text, wanted["size"], positions),
        genders=wanted["gender"],
        occasions=wanted["occasion"],
        brands=wanted["brand"],
        min_price=limits.get("min"),
        max_price=limits.get("max"),
        about_price=limits.get("about"),
        order=order,
        positions=positions,
        refers_back=is_like or _refers_back(text, wanted["product_type"], positions, order),
        without=without | shop.without,
        facets=shop.wanted,
        like=like,
        like_shown=like_shown,
        than=than,
        min_rating=None if than == "better_rated" or is_compared else find_min_rating(text, shop.numbers),
        compared=compared,
        compares=compares,
        places=(*_places(mentions), *shop.places, *((price.start, price.end) for price in prices)),
    )


def _meant(
    mentions: Mapping[str, Sequence[Mention]], cues: Cues, shop: FacetReading
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """(wanted, unwanted) values by slot; a slot without unwanted ones is not in the second."""
    wanted: dict[str, tuple[str, ...]] = {}
    without: dict[str, tuple[str, ...]] = {}
    for slot, found in mentions.items():
        meant, unwanted = cues.meant([mention for mention in found if mention not in shop.gone])
        wanted[slot] = _values(meant)
        if unwanted:
            without[slot] = _values(unwanted)
    return wanted, without


def _compared(
    text: str,
    compares: bool,
    values: Mapping[str, Sequence[str] | None],
    shop: FacetReading,
    limits: Mapping[str, float],
) -> tuple[str, ...]:
    """What is compared by: nothing of which a value is said. "which is waterproof" says none."""
    compared = find_compared(text, shop.names, compares)
    if not compared:
        return ()
    told = {slot for slot, said in values.items() if said} | {*shop.without}
    asked = {name: said for name, said in shop.wanted.items() if said is not True or values["product_type"]}
    told |= {*asked, *(name.removeprefix("min_").removeprefix("max_") for name in asked)}
    told |= {"price"} if limits else set()
    told |= {"rating"} if find_rating_number(text, shop.numbers) is not None else set()
    return tuple(name for name in compared if name not in told)


def _places(mentions: Mapping[str, Sequence[Mention]]) -> Iterator[Place]:
    for slot, found in mentions.items():
        if slot != "product_type":
            yield from ((mention.start, mention.end) for mention in found)


def _order(text: str, limits: Mapping[str, float]) -> Order | None:
    order = "rating" if asks_for_best_rated(text) else find_order(text)
    return "price_low" if order is None and not limits and asks_for_budget(text) else order


def _values(mentions: Sequence[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.value for mention in mentions))


def _mentions(text: str, brands: Sequence[str]) -> dict[str, list[Mention]]:
    """The mentions of every slot; a word taken by a brand or, as a colour, by no material, counts once."""
    spans = {"brand": find_brands(text, brands), "colour": find_colours(text)}
    for slot in _SLOTS:
        spans[slot] = lexicon.find(slot, text)
    spans["colour"] = [
        span for span in spans["colour"] if not _is_of_jewel(text, span, spans["product_type"])
    ]
    spans["gender"] = [span for span in spans["gender"] if not _is_of_name(text, span)]
    nouns = [(start, end) for noun, start, end in spans["product_type"] if " " in noun]
    spans["occasion"] = [one for one in spans["occasion"] if not _is_among(*one[1:], nouns)]  # formal shoes
    taken = {"brand": [], "colour": spans["brand"], "material": [*spans["brand"], *spans["colour"]]}
    return {
        slot: [
            Mention(slot, *span)
            for span in found
            if not any(span[1] < end and start < span[2] for _, start, end in taken.get(slot, spans["brand"]))
        ]
        for slot, found in spans.items()
    }


def _is_of_jewel(text: str, colour: tuple[str, int, int], products: Sequence[tuple[str, int, int]]) -> bool:
    """The gold of a ring is what it is made of, unless it is said to be a colour."""
    _, start, end = colour
    is_metal = lexicon.canonical("material", text[start:end]) is not None
    behind = _WORD.match(text, end)
    is_said = behind is not None and word_key(behind[1]) in _listed("colour_words")
    return is_metal and not is_said and any(product in _listed("jewels") for product, _, _ in products)


def _is_of_name(text: str, gender: tuple[str, int, int]) -> bool:
    """The man of "spider man"."""
    before = _LAST_WORD.search(text[: gender[1]])
    return before is not None and word_key(before[1]) in _listed("named_people")


def _positions(text: str, numbers: Sequence[Place]) -> tuple[int, ...]:
    """Positions of results, unless their numbers are a facet's: "seats 2 or 3"."""
    row = row_place(text)
    return () if row is not None and _is_among(*row, numbers) else find_positions(text)


def _counts_shoes(products: Sequence[str], positions: Sequence[int]) -> bool:
    """ "shoes number 8": the size, and no position."""
    is_size = len(positions) == 1 and positions[0] >= _SMALLEST_SHOE
    return is_size and any(product in _listed("sized_by_number") for product in products)


@lru_cache(maxsize=4)
def _listed(name: str) -> frozenset[str]:
    return frozenset(map(word_key, read_words("request_words")[name].split()))


def _sizes(text: str, sizes: tuple[str, ...], positions: tuple[int, ...]) -> tuple[str, ...]:
    """Without the numbers that count results: "1 aur 3 number" names no size."""
    if lexicon.names_size(text):
        return sizes
    return tuple(size for size in sizes if not (size.isdigit() and int(size) in positions))


def _limits(prices: Sequence[PriceSpan], cues: Cues) -> dict[str, float]:
    """The last limit of each kind; an amount taken back is dropped and gives its bound to the next."""
    limits: dict[str, float] = {}
    before: PriceSpan | None = None
    for span in prices:
        kind = span.kind
        if before is not None and cues.is_corrected(before.end, span.start):
            limits.pop(before.kind, None)
            kind = before.kind if kind == "about" else kind
        limits[kind] = span.value
        before = PriceSpan(span.value, kind, span.start, span.end)
    return limits


def _with_bare_correction(text: str, cues: Cues, others: Sequence[Place]) -> list[PriceSpan]:
    """The prices of a text, and the bare number that corrects the last: "under 500, sorry 800". `others`:
    places of numbers that are no prices."""
    spans = [span for span in find_prices(text) if not _is_among(span.start, span.end, others)]
    rest = text[spans[-1].end :] if spans else ""
    digits = _NUMBER.search(rest)
    if digits is None or not cues.is_corrected(spans[-1].end, spans[-1].end + digits.start()):
        return spans
    start = spans[-1].end + digits.start()
    value = read_price(digits.group()) if not _is_among(start, start + 1, others) else None
    return [*spans, PriceSpan(value, "about", start, start + len(digits.group()))] if value else spans


def _is_among(start: int, end: int, places: Sequence[Place]) -> bool:
    return any(start < last and first < end for first, last in places)


def _refers_back(
    text: str, product_types: tuple[str, ...], positions: tuple[int, ...], order: Order | None
) -> bool:
    if product_types:
        return False
    return bool(positions or order) or has_pronoun(text) or has_elliptic_opening(text)

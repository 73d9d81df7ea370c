"""What a text asks of a shop's own attributes, as the arguments of a call.

read_facets("suv, 7 seater, bina sunroof", facets, …)
-> wanted {"body": "suv", "seats": 7, "sunroof": False}, without {}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from muse_core.language.facet_forms import listed
from muse_core.language.facet_index import facet_index
from muse_core.language.facet_numbers import Limit, find_limits
from muse_core.language.facet_values import FacetText, Found
from muse_core.language.likeness import names_customers, names_energy, names_stars
from muse_core.language.matching import keys_of
from muse_core.language.request_cues import Cues, Mention
from muse_core.language.units import STARS, find_quantities, unit_of
from muse_core.types import Facet, JsonValue

MOST_VALUES = 4  # of one choice, as the tools take them

Place = tuple[int, int]


@dataclass(frozen=True)
class FacetReading:
    """`wanted`: values by argument, as in a call; `without`: unwanted values by facet; `numbers`: where the
    numbers stand that are no prices or sizes; `gone`: the mentions of our own fields that are a facet's;
    `places`: where all this and the facets' names stand; `names`: the facets that are named, with their
    places."""

    wanted: dict[str, JsonValue]
    without: dict[str, tuple[str, ...]]
    numbers: tuple[Place, ...] = ()
    gone: frozenset[Mention] = frozenset()
    places: tuple[Place, ...] = ()
    names: tuple[tuple[str, int, int], ...] = ()


def read_facets(
    text: str, facets: Sequence[Facet], own: Sequence[Mention], cues: Cues, positions: Place | None = None
) -> FacetReading:
    """The facets that a text names; `own`: the mentions of our own fields; `positions`: where results are
    counted, unless right behind a facet's name."""
    if not facets:
        return FacetReading({}, {})
    said = FacetText(text, facet_index(tuple(facets)))
    values, gone = _settled(text, [*said.values(), *_sizes_told(facets, own)], own)
    taken = [*((value.start, value.end) for value in values), *_stars_of_customers(text, facets)]
    if positions and not _measures(text, positions, said):
        taken.append(positions)
    limits = find_limits(text, said, taken)
    cues.reach_over(said.choice_names())
    wanted, without = _choices(facets, values, cues)
    wanted |= _numbers(facets, limits, cues)
    numbers = tuple((limit.start, limit.end) for limit in limits)
    gone |= {mention for mention in own if mention.slot == "size" and _is_in(mention, numbers)}
    places = (*((value.start, value.end) for value in values), *numbers, *said.name_places())
    names = tuple((facets[place].name, start, end) for place, start, end in said.sole_names())
    return FacetReading(wanted, without, numbers, frozenset(gone), places, names)


def _measures(text: str, positions: Place, said: FacetText) -> bool:
    """The "seats 2 or 3": numbers of the facet that is named right before them."""
    is_choice = not listed("choices").isdisjoint(keys_of(text[slice(*positions)]))
    return is_choice and any(text[end : positions[0]].isspace() for _, end in said.name_places())


def _stars_of_customers(text: str, facets: Sequence[Facet]) -> list[Place]:
    """Where stars are those that customers give: no facet's. Where the shop tells no stars they are an energy
    label's only of what has one."""
    keys = keys_of(text)
    if not names_stars(keys):
        return []
    is_energy = names_energy(keys) or any(unit_of(facet.unit) == STARS for facet in facets)
    if is_energy and not names_customers(keys):
        return []
    return [(found.start, found.end) for found in find_quantities(text) if found.unit == STARS]


def find_facets(text: str, facets: Sequence[Facet]) -> list[tuple[str, str, int, int]]:
    """(argument, value, start, end) of everything that a text says of facets, whether wanted or not."""
    if not facets:
        return []
    said = FacetText(text, facet_index(tuple(facets)))
    values = said.values()
    limits = find_limits(text, said, [(value.start, value.end) for value in values])
    found = [(facets[value.facet].name, value.value, value.start, value.end) for value in values]
    for limit in limits:
        name = facets[limit.facet].name
        found.append((_argument(limit, name), f"{limit.value:g}", limit.start, limit.end))
    return sorted(found, key=lambda row: row[2:])


def _settled(text: str, values: list[Found], own: Sequence[Mention]) -> tuple[list[Found], set[Mention]]:
    """The facets' values without those that are our own fields', and the mentions that are a facet's."""
    kept: list[Found] = []
    gone: set[Mention] = set()
    for value in values:
        rivals = [mention for mention in own if mention.start < value.end and value.start < mention.end]
        if all(_is_facets(text, value, mention) for mention in rivals):
            kept.append(value)
            gone.update(mention for mention in rivals if mention.slot != "product_type")
    return kept, gone


def _sizes_told(facets: Sequence[Facet], own: Sequence[Mention]) -> Iterator[Found]:
    """The sizes of ours that the shop tells in a choice of its own: DOUBLE is a bed_size."""
    for mention in own:
        if mention.slot == "size":
            value = mention.value.lower()
            for place, facet in enumerate(facets):
                if facet.name.endswith("_size") and value in facet.values:
                    yield Found(place, value, mention.start, mention.end)


def _is_facets(text: str, value: Found, mention: Mention) -> bool:
    """Whether words that are a facet's value and ours are the facet's: the longer, or the surer."""
    longer = (value.end - value.start) - (mention.end - mention.start)
    if mention.slot == "product_type":
        return value.is_whole and (longer >= 0 or value.value not in ("yes", "no"))
    if mention.slot == "size" and value.value == mention.value.lower():  # sizes of beds are a facet here
        return True
    if longer or value.is_beside_name:
        return longer > 0 or value.is_beside_name
    if mention.slot in ("occasion", "gender") and value.is_whole:
        return True
    said = text[value.start : value.end].lower()
    return said in value.value and said != mention.value.lower()


def _choices(
    facets: Sequence[Facet], values: Sequence[Found], cues: Cues
) -> tuple[dict[str, JsonValue], dict[str, tuple[str, ...]]]:
    """Choices and yes/no: (wanted by argument, unwanted by facet)."""
    by_facet: dict[int, list[Mention]] = {}
    for value in values:
        name = facets[value.facet].name
        by_facet.setdefault(value.facet, []).append(Mention(name, value.value, value.start, value.end))
    wanted: dict[str, JsonValue] = {}
    without: dict[str, tuple[str, ...]] = {}
    for place, mentions in by_facet.items():
        facet = facets[place]
        meant, unwanted = cues.meant(mentions)
        if facet.kind == "yes_no":
            if meant or unwanted:
                wanted[facet.name] = bool(meant)
            continue
        if meant:
            wanted[facet.name] = _one_or_more(meant)
        if unwanted:
            without[facet.name] = _distinct(unwanted)
    return wanted, without


def _one_or_more(mentions: Sequence[Mention]) -> JsonValue:
    values = _distinct(mentions)
    return values[0] if len(values) == 1 else list(values)


def _distinct(mentions: Sequence[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.value for mention in mentions))[:MOST_VALUES]


def _numbers(facets: Sequence[Facet], limits: Sequence[Limit], cues: Cues) -> dict[str, JsonValue]:
    """Numbers by argument; the last of each kind counts, and takes the place of one that is taken back."""
    wanted: dict[str, JsonValue] = {}
    before: Limit | None = None
    for limit in limits:
        name = facets[limit.facet].name
        if before is not None and before.facet == limit.facet and cues.is_corrected(before.end, limit.start):
            wanted.pop(_argument(before, name), None)
        if not cues.meant([Mention(name, str(limit.value), limit.start, limit.end)])[1]:
            wanted[_argument(limit, name)] = int(limit.value) if limit.value.is_integer() else limit.value
        before = limit
    return wanted


def _argument(limit: Limit, name: str) -> str:
    return name if limit.bound == "is" else f"{limit.bound}_{name}"


def _is_in(mention: Mention, places: Sequence[Place]) -> bool:
    return any(start < mention.end and mention.start < end for start, end in places)

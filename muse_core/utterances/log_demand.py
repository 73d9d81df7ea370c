"""Requests that were read → how often this shop's people ask for what, which weighs the simulator's goals.

Counts are capped, so that no request rules (`MOST_SHARE`), and a log of few requests moves little: at `HALF`
different ones half as much as one of very many. What is held out tells nothing here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from muse_core.dialogue.agenda import WANTED
from muse_core.dialogue.assortment import Assortment, assortment_of
from muse_core.dialogue.demand import Demand
from muse_core.dialogue.goals import can_be_named
from muse_core.tools.base import facet_of
from muse_core.types import JsonValue
from muse_core.utterances.read_log import Log, Request
from muse_core.utterances.tongues import LANGUAGE

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

HALF = 100  # different requests
_MOST_COUNTED = 4  # limits of one request
_RARE = 0.02  # of products that can be meant by a limit, at least
_TOLD = 10
Name = TypeVar("Name")


def demand_of(found: Log, index: CatalogIndex, share: float) -> Demand:
    """What the log says of tools, products, limits and scripts; of the scripts also what was not read."""
    read = [one for one in found.read if one.side == "train"]
    shop = assortment_of(index)
    searches = [one for one in read if one.decision.tool in ("search", "recommend")]
    named = [(_limits(one, shop), one.weight) for one in searches if one.decision.tool == "search"]
    facets = [(names & shop.facets.keys(), weight) for names, weight in named]
    return Demand(
        share * len(read) / (len(read) + HALF),
        moves=_summed((one.decision.turn_type, one.weight) for one in read),
        nouns=_summed(pair for one in searches for pair in _nouns(one, shop)),
        limits=_where_they_can(
            _summed((name, weight) for names, weight in named for name in names - shop.facets.keys()), shop
        ),
        counts=_summed((min(len(names), _MOST_COUNTED), weight) for names, weight in named),
        facets=_summed((name, weight) for names, weight in facets for name in names),
        has_facet=_summed(("any" if names else "none", weight) for names, weight in facets),
        scripts=_summed(
            (one.tongue, one.weight)
            for one in (*found.read, *found.unread)
            if one.side == "train" and one.tongue in LANGUAGE
        ),
    )


def told(demand: Demand) -> dict[str, JsonValue]:
    """What the manifest keeps: shares, the most frequent first."""
    listed: dict[str, Mapping[str, float]] = {
        "moves": {name: weight for name, weight in demand.moves.items() if name in WANTED},
        "nouns": demand.nouns, "limits": demand.limits, "facets": demand.facets, "scripts": demand.scripts,
    }  # fmt: skip
    found: dict[str, JsonValue] = {"share": round(demand.share, 4)}
    for kind, weights in listed.items():
        total = sum(weights.values())
        found[kind] = {name: round(weight / total, 4) for name, weight in _first(weights.items())}
    return found


def _summed(pairs: Iterable[tuple[Name, float]]) -> dict[Name, float]:
    sums: dict[Name, float] = {}
    for name, weight in pairs:
        sums[name] = sums.get(name, 0.0) + weight
    return sums


def _first(pairs: Iterable[tuple[str, float]]) -> Sequence[tuple[str, float]]:
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:_TOLD]


def _limits(one: Request, shop: Assortment) -> set[str]:
    """What a request names beside the product, a facet by its own name; not what it must not be."""
    names = (name for name in one.decision.arguments if name != "query" and not name.startswith("not_"))
    return {facet if (facet := facet_of(name)) in shop.facets else name for name in names}


def _nouns(one: Request, shop: Assortment) -> Iterable[tuple[str, float]]:
    """The shop's noun at the end of what is searched ("wall mounted mirror" -> "mirror")."""
    words = str(one.decision.arguments.get("query", "")).split()
    ends = (" ".join(words[start:]) for start in range(len(words)))
    noun = next((end for end in ends if end in shop.by_noun), None)
    return [(noun, one.weight)] if noun is not None else []


def _where_they_can(named: dict[str, float], shop: Assortment) -> dict[str, float]:
    """By how often they are named where they can be: a size is no rare wish in a shop of few sizes."""
    can: Counter[str] = Counter()
    for product in shop.wanted:
        can.update(name for name, is_known in can_be_named(shop, product).items() if is_known)
    often = {name: max(_RARE, can[name] / len(shop.wanted)) for name in named}
    return {name: weight / often[name] for name, weight in named.items()}

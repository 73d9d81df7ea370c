"""Whether a model reads or knows by heart: turns in small shops that share nothing with training.

The shops are those of the test side (`catalog/other_shops.py`), without any that shares a noun, a brand or a
facet with the user's own catalogue. The rows `…_unseen_shops` stand on `evaluation.unseen_shop_cases` turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from muse_core.catalog.product import Catalog
from muse_core.catalog.words import stems
from muse_core.evaluation.predict.open_loop import Case, open_loop_cases
from muse_core.evaluation.score import metrics
from muse_core.evaluation.score.statistics import Statistic
from muse_core.records import Row
from muse_core.types import Conversation
from muse_core.world.shop import other_index

SUFFIX = "_unseen_shops"
MEASURED = ("tool_accuracy", "exact_call", "argument_f1", "groundedness")


def unseen_cases(conversations: Iterable[Conversation], own: Catalog, count: int) -> list[Case]:
    """At most `count` turns of test shoppers in other shops, whole conversations but the last."""
    known = _words(own)
    talks = list(conversations)
    seen = [one for one in talks if one.side != "test"]
    unseen = [
        one
        for one in talks
        if one.side == "test" and one.shop is not None and not known & _words_in(one.shop)
    ]
    return list(open_loop_cases([*seen, *unseen], count).cases[:count])


def _words_in(shop: str) -> set[str]:
    return _words(other_index(shop).catalog)


def _words(catalog: Catalog) -> set[str]:
    """The last words of its nouns, its brands and its facets, each told from the others."""
    nouns = {f"noun {stems(noun)[-1]}" for noun in catalog.types() if stems(noun)}
    brands = {f"brand {brand.lower()}" for brand in catalog.brands()}
    return nouns | brands | {f"facet {facet.name}" for facet in catalog.facets}


def unseen_statistics(rows: Sequence[Row]) -> list[Statistic]:
    """The figures of one model over its turns in unseen shops."""
    facts = metrics.facts_of(rows)
    found = (*metrics.selection(rows, facts), *metrics.arguments(rows, facts), *metrics.answers(rows, facts))
    return [replace(one, name=one.name + SUFFIX) for one in found if one.name in MEASURED]

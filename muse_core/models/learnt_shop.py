"""Which shop a model has learnt to call, written beside its weights; and what another shop has otherwise.

`muse.json` holds the facets that it was trained with, `tools.json` the tools as that shop has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from muse_core.catalog.facets import shown
from muse_core.tools.shop_schema import ShopSchema
from muse_core.types import Facet, JsonValue

FACETS, TRAINED = "facets", "trained"
TOOLS = "tools.json"
_NAMED = 3  # values of a choice that the tools' descriptions name


def learnt(facets: Iterable[Facet]) -> dict[str, JsonValue]:
    """Facets as an entry of `muse.json`."""
    rows = [asdict(facet) | {"values": list(facet.values[:_NAMED])} for facet in facets]
    return {FACETS: [{name: row[name] for name in ("name", "kind", "unit", "values")} for row in rows]}


def learnt_schema(about: Mapping[str, JsonValue]) -> ShopSchema:
    """The tools that a model has learnt to call; without facets for a base."""
    rows = about.get(FACETS) or []
    return ShopSchema(tuple(Facet(**row | {"values": tuple(row["values"])}) for row in rows))  # type: ignore


def write_tools(about: Mapping[str, JsonValue], folder: Path) -> None:
    """`tools.json` of a model folder."""
    text = json.dumps(learnt_schema(about).as_json(), ensure_ascii=False, indent=2)
    (folder / TOOLS).write_text(text, "utf-8")


def unfamiliar(about: Mapping[str, JsonValue], shop: Sequence[Facet]) -> str | None:
    """What a shop asks of a model that it has not learnt, and the other way round; None where nothing
    differs but the order, and for a base, which has learnt no shop."""
    if TRAINED not in about:
        return None
    known, here = (
        {(one.name, one.kind, one.unit): one for one in facets} for facets in (_learnt(about), shop)
    )
    new = [facet for key, facet in here.items() if key not in known]
    gone = [facet for key, facet in known.items() if key not in here]
    if not new and not gone:
        return None
    found = [f"it has not seen {shown(new)}"] if new else []
    found += [f"this shop has no {shown(gone)}"] if gone else []
    return (
        f"the model has learnt to call the tools of another shop: {', and '.join(found)}. It reads this "
        "shop's list and may get such arguments wrong; expected the facets that it was trained with. "
        "Train it on this catalogue (muse run --catalog FILE), or measure it here first (muse eval)."
    )


def _learnt(about: Mapping[str, JsonValue]) -> tuple[Facet, ...]:
    return learnt_schema(about).facets

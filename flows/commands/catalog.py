"""`muse catalog check FILE`: how the loader understands a catalogue, before anything is run with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from muse_core.catalog.facet_columns import Asked
from muse_core.catalog.load import load_catalog
from muse_core.catalog.questions import Answers
from muse_core.config.load import load_config
from muse_core.config.run_config import CatalogConfig

SHOWN = 12
SHOWN_VALUES = 6


def check(file: Path, config: Path | None, settings: list[str], as_json: bool) -> None:
    """`catalog.columns`, `catalog.facets` and the answers about money, of a config or `--set`, override what
    is inferred."""
    asked = _asked(file, config, settings) if config or settings else CatalogConfig()
    answers = Answers(asked.currency, asked.decimal, asked.minor_units)
    facets = Asked(asked.facets, asked.max_facets)
    found = load_catalog(file, dict(asked.columns), answers, facets).as_json()
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        show(found, Console())


def _asked(file: Path, config: Path | None, settings: list[str]) -> CatalogConfig:
    """The catalogue's section of the user's configuration, of which FILE is the catalogue."""
    if not file.is_file():
        return CatalogConfig()  # the loader says what is wrong with it
    asked = [*settings, f"catalog.file={json.dumps(str(file), ensure_ascii=False)}"]
    return load_config(None, config, asked)[0].catalog


def show(found: Mapping[str, Any], out: Console) -> None:
    """The report as tables."""
    out.print(f"{found['rows_kept']} of {found['rows_read']} rows kept", highlight=False)
    for reason, count in found["dropped"].items():
        out.print(f"  {count} dropped: {reason}", markup=False, highlight=False)
    _print_pairs("columns", ("meaning", "column of the file"), found["columns"], out)
    prices = found["prices"]
    if prices:
        shown = ", ".join(f"{name} {value:,.0f}" for name, value in prices.items())
        out.print(f"prices: {shown}", markup=False, highlight=False)
    else:
        out.print("prices: none found; shoppers will not ask about money", highlight=False)
    for name in ("colours", "categories", "product_types", "pictures"):
        if found.get(name):
            _print_counts(name.replace("_", " "), found[name], out)
    _print_facets(found, out)
    if found.get("other_columns"):
        others = ", ".join(found["other_columns"])
        out.print(f"kept as attributes, without a meaning: {others}", markup=False, highlight=False)
    for note in found.get("notes", []):
        out.print(f"note: {note}", markup=False, highlight=False)
    for question in found.get("questions", []):
        out.print(f"question: {question['question']}", markup=False, highlight=False)
        out.print(f"  if so: {question['flag']}", markup=False, highlight=False, soft_wrap=True)


def _print_facets(found: Mapping[str, Any], out: Console) -> None:
    """What customers can ask for beyond our fields, and why the other columns are nothing to ask for."""
    if found.get("facets"):
        heads = ("name", "kind", "unit", "values", "share", "column")
        table = Table(
            *heads, title="facets: arguments of the tools", title_justify="left", box=None, pad_edge=False
        )
        for facet in found["facets"]:
            table.add_row(*map(Text, _facet_row(facet)))
        out.print(table)
    by_reason: dict[str, list[str]] = {}
    for column, why in found.get("no_facets", {}).items():
        by_reason.setdefault(why, []).append(column)
    for why, columns in by_reason.items():
        out.print(f"no facet, {why}: {_few(columns)}", markup=False, highlight=False)


def _facet_row(facet: Mapping[str, Any]) -> tuple[str, ...]:
    values = " to ".join(facet["values"]) if facet["kind"] == "number" else _few(facet["values"])
    kind = facet["kind"].replace("_", "/")
    return facet["name"], kind, facet["unit"], values, f"{facet['share']:.0%}", facet["column"]


def _few(values: Sequence[str]) -> str:
    more = len(values) - SHOWN_VALUES
    return ", ".join(values[:SHOWN_VALUES]) + (f", and {more} more" if more > 0 else "")


def _print_pairs(title: str, heads: tuple[str, str], pairs: Mapping[str, Any], out: Console) -> None:
    table = Table(*heads, title=title, title_justify="left", box=None, pad_edge=False)
    for left, right in pairs.items():
        table.add_row(left, Text(str(right)))
    out.print(table)


def _print_counts(title: str, counts: Mapping[str, int], out: Console) -> None:
    ranked = sorted(counts.items(), key=lambda entry: -entry[1])
    shown = ", ".join(f"{name} ({count})" for name, count in ranked[:SHOWN]) or "none found"
    more = f", and {len(ranked) - SHOWN} more" if len(ranked) > SHOWN else ""
    out.print(f"{title}: {shown}{more}", markup=False, highlight=False)

"""`muse catalog check FILE`: how the loader understands a catalogue, before anything is run with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from muse_core.catalog.load import load_catalog
from muse_core.catalog.questions import Answers
from muse_core.config.load import load_config
from muse_core.config.run_config import CatalogConfig

SHOWN = 12


def check(file: Path, config: Path | None, settings: list[str], as_json: bool) -> None:
    """`catalog.columns` and the answers about money, of a config or `--set`, override what is inferred."""
    asked = _asked(file, config, settings) if config or settings else CatalogConfig()
    answers = Answers(asked.currency, asked.decimal, asked.minor_units)
    found = load_catalog(file, dict(asked.columns), answers).as_json()
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
    if found.get("other_columns"):
        others = ", ".join(found["other_columns"])
        out.print(f"kept as attributes, without a meaning: {others}", markup=False, highlight=False)
    for note in found.get("notes", []):
        out.print(f"note: {note}", markup=False, highlight=False)
    for question in found.get("questions", []):
        out.print(f"question: {question['question']}", markup=False, highlight=False)
        out.print(f"  if so: {question['flag']}", markup=False, highlight=False, soft_wrap=True)


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

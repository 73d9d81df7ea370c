"""Requests as people word them, in three shops with facets of their own, and what models make of them.

A shop of phones and machines, one for the home, one of clothes: none is the shop of the run, so that a model
has to read the list of arguments in its prompt. They were written before any model was trained on facets.
Metrics are named `people_…`; `people_invented_value` is the share of the calls of the right tool with a value
that nobody asked for.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.reading.shop_words import ShopWords
from muse_core.tools.shop_schema import ShopSchema, schema_of
from muse_core.types import Facet

PACKAGE_DATA = ("shops/*",)
_HERE = Path(__file__).parent / "shops"


@cache
def shops() -> dict[str, ShopSchema]:
    """The schema of each shop by its name."""
    told: dict[str, dict[str, dict[str, Any]]] = tomllib.loads((_HERE / "facets.toml").read_text("utf-8"))
    return {name: schema_of(tuple(_facet(*one) for one in facets.items())) for name, facets in told.items()}


def _facet(name: str, about: dict[str, Any]) -> Facet:
    return Facet(name, about["kind"], about.get("unit", ""), tuple(about.get("values", ())))


def people_cases() -> list[EvalCase]:
    """Every case, each with the schema of its shop."""
    return [
        replace(case, words=ShopWords(_brands()[name], schema.facets))
        for name, schema in shops().items()
        for case in load_cases(_HERE / f"{name}.jsonl", schema)
    ]


@cache
def _brands() -> dict[str, tuple[str, ...]]:
    """The brands of each shop: those of the requests among others of the trade."""
    told = tomllib.loads((_HERE / "brands.toml").read_text("utf-8"))
    return {name: tuple(brands) for name, brands in told.items()}

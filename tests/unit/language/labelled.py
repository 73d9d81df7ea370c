"""Labelled requests in shops' own attributes, the shops they go to, and how well they are read.

python -m tests.unit.language.labelled [--loaded | --tuning | --unseen] [--wrong]
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from muse_core.catalog.load import load_catalog
from muse_core.evaluation.score.statistics import wilson
from muse_core.language.parse import ParsedRequest, parse_request
from muse_core.types import Facet

ROOT = Path(__file__).parents[3]
CATALOGS = ROOT.parent / "shared" / "data" / "catalogs"
LABELS = ROOT / "tests" / "labels"

# shop -> (file, brand column, column -> (argument, kind, unit)). A list of features is one value each.
SHOPS: dict[str, tuple[str, str, dict[str, tuple[str, str, str]]]] = {
    "laptops": ("xrisawoz_pc_en.json", "brand", {
        "usage": ("usage", "choice", ""),
        "memory_capacity": ("memory_capacity", "number", "gb"),
        "screen_size": ("screen_size", "number", "inch"),
        "cpu": ("cpu", "choice", ""),
        "operating_system": ("operating_system", "choice", ""),
        "game_performance": ("game_performance", "choice", ""),
        "weight": ("weight", "number", "kg"),
        "gpu_category": ("gpu_category", "choice", ""),
        "gpu_model": ("gpu_model", "choice", ""),
        "features": ("features", "choice", ""),
        "standby_time": ("standby_time", "number", "hour"),
        "hard_disk_capacity": ("hard_disk_capacity", "choice", ""),
    }),
    "cars": ("xrisawoz_car_en.json", "brand", {
        "classification": ("classification", "choice", ""),
        "number_of_seats": ("number_of_seats", "number", ""),
        "hybrid": ("hybrid", "choice", ""),
        "4wd": ("four_wd", "choice", ""),
        "power_level": ("power_level", "choice", ""),
        "fuel_consumption": ("fuel_consumption", "choice", ""),
        "parking_assist_system": ("parking_assist_system", "yes_no", ""),
        "cruise_control_system": ("cruise_control_system", "yes_no", ""),
        "heated_seats": ("heated_seats", "yes_no", ""),
        "ventilated_seats": ("ventilated_seats", "yes_no", ""),
    }),
    "series": ("xrisawoz_tv_en.json", "", {
        "production_country_or_area": ("production_country_or_area", "choice", ""),
        "type": ("type", "choice", ""),
        "decade": ("decade", "choice", ""),
        "star": ("star", "choice", ""),
        "director": ("director", "choice", ""),
        "episodes": ("episodes", "number", ""),
        "episode_length": ("episode_length", "number", "minute"),
        "douban_score": ("douban_score", "number", ""),
    }),
}  # fmt: skip
_BOUNDS = ("min_", "max_", "not_")
_LOADED = {"number_of_seats": "seats", "four_wd": "wheel_drive"}
_ELSEWHERE = ("classification", "type", "douban_score")
_DISKS = {"512gb ssd": 512, "1tb hdd": 1024}
_UNKNOWN = ("N/A", "other")


@dataclass(frozen=True)
class Request:
    """A labelled request: the arguments of the call that it asks for, beyond the query."""

    shop: str
    language: str
    text: str
    wanted: dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """What the reader is told of a shop."""

    facets: tuple[Facet, ...]
    brands: tuple[str, ...]


# ---- reading --------------------------------------------------------------------------------------


def requests(name: str) -> list[Request]:
    """The labelled requests of a file of `tests/labels`."""
    shops = tomllib.loads((LABELS / name).read_text("utf-8"))
    return [
        Request(shop, row.get("language", ""), row["text"], row["wanted"])
        for shop, rows in shops.items()
        if shop != "facets"
        for row in rows
    ]


@cache
def invented_shops(name: str) -> dict[str, Shop]:
    """The shops that a file of labels has made up."""
    shops = tomllib.loads((LABELS / name).read_text("utf-8"))["facets"]
    return {
        shop: Shop(
            tuple(
                Facet(name, row["kind"], row.get("unit", ""), tuple(row["values"]))
                for name, row in facets.items()
            ),
            (),
        )
        for shop, facets in shops.items()
    }


@cache
def catalog_shop(shop: str) -> Shop:
    """A shop's facets as its file has them, one per column of `SHOPS`."""
    file, brand, columns = SHOPS[shop]
    rows = json.loads((CATALOGS / file).read_text("utf-8"))
    facets = tuple(
        Facet(name, kind, unit, _values(kind, unit, [str(row[column]) for row in rows]))  # type: ignore[arg-type]
        for column, (name, kind, unit) in columns.items()
    )
    return Shop(facets, tuple(dict.fromkeys(row[brand] for row in rows)) if brand else ())


@cache
def loaded_shop(shop: str) -> Shop:
    """A shop as the catalogue's loader reads it: facets and brands."""
    catalog = load_catalog(CATALOGS / SHOPS[shop][0]).catalog
    brands = dict.fromkeys(product.brand for product in catalog if product.brand)
    return Shop(catalog.facets, tuple(brands))


def as_loaded(request: Request) -> Request:
    """The request with the loader's names. What it reads as the kind of product or as rating is no facet
    there; a disk's size is a number."""
    wanted: dict[str, Any] = {}
    for argument, value in request.wanted.items():
        bound = next((kind for kind in _BOUNDS if argument.startswith(kind)), "")
        name = argument.removeprefix(bound)
        if name not in _ELSEWHERE:
            wanted[bound + _LOADED.get(name, name)] = (
                _DISKS.get(value, value) if isinstance(value, str) else value
            )
    return replace(request, wanted=wanted)


def _values(kind: str, unit: str, cells: list[str]) -> tuple[str, ...]:
    known = [cell for cell in cells if cell not in _UNKNOWN]
    if kind == "yes_no":
        return ("yes", "no")
    if kind == "number":
        numbers = sorted({float(number) for cell in known for number in _numbers(cell)})
        return tuple(f"{number:g} {unit}".strip() for number in (numbers[0], numbers[-1]))
    is_list = any(" keyboard" in cell for cell in known)
    parts = Counter(part for cell in known for part in (_parts(cell) if is_list else [cell.lower()]))
    return tuple(value for value, _ in parts.most_common())


def _numbers(cell: str) -> Iterator[str]:
    for word in cell.replace("-", " ").replace("kg", " ").replace("GB", " ").split():
        digits = word.strip("<>")
        if digits.replace(".", "", 1).isdigit():
            yield digits


def _parts(cell: str) -> Iterator[str]:
    """ "A backlit keyboard, PCIe SSD, and quick charge" are three values."""
    for part in cell.lower().replace(" and ", ", ").split(","):
        value = part.strip(" .").removeprefix("a ")
        if value:
            yield value


# ---- scoring --------------------------------------------------------------------------------------


def arguments(read: ParsedRequest) -> dict[str, Any]:
    """What a call for this request says beyond its query."""
    several = {
        "colour": read.colours, "material": read.materials, "size": read.sizes, "gender": read.genders,
        "occasion": read.occasions, "brand": read.brands,
    }  # fmt: skip
    several |= {f"not_{slot}": values for slot, values in read.without.items() if slot != "product_type"}
    found: dict[str, Any] = {name: _scalar(values) for name, values in several.items() if values}
    single = {
        "min_price": read.min_price, "max_price": read.max_price, "sort_by": read.order, "like": read.like,
        "than": read.than, "min_rating": read.min_rating,
    }  # fmt: skip
    return found | {name: value for name, value in single.items() if value is not None} | dict(read.facets)


def _scalar(values: Iterable[str]) -> Any:
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed


def pairs(wanted: Mapping[str, Any]) -> set[tuple[str, str]]:
    """argument=value; a list is one value, in any order."""
    return {
        (
            name,
            str(sorted(value) if isinstance(value, list) else float(value) if _is_number(value) else value),
        )
        for name, value in wanted.items()
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True)
class Score:
    """Pairs: right of those found and of those labelled; whole requests that are right in all of them."""

    right: int = 0
    found: int = 0
    labelled: int = 0
    whole: int = 0
    requests: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, name) + getattr(other, name) for name in Score.__annotations__))

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.labelled if self.labelled else 1.0


def score(request: Request, shop: Shop) -> tuple[Score, dict[str, Any]]:
    """(how well a request is read, what was read)."""
    read = arguments(parse_request(request.text, shop.brands, shop.facets))
    found, labelled = pairs(read), pairs(request.wanted)
    return Score(len(found & labelled), len(found), len(labelled), found == labelled, 1), read


def _percent(right: int, of: int) -> str:
    low, high = wilson(right, of)
    return f"{right}/{of} = {right / max(of, 1):.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    rows = [(request, catalog_shop(request.shop)) for request in requests("facet_requests.toml")]
    if "--loaded" in sys.argv:
        rows = [(as_loaded(request), loaded_shop(request.shop)) for request, _ in rows]
    for name in ("tuning", "unseen"):
        if f"--{name}" in sys.argv:
            file = f"facet_requests_{name}.toml"
            rows = [(one, invented_shops(file)[one.shop]) for one in requests(file)]
    totals: dict[str, Score] = {}
    for request, shop in rows:
        own, read = score(request, shop)
        for name in ("all", request.shop, request.language):
            totals[name] = totals.get(name, Score()) + own
        if "--wrong" in sys.argv and not own.whole:
            print(f"{request.shop}: {request.text}\n    wanted {request.wanted}\n    read   {read}")
    for name, total in totals.items():
        precision, recall = (_percent(total.right, of) for of in (total.found, total.labelled))
        print(f"{name:9} precision {precision}, recall {recall}, whole {total.whole}/{total.requests}")


if __name__ == "__main__":
    main()

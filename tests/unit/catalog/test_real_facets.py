"""Facets of real catalogues, as a person who has looked at the files expects them (before the code was)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from muse_core.catalog.load import load_catalog
from muse_core.types import Facet
from tests.unit.catalog import facet_shops

SHARED = Path(__file__).parents[4] / "shared" / "data" / "catalogs"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the research catalogues are not beside the project"
)

# name -> (kind, unit, values that must be among the facet's values or those of some product)
CARS = {
    "seats": ("number", "", ("5", "7", "4")),
    "hybrid": ("choice", "", ("gas", "phev")),
    "wheel_drive": ("choice", "", ("two-wheel", "all-wheel")),
    "power_level": ("choice", "", ("normal", "relatively strong")),
    "fuel_consumption": ("choice", "", ("normal", "fuel-efficient")),
    "parking_assist_system": ("yes_no", "", ("yes", "no")),
    "cruise_control_system": ("yes_no", "", ("yes", "no")),
    "heated_seats": ("yes_no", "", ("yes", "no")),
    "ventilated_seats": ("yes_no", "", ("yes", "no")),
}
LAPTOPS = {
    "memory_capacity": ("number", "gb", ("8 gb", "16 gb", "64 gb", "4 gb")),
    "screen_size": ("number", "inch", ("15.6 inch", "14 inch", "20 inch", "21.5 inch", "27 inch")),
    "cpu": ("choice", "", ("intel core i5", "intel core i7", "intel core i9", "intel core i3")),
    "usage": ("choice", "", ("lightweight", "business", "gaming", "regular")),
    "operating_system": ("choice", "", ("windows 10", "mac os")),
    "game_performance": ("choice", "", ("entry-level", "enthusiast")),
    "weight": ("number", "kg", ("1.5 kg", "2 kg", "7.48 kg", "12.17 kg")),
    "gpu_category": ("choice", "", ("discrete graphics card", "integrated graphics card")),
    "gpu_model": ("choice", "", ("mx250", "gtx1650", "rtx2060")),
    "features": ("choice", "", ("backlit keyboard", "fingerprint recognition", "pcie ssd", "quick charge")),
    "standby_time": ("number", "hour", ("9 hour", "7 hour", "5 hour")),
    "hard_disk_capacity": ("number", "gb", ("256 gb", "512 gb", "1024 gb", "2048 gb")),
}
SERIES = {
    "production_country_or_area": ("choice", "", ("chinese mainland", "hong kong", "america", "japan")),
    "decade": ("choice", "", ("2010s", "2000s", "1990s", "1980s")),
    "star": ("choice", "", ("louis koo", "jim parsons")),
    "director": ("choice", "", ("wang fulin",)),
    "episodes": ("number", "", ("46", "10", "84")),
    "episode_length": ("number", "minute", ("45 minute", "60 minute")),
}
SEASONS = {"season": ("choice", "", ("summer", "fall", "winter", "spring"))}
REAL = {
    "xrisawoz_car_en.json": CARS,
    "xrisawoz_pc_en.json": LAPTOPS,
    "xrisawoz_tv_en.json": SERIES,
    "fashion_styles_39k_noprice.csv": SEASONS,
    "fashion_visual_subset.parquet": SEASONS,
    "myntra_catalog_12k.csv": {},
}
INVENTED = {
    "furniture": (facet_shops.FURNITURE, {
        "primary_wood": ("choice", "", ("sheesham", "teak", "mango wood", "engineered wood")),
        "seating_capacity": ("number", "", ("1", "2", "3", "5")),
        "width": ("number", "cm", ("180 cm", "92.5 cm", "75 cm", "210 cm")),
        "assembly_required": ("yes_no", "", ("yes", "no")),
        "warranty": ("number", "year", ("1 year", "2 year", "5 year")),
        "style": ("choice", "", ("modern", "contemporary", "traditional", "industrial")),
    }),
    "groceries": (facet_shops.GROCERIES, {
        "net_weight": ("number", "kg", ("0.5 kg", "1 kg", "0.25 kg", "5 kg", "2 kg")),
        "shelf_life": ("number", "month", ("6 month", "12 month", "9 month", "3 month")),
        "veg_non_veg": ("choice", "", ("veg", "non-veg")),
        "organic": ("yes_no", "", ("yes", "no")),
        "flavour": ("choice", "", ("mint", "mango", "masala", "plain")),
    }),
    "phones": (facet_shops.PHONES, {
        "ram": ("number", "gb", ("4 gb", "6 gb", "8 gb", "12 gb")),
        "storage": ("number", "gb", ("64 gb", "128 gb", "256 gb", "1024 gb")),
        "battery": ("number", "mah", ("5000 mah", "4500 mah", "6000 mah")),
        "screen_size": ("number", "inch", ("6.5 inch", "6.7 inch", "6.1 inch")),
        "five_g": ("yes_no", "", ("yes", "no")),
        "processor": ("choice", "", ("snapdragon", "mediatek")),
    }),
    "coolers": (facet_shops.COOLERS, {
        "capacity": ("number", "ton", ("1.5 ton", "1 ton", "2 ton")),
        "energy_rating": ("number", "star", ("3 star", "5 star", "4 star")),
        "inverter": ("yes_no", "", ("yes", "no")),
        "noise_level": ("number", "db", ("45 db", "38 db", "52 db")),
        "coverage": ("number", "sq ft", ("150 sq ft", "111 sq ft", "180 sq ft")),
        "copper_coil": ("yes_no", "", ("yes", "no")),
    }),
}  # fmt: skip


@cache
def _found(path: Path) -> tuple[dict[str, Facet], dict[str, set[str]]]:
    """The facets by name, and every value of each."""
    catalog = load_catalog(path).catalog
    values: dict[str, set[str]] = {}
    for product in catalog:
        for name, own in product.facets.items():
            values.setdefault(name, set()).update(own)
    return {facet.name: facet for facet in catalog.facets}, values


def _meets(path: Path, expected: dict[str, tuple[str, str, tuple[str, ...]]]) -> None:
    facets, values = _found(path)
    assert {name: (facet.kind, facet.unit) for name, facet in facets.items()} == {
        name: told[:2] for name, told in expected.items()
    }
    assert {name: sorted(set(told[2]) - values[name]) for name, told in expected.items()} == {
        name: [] for name in expected
    }


@needs_shared
@pytest.mark.parametrize("name", REAL)
def test_a_real_catalogue_has_the_facets_that_a_person_sees(name: str) -> None:
    _meets(SHARED / name, REAL[name])


@needs_shared
@pytest.mark.parametrize("kind", ["car", "pc", "tv"])
@pytest.mark.parametrize("language", ["hi", "enhi"])
def test_another_language_has_the_same_facets(kind: str, language: str) -> None:
    english, _ = _found(SHARED / f"xrisawoz_{kind}_en.json")
    other, _ = _found(SHARED / f"xrisawoz_{kind}_{language}.json")
    assert {(facet.name, facet.kind, facet.unit) for facet in other.values()} == {
        (facet.name, facet.kind, facet.unit) for facet in english.values()
    }


@needs_shared
def test_the_same_laptop_has_the_same_numbers_in_every_language() -> None:
    shops = [load_catalog(SHARED / f"xrisawoz_pc_{code}.json").catalog for code in ("en", "hi", "enhi")]
    for english, *others in zip(*shops, strict=True):
        for name in ("memory_capacity", "screen_size", "hard_disk_capacity", "weight", "standby_time"):
            for other in others:
                assert other.facets.get(name) == english.facets.get(name), (english.title, name)


@needs_shared
def test_hindi_sizes_and_choices_are_asked_for_in_english() -> None:
    english, hindi = (load_catalog(SHARED / f"xrisawoz_car_{code}.json").catalog for code in ("en", "hi"))
    assert [product.sizes for product in hindi] == [product.sizes for product in english]
    for name in CARS:
        assert [one.facets[name] for one in hindi] == [one.facets[name] for one in english], name


@pytest.mark.parametrize("name", INVENTED)
def test_an_invented_export_has_the_facets_that_a_person_sees(name: str, tmp_path: Path) -> None:
    shop, expected = INVENTED[name]
    _meets(facet_shops.write(tmp_path, shop), expected)

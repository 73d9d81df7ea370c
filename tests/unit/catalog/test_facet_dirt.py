"""Columns that no facet can be made of, and files that are made to break: one clear outcome each."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np

from muse_core.catalog.load import LoadReport, load_catalog


def _load(folder: Path, header: list[str], rows: list[list[str]]) -> LoadReport:
    path = folder / "shop.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return load_catalog(path)


def test_forty_thousand_values_are_no_choice(tmp_path: Path) -> None:
    rows = [[f"Zed Shirt {n}", f"word{n % 40_000}", ("solid", "striped")[n % 2]] for n in range(50_000)]
    report = _load(tmp_path, ["title", "motif", "pattern type"], rows)
    assert report.no_facets == {"motif": "40,000 different values"}
    assert list(report.facet_columns) == ["pattern_type"]


def test_forty_thousand_measures_are_a_number(tmp_path: Path) -> None:
    rows = [[f"Zed Shelf {n}", f"{n / 100:.2f} kg", f"{n / 7:.5f}"] for n in range(40_000)]
    report = _load(tmp_path, ["title", "weight", "tilt"], rows)
    assert [(facet.name, facet.values) for facet in report.catalog.facets] == [
        ("weight", ("0 kg", "399.99 kg"))
    ]
    assert report.no_facets == {"tilt": "numbers without a unit, nearly all different"}


def test_ten_thousand_columns_give_twelve_facets_and_a_note(tmp_path: Path) -> None:
    header = ["title", *(f"trait {n}" for n in range(10_000))]
    drawn = np.random.default_rng(3).integers(5, size=(30, 10_000))
    rows = [[f"Zed Shirt {row}", *(f"v{value}" for value in drawn[row])] for row in range(30)]
    report = _load(tmp_path, header, rows)
    assert len(report.catalog.facets) == 12
    assert any("10001 columns were found; only the first 400 were read" in note for note in report.notes)
    why = set(report.no_facets.values())
    assert all(one.startswith(("12 other columns tell more", "like the column 'trait ")) for one in why)
    assert len(report.no_facets) == 399 - 12


def test_a_cell_of_ten_megabytes_is_cut_and_is_no_value(tmp_path: Path) -> None:
    rows = [[f"Zed Shirt {n}", ("solid", "striped")[n % 2]] for n in range(40)]
    rows[7][1] = "solid, 8 gb; " * 800_000
    began = time.process_time()
    report = _load(tmp_path, ["title", "weave"], rows)
    assert time.process_time() - began < 5
    assert any("1 cells have more than 20,000 characters" in note for note in report.notes)
    assert [(facet.name, facet.values) for facet in report.catalog.facets] == [
        ("weave", ("solid", "striped"))
    ]


def test_what_is_not_text_of_people_is_no_value(tmp_path: Path) -> None:
    cells = ('{"a": 1}', "<b>", "https://shop.invalid/a", "#N/A", "[1]", "\u0000", "  ", "=cmd()")
    rows = [[f"Zed Shirt {n}", cells[n % 8], ("solid", "striped", "#REF!")[n % 3]] for n in range(48)]
    report = _load(tmp_path, ["title", "thing", "weave"], rows)
    assert list(report.facet_columns) == ["weave"]
    assert dict(report.no_facets)["thing"] in ("no values", "sentences, or values too long to ask for")
    assert {value for product in report.catalog for value in product.facets.get("weave", ())} == {
        "solid",
        "striped",
    }


def test_a_column_that_mixes_dimensions_keeps_both_as_texts_or_the_most_of_one(tmp_path: Path) -> None:
    mixed = ("500 g", "1 L", "6 pcs", "2 kg")
    nearly = ("500 g", "1 kg", "250 g", "2 kg", "5 kg", "1 kg", "3 kg", "10 kg", "large")
    rows = [[f"Zed Pack {n}", mixed[n % 4], nearly[n % 9]] for n in range(72)]
    report = _load(tmp_path, ["title", "contents", "bag"], rows)
    facets = {facet.name: facet for facet in report.catalog.facets}
    assert (facets["contents"].kind, set(facets["contents"].values)) == (
        "choice",
        {"500 g", "1 l", "6 piece", "2 kg"},
    )
    assert (facets["bag"].kind, facets["bag"].unit, facets["bag"].values) == (
        "number",
        "kg",
        ("0.25 kg", "10 kg"),
    )
    assert facets["bag"].share < 0.9  # "large" is no weight

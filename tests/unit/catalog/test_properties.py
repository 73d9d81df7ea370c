"""What holds for every cell and every file: a price survives its spelling, no bytes break the loader."""

from __future__ import annotations

import io
import json
import tempfile
from decimal import Decimal
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.catalog import cells
from muse_core.catalog.load import load_catalog
from muse_core.errors import MuseError

PAISE = st.integers(min_value=1, max_value=999_999_999)
SIGNS = ("", "₹", "₹ ", "Rs. ", "Rs ", "Rs\n", "rs.", "INR ", "MRP: ₹", "$", "€ ", "£", "¥", "रु ", "USD ")
ENDS = ("", "/-", " only", " INR", " rupees", " रुपये", " (incl. of all taxes)", "\n", " yuan", " / piece")
DIGITS = str.maketrans("0123456789", "०१२३४५६७८९")


def indian(whole: int) -> str:
    """1234567 -> '12,34,567'."""
    text = str(whole)
    head, tail = text[:-3], text[-3:]
    pairs = [head[max(at - 2, 0) : at] for at in range(len(head), 0, -2)][::-1]
    return ",".join([*pairs, tail])


@st.composite
def spelled(draw: st.DrawFn) -> tuple[float, str]:
    """An amount and one of its spellings, without sign."""
    paise = draw(PAISE)
    whole, rest = divmod(paise, 100)
    decimals = draw(st.sampled_from([0, 1, 2])) if rest == 0 else 2
    group = draw(st.sampled_from([str, indian, lambda value: f"{value:,}"]))
    text = group(whole) + (f".{rest:02d}"[: decimals + 1] if decimals else "")
    return float(Decimal(paise) / 100), text


@given(spelled(), st.sampled_from(SIGNS), st.sampled_from(ENDS), st.booleans())
def test_a_price_survives_grouping_decimals_signs_and_scripts(
    amount: tuple[float, str], sign: str, end: str, devanagari: bool
) -> None:
    value, text = amount
    text = text.translate(DIGITS) if devanagari else text
    assert cells.price(f"{sign}{text}{end}") == value


@given(
    spelled(),
    spelled(),
    st.sampled_from(SIGNS),
    st.sampled_from(["-", " - ", " – ", "—", " to ", " से ", "~"]),
    st.booleans(),
)
def test_of_a_range_the_low_end_is_taken(
    one: tuple[float, str], other: tuple[float, str], sign: str, between: str, twice: bool
) -> None:
    (low, low_text), (_, high_text) = sorted((one, other))
    cell = f"{sign}{low_text}{between}{sign if twice else ''}{high_text}"
    assert cells.price(cell) == low
    assert cells.is_range(cell)


@given(st.integers(min_value=1, max_value=999_999))
def test_a_price_survives_european_spelling(cents: int) -> None:
    whole, rest = divmod(cents, 100)
    grouped = f"{whole:,}".replace(",", ".")
    assert cells.price(f"€ {grouped},{rest:02d}") == cents / 100


@given(st.text(max_size=60))
def test_no_cell_breaks_a_reader(cell: str) -> None:
    assert cells.price(cell) is None or 0 < float(cells.price(cell) or 0) < 1e13
    assert "\n" not in cells.text(cell) and "<tool>" not in cells.text(f"<tool>{cell}</tool>")
    for read in (cells.colour, cells.gender, cells.sizes, cells.path, cells.rating, cells.is_picture_path):
        read(cell)


def _load(raw: bytes) -> None:
    """Loads, or refuses in one of our own errors."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shop.csv"
        file.write_bytes(raw)
        try:
            report = load_catalog(file)
        except MuseError as refused:
            assert len(str(refused)) < 4000
            return
        assert report.rows_read == report.rows_kept + sum(report.dropped.values())


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
def test_no_bytes_break_the_loader(raw: bytes) -> None:
    _load(raw)


CELL = st.one_of(
    st.text('a"\n\r,;|\t\\{[₹9 ', max_size=12), st.sampled_from(["Blue Shirt", "₹499", "nan", ""])
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELL, max_size=5), max_size=8), st.sampled_from(",;|\t"))
def test_no_unquoted_table_breaks_the_loader(rows: list[list[str]], sign: str) -> None:
    _load(("title,price,colour\n".replace(",", sign) + "\n".join(map(sign.join, rows))).encode())


@settings(max_examples=60, deadline=None)
@given(st.recursive(st.none() | st.floats() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["title", "price", "a", "0", "data", "columns"]), inner,
                                      max_size=3), max_leaves=12))  # fmt: skip
def test_no_json_breaks_the_loader(value: object) -> None:
    _load(json.dumps([value]).encode())
    _load(json.dumps(value).encode())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab\"\n,;|\t' ₹", min_size=1, max_size=12), min_size=1, max_size=6))
def test_what_a_table_program_writes_is_read_back(cells_in: list[str]) -> None:
    """pandas as the other side: quoted cells with every separator, quote and line break in them."""
    titles = [f"Mug {cell} {n}x" for n, cell in enumerate(cells_in)]
    out = io.StringIO()
    pd.DataFrame({"title": titles, "price": range(10, 10 + len(titles))}).to_csv(out, index=False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shop.csv"
        file.write_text(out.getvalue(), encoding="utf-8", newline="")
        found = load_catalog(file).catalog
    assert [product.title for product in found] == [" ".join(title.split()) for title in titles]

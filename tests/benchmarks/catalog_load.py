"""How long a large, dirty catalogue takes to load, and how much memory.

    python -m tests.benchmarks.catalog_load --json [--rows 100000]

Writes a CSV of the synthetic shop's products, repeated with other ids and dirtied as shops do it
(prices as `₹1,09,999`, `Rs\n1699`, ranges and nulls, two price columns, paths as categories, HTML,
colour only in the title, missing ids, one row in ten an exact duplicate), and loads it in a fresh
process. Prints one JSON object: CPU and wall seconds of `load_catalog`, the peak memory (RSS) of that
process in MB with the interpreter and all libraries, and the report's counts.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from muse_core.catalog.load import load_catalog
from muse_core.catalog.synthetic import make_catalog
from muse_core.types import Product

HEADER = (
    "S.No.", "Product ID", "Product Nmae", "Brand", "Category Tree", "Colour", "Ideal For", "M.R.P.",
    "Selling Price (Rs.)", "Avg Rating", "Rating Count", "Fabric", "Sizes", "Description", "Seller", "Link",
)  # fmt: skip
SOURCE_PRODUCTS = 2000
DUPLICATES = 0.1


def _price(price: float, rng: np.random.Generator) -> str:
    """One of the ways in which shops write a price, or none."""
    whole = int(price)
    ways = (
        f"₹{whole:,}",
        f"Rs\n{whole}",
        f"{whole}.00",
        f"Rs. {whole:,}/-",
        f"{whole:,}-{whole + 500:,}",
        "Nan",
    )
    return ways[int(rng.integers(len(ways)))]


def _row(number: int, product: Product, rng: np.random.Generator) -> list[object]:
    shelf = f'["{product.category} >> {product.gender or "all"} >> {product.product_type}"]'
    known = rng.random(4) < 0.8
    price = float(product.price or 0)
    return [
        number, f"SKU{number:07d}" if known[0] else "", f"{product.title} {number}", product.brand or "N/A",
        shelf, product.colour if known[1] else "|", product.gender or "", f"₹{price + 300:,.0f}",
        _price(price, rng), product.rating if known[2] else "#DIV/0!", int(rng.integers(5000)),
        product.material or "", str(list(product.sizes)),
        f"<p>{product.description}</p> &amp; more, number {number}.", f"Seller {number % 97}",
        f"https://shop.invalid/p/{number}",
    ]  # fmt: skip


def dirty_rows(rows: int, rng: np.random.Generator) -> Iterator[list[object]]:
    """`rows` rows, one in ten equal to the one before it but for the running number."""
    shop = make_catalog(rng, SOURCE_PRODUCTS).products
    last: list[object] = []
    for number in range(rows):
        again = last and rng.random() < DUPLICATES
        last = [number, *last[1:]] if again else _row(number, shop[number % len(shop)], rng)
        yield last


def write(path: Path, rows: int) -> None:
    """The benchmark's catalogue, the same bytes each time."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(dirty_rows(rows, np.random.default_rng(11)))


def measure(path: Path) -> dict[str, object]:
    """Loads the file in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    report = load_catalog(path)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {
        "cpu_s": round(cpu, 2), "wall_s": round(wall, 2), "peak_mb": round(peak),
        "file_mb": round(path.stat().st_size / 2**20, 1), "rows_read": report.rows_read,
        "rows_kept": report.rows_kept, "columns": dict(report.columns), "prices": report.prices,
    }  # fmt: skip


def in_fresh_process(path: Path) -> dict[str, object]:
    """`measure` where nothing else has used memory yet."""
    command = [sys.executable, "-m", "tests.benchmarks.catalog_load", "--file", str(path)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout (the default too)")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.file:
        print(json.dumps(measure(asked.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.csv"
        write(path, asked.rows)
        print(json.dumps(in_fresh_process(path), ensure_ascii=False))


if __name__ == "__main__":
    main()

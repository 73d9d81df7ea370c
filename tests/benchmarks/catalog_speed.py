"""How long a large catalogue with many columns of its own takes, facets and index included, and its memory.

    python -m tests.benchmarks.catalog_speed --json [--rows 100000] [--plain]

Writes a CSV of 30 columns (laptops: numbers with units in several spellings, choices, lists, yes and no,
codes, sentences; `--plain`: only our own columns), loads it in a fresh process, asks the catalogue for its
facets and the index for limits on them. Prints one JSON object: CPU seconds of each, the peak memory (RSS)
of that process in MB with the interpreter and all libraries, and the facets.
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
from pathlib import Path

import numpy as np

from muse_core.catalog.facet_columns import Asked
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.load import load_catalog

OWN = ("Product ID", "Product Name", "Brand", "Category", "Colour", "Selling Price", "Rating", "Description")
CELLS = {
    "RAM": ("8 GB", "8gb ram", "16GB", "32 GB", "4 जीबी"), "Touchscreen": ("Yes", "No", "No"),
    "Storage": ("256GB SSD", "512 GB SSD + 1 TB HDD", "1TB"), "Backlit Keyboard": ("TRUE", "FALSE"),
    "Screen Size": ('15.6"', "14 inch", "13.3-inch", "17.3 इंच"),
    "Battery (mAh)": ("5000", "4,500", "6000"),
    "Processor": ("Intel Core i5", "intel core i7", "AMD Ryzen 5"),
    "Weight": ("1.5-2kg", "1400 gm", "2.1 kg"),
    "Operating System": ("Windows 11", "macOS", "Linux", ""), "Warranty": ("1 Year", "24 months", "3 years"),
    "Graphics": ("Integrated", "RTX 3050", "RTX 4060", "N/A"), "Refresh Rate": ("60 Hz", "120Hz", "144 hz"),
    "Ports": ("USB, HDMI and Type-C", "HDMI, USB", "Type-C"), "Usage": ("gaming", "business", "lightweight"),
    "Camera": ("720p", "1080p", "none"), "Finish": ("Matte", "matte", "Glossy"),
    "Fan Count": ("1", "2", "3"), "Country of Origin": ("China", "India", "Vietnam"),
}  # fmt: skip


def write(path: Path, rows: int, plain: bool = False) -> None:
    """The benchmark's catalogue, the same bytes each time."""
    draw = np.random.default_rng(12)
    header = (*OWN, *(() if plain else (*CELLS, "Model Number", "Story", "Seller", "Depth")))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for number in range(rows):
            picks = draw.integers(60, size=len(CELLS) + 3)
            brand, kind = f"Brand{picks[0]}", ("Laptop", "Tablet", "Desktop")[picks[1] % 3]
            own = [
                f"SKU{number:07d}", f"{brand} {kind} {number}", brand, f"Electronics > {kind}",
                ("Black", "Silver", "Blue")[picks[2] % 3], 9000 + 37 * int(picks[0] * picks[1]),
                1 + picks[2] % 5, f"A {kind.lower()} for work and play, number {number}.",
            ]  # fmt: skip
            more = [cells[pick % len(cells)] for cells, pick in zip(CELLS.values(), picks[3:], strict=True)]
            rest = [
                f"M-{number}X",
                f"It runs all day and never tires of its work, says {number}.",
                f"S{number % 97}",
            ]
            writer.writerow(own if plain else [*own, *more, *rest, f"{number % 9973 / 7:.3f} cm"])


def measure(path: Path, at_most: int) -> dict[str, object]:
    """Loads and asks in this process."""
    took, last = {}, time.process_time()

    def lap(name: str) -> None:
        nonlocal last
        took[name], last = round(time.process_time() - last, 2), time.process_time()

    named = {"processor": "Processor", "touchscreen": "Touchscreen"}
    report = load_catalog(path, facets=Asked(named if at_most else {}, at_most))
    lap("load_cpu_s")
    facets = report.catalog.facets
    lap("facets_of_cpu_s")
    index = CatalogIndex(report.catalog)
    lap("index_cpu_s")
    asked = {"min_ram": 16, "not_processor": "i5", "touchscreen": True} if at_most else {"colour": "blue"}
    found = index.count("laptop", asked)
    lap("first_limit_cpu_s")
    for _ in range(100):
        index.count("laptop", asked)
    lap("hundred_limits_cpu_s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return took | {
        "peak_mb": round(peak), "file_mb": round(path.stat().st_size / 2**20, 1), "rows": report.rows_kept,
        "columns": len(report.columns) + len(report.other_columns),
        "facets": [facet.name for facet in facets], "found": found,
        "no_facets": dict(report.no_facets),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--plain", action="store_true", help="only the columns that every shop has")
    parser.add_argument("--max-facets", type=int, default=12)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout (the default too)")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.file:
        print(json.dumps(measure(asked.file, asked.max_facets), ensure_ascii=False))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.csv"
        write(path, asked.rows, asked.plain)
        command = [sys.executable, "-m", "tests.benchmarks.catalog_speed", "--file", str(path)]
        command += ["--max-facets", "0" if asked.plain else str(asked.max_facets)]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    main()

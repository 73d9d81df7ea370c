"""Exports of shops that were made up before the code that finds facets was written."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

Shop = tuple[Sequence[str], Sequence[Sequence[str]]]


def write(folder: Path, shop: Shop, name: str = "shop.csv") -> Path:
    """The shop as a CSV file."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(shop[0])
        rows.writerows(shop[1])
    return path


def of(header: Sequence[str], *columns: Sequence[str], rows: int = 60) -> Shop:
    """A shop whose columns repeat these cells in cycles; a cell with `#` has the row's number in it."""
    return header, [
        [column[row % len(column)].replace("#", str(row)) for column in columns] for row in range(rows)
    ]


FURNITURE = of(
    (
        "SKU", "Product Name", "Brand", "Selling Price", "Primary Wood", "Seating Capacity", "Width (cm)",
        "Assembly Required", "Warranty", "Style", "Care Instructions", "Country of Origin",
    ),
    ("F#",),
    ("Oslo # Sofa", "Pune # Dining Table", "Goa # Bookshelf", "Agra # Bed"),
    ("Nilkamal", "Durian", "Urban Ladder"),
    ("12999", "24999", "8999", "31999", "15499"),
    ("Sheesham", "sheesham", "Teak", "Mango Wood", "Engineered Wood", ""),
    ("3 Seater", "2 seater", "5 Seater", "1 Seater"),
    ("180", "92.5", "210", "75", "120"),
    ("Yes", "No", "No"),
    ("1 Year", "2 Years", "12 months", "5 yrs"),
    ("Modern", "Contemporary", "Traditional", "Industrial"),
    ("Wipe with a soft dry cloth # and keep it away from the sun and from damp walls at all times.",),
    ("India",),
)  # fmt: skip

GROCERIES = of(
    ("Item Name", "MRP", "Net Weight", "Shelf Life", "Veg/Non-Veg", "Organic", "Flavour", "Barcode"),
    ("Tasty Atta # 1", "Toor Dal #", "Mango Pickle #", "Green Tea #", "Basmati Rice #"),
    ("₹55", "₹120", "₹240", "₹75", "₹410", "₹99", "₹61"),
    ("500 gm", "1 kg", "1kg", "250 g", "5 Kg", "500g", "2 KG"),
    ("6 Months", "12 months", "9 months", "3 Months"),
    ("Veg", "Veg", "Veg", "Non-Veg"),
    ("Y", "N", "N", "Y", "N"),
    ("Mint", "mango", "Mango", "Masala", "", "Plain"),
    ("89010#234567",),
)

# Phones in a shop that writes Hindi.
PHONES = of(
    ("नाम", "ब्रांड", "कीमत", "रैम", "स्टोरेज", "बैटरी (mAh)", "स्क्रीन साइज़", "5G", "रंग", "प्रोसेसर"),
    ("सैमसंग गैलेक्सी M# मोबाइल", "रेडमी नोट # मोबाइल", "वीवो Y# मोबाइल"),
    ("सैमसंग", "रेडमी", "वीवो"),
    ("12999", "9999", "15999", "21999"),
    ("4 जीबी", "6GB", "8 GB", "12 जीबी", "8gb"),
    ("64 जीबी", "128GB", "256 GB", "1 TB"),
    ("5000", "4,500", "6000"),
    ("6.5 इंच", "6.7 इंच", '6.1"'),
    ("हाँ", "नहीं"),
    ("काला", "नीला", "लाल"),
    ("Snapdragon", "MediaTek", "स्नैपड्रैगन"),
)

# Air conditioners: tonnage in the name of a column and in cells; a yes and no in words of the trade.
COOLERS = of(
    (
        "Title", "Price", "Capacity", "Energy Rating (Star)", "Inverter", "Noise Level", "Coverage",
        "Copper Coil",
    ),
    ("Polar Split AC #", "Zenith Window AC #"),
    ("32990", "41990", "27490"),
    ("1.5 Ton", "1 ton", "2 Tons", "1.5Ton"),
    ("3", "5", "4"),
    ("TRUE", "FALSE"),
    ("45 dB", "38 dB", "52 db"),
    ("150 sq ft", "111-150 sqft", "180 sq. ft."),
    ("available", "not available"),
)  # fmt: skip

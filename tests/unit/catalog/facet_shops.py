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

# Three more kinds, made up after the first code and before its second look.
BOOKS = of(
    ("ISBN", "Title", "Author", "Language", "Binding", "Pages", "Genre", "Year", "Price", "Edition"),
    ("978#0000000",),
    ("The Book of # Things", "A History of #", "Cooking No #"),
    ("R. Sharma", "A. Roy", "K. Das", "V. Seth", "S. Rao"),
    ("English", "Hindi", "Tamil"),
    ("Paperback", "Hardcover"),
    ("320", "210", "540", "188", "96", "640"),
    ("Fiction", "History | Health", "Cooking", "History, Fiction"),
    ("2019", "2021", "2008"),
    ("399", "499", "250"),
    ("1st", "2nd", "3rd"),
)

SHIRTS = of(
    (
        "Style ID", "Product", "Brand", "Colour", "Size", "Fit", "Sleeve Length", "Neck Type", "Pattern",
        "Occasion", "Fabric", "Season", "Pack of", "GSM", "MRP", "Offer Price", "Stock",
    ),
    ("S#",),
    ("Zed Men Shirt #", "Yem Men Kurta #"),
    ("Zed", "Yem"),
    ("Red", "Blue", "Navy"),
    ("S, M, L",),
    ("Slim Fit", "Regular Fit", "slim fit"),
    ("Half Sleeve", "Full Sleeves", "Sleeveless"),
    ("Round Neck", "V-Neck", "Polo"),
    ("Solid", "Striped", "Checked"),
    ("casual", "formal"),
    ("Cotton", "Linen"),
    ("Summer", "All Season"),
    ("1", "2", "3"),
    ("180", "220", "160 gsm"),
    ("999",),
    ("799", "699"),
    ("12", "0", "5"),
)  # fmt: skip

MOTORS = of(
    (
        "Model", "Make", "Fuel Type", "Transmission", "Seating Capacity", "Engine", "Mileage", "Max Power",
        "Boot Space", "Airbags", "Sunroof", "Body Type", "Price (Ex-Showroom)",
    ),
    ("Swift #", "Baleno #", "i20 #"),
    ("Maruti", "Hyundai"),
    ("Petrol", "Diesel", "CNG"),
    ("Manual", "AMT", "Automatic"),
    ("5 Seater", "7 Seater"),
    ("1197 cc", "1498cc", "998 cc"),
    ("22.5 kmpl", "19.01 kmpl", "24 km/l"),
    ("88.5 bhp @ 6000 rpm", "67 bhp @ 5500 rpm"),
    ("268 litres", "318 L"),
    ("2", "6"),
    ("Yes", "No"),
    ("Hatchback", "SUV"),
    ("₹ 6.49 Lakh", "₹ 8.9 Lakh"),
)  # fmt: skip

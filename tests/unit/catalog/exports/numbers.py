"""Prices in the notations of people and countries."""

from tests.unit.catalog.exports.case import Case, Want


def _column(name: str, file: str, prices: dict[str, float], separator: str = ",", **more: object) -> Case:
    """A file of one product a price: what is written, and what it is (0: unreadable)."""
    rows = [f'Oak Stool {chr(65 + at)}{separator}"{text}"' for at, text in enumerate(prices)]
    products = {f"Oak Stool {chr(65 + at)}": Want(value) for at, value in enumerate(prices.values())}
    return Case(name, file, "\n".join([f"title{separator}price", *rows, ""]), products, **more)  # type: ignore[arg-type]


NUMBERS = (
    _column(
        "decimal comma in a comma file", "a.csv", {"24,90": 24.9, "7,50": 7.5, "1.249,00": 1249, "999": 999}
    ),
    _column("decimal comma, one digit", "b.csv", {"24,9": 24.9, "7,5": 7.5, "100,0": 100}, ";"),
    _column(
        "Brazil",
        "c.csv",
        {"R$ 1.299,90": 1299.9, "R$ 49,90": 49.9, "R$ 12.000,00": 12000},
        ";",
        currency="BRL",
    ),
    _column(
        "Indonesia: dots as thousands",
        "d.csv",
        {"Rp 149.000": 149000, "Rp 1.299.000": 1299000, "Rp 89.500": 89500},
        ";",
        currency="IDR",
    ),
    _column(
        "Switzerland",
        "e.csv",
        {"CHF 1'299.00": 1299, "CHF 12’499.50": 12499.5, "CHF 49.90": 49.9, "CHF 80.–": 80},
        currency="CHF",
    ),
    _column(
        "blanks as thousands, unbroken ones too",
        "f.csv",
        {"1\u00a0299,50": 1299.5, "12\u202f499,00": 12499, "249,00": 249, "1 249 000": 1249000},
        ";",
    ),
    _column(
        "Indian grouping",
        "g.csv",
        {"1,09,999.00": 109999, "12,34,567": 1234567, "999.50": 999.5, "1,499": 1499},
    ),
    _column(
        "English thousands",
        "h.csv",
        {"1,299.00": 1299, "12,499": 12499, "1,299,000": 1299000, "24.95": 24.95},
    ),
    _column("Sweden", "i.csv", {"1 299,-": 1299, "49:-": 49, "249 kr": 249, "12 499 kr": 12499}, ";"),
    _column("Devanagari and full-width digits", "j.csv", {"₹१,२९९": 1299, "२४९.५०": 249.5, "９９９": 999}),
    _column(
        "texts around prices",
        "k.csv",
        {
            "MRP Rs. 2,499/-": 2499,
            "Price: ₹899 only": 899,
            "₹899 + shipping": 899,
            "₹1,299 plus ₹60 courier": 1299,
            "On request": 0,
            "Ask for price": 0,
            "N/A": 0,
            "From Rs 349": 349,
            "₹1,999 ₹999 (50% OFF)": 999,
            "Rs 12.5k": 12500,
            "2.5 lakh": 250000,
            "₹1.2 Cr": 12000000,
            "EMI ₹99/month": 0,
            "3 for ₹500": 0,
            "Buy 1 get 1": 0,
            "20% off": 0,
            "₹899 (inclusive of 18% GST)": 899,
            "Save ₹200! Now ₹799": 799,
        },
    ),
    _column(
        "mostly words", "l.csv", {"sold out": 0, "₹499": 499, "coming soon": 0, "₹799": 799, "₹1,299": 1299}
    ),
    Case(
        "only three digits behind the dot in a decimal-comma file: asked or thousands",
        "m.csv",
        "titel;preis\nOak Stool;1.299\nFir Stool;2.499\nTeak Stool;12.999\n",
        {"Oak Stool": Want(1299), "Fir Stool": Want(2499), "Teak Stool": Want(12999)},
        asks="catalog.decimal",
    ),
    Case(
        "decimal comma in ratings and prices",
        "n.csv",
        "Name;Preis;Bewertung\nOak Stool;129,90;4,5\nClay Lamp;34,90;3,9\n",
        {"Oak Stool": Want(129.9), "Clay Lamp": Want(34.9)},
    ),
)

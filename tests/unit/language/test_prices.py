"""Prices: read, found with their bound, said and read again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.language.prices import find_prices, format_price, price_forms, read_price, say_price
from muse_core.types import LANGUAGES, Language

whole = st.integers(1, 99_999_999)
round_ = st.integers(2, 20_000).map(lambda n: n * 50)
paise = st.integers(1, 10_000_000).map(lambda n: n / 100)


@settings(max_examples=300, deadline=None)
@given(st.one_of(whole, round_, paise), st.sampled_from(LANGUAGES))
def test_every_form_reads_back(value: float, language: Language) -> None:
    for form in price_forms(value, language):
        assert read_price(form) == value, form


def test_say_price_varies_and_is_reproducible() -> None:
    said = [say_price(1500, "mixed", np.random.default_rng(seed)) for seed in range(60)]
    assert said == [say_price(1500, "mixed", np.random.default_rng(seed)) for seed in range(60)]
    assert {"dedh hazaar", "pandrah sau", "1.5k", "₹1,500"} <= set(said)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("₹1,499", 1499),
        ("Rs 1499", 1499),
        ("Rs. 1,09,999/-", 109999),
        ("rs1699", 1699),
        ("1.5k", 1500),
        ("16.1k", 16100),
        ("डेढ़ हज़ार", 1500),
        ("डेढ हजार", 1500),
        ("ढाई हज़ार", 2500),
        ("साढ़े तीन हज़ार", 3500),
        ("सवा लाख", 125000),
        ("पौने दो हज़ार", 1750),
        ("pandrah sau", 1500),
        ("pandra so", 1500),
        ("do hajar panch sau", 2500),
        ("fifteen hundred", 1500),
        ("two thousand five hundred", 2500),
        ("2 लाख 50 हज़ार", 250000),
        ("१४९९ रुपये", 1499),
        ("999 wale", 999),
        ("2-3 हज़ार", 3000),
        ("hazaar rupaye", 1000),
        ("dhai hazar", 2500),
        ("derh hajaar", 1500),
        ("sadhe teen hazar", 3500),
        ("सवा दो सौ", 225),
        ("paune do sau", 175),
        ("2 lakh", 200000),
        ("15 hundred", 1500),
        ("849.50", 849.5),
        ("no number here", None),
        ("so nice", None),
    ],
)
def test_read_price(text: str, value: float | None) -> None:
    assert read_price(text) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shirts under 2000", [(2000, "max", "2000")]),
        ("red kurta ₹1,499 tak", [(1499, "max", "₹1,499")]),
        ("डेढ़ हज़ार से कम", [(1500, "max", "डेढ़ हज़ार")]),
        ("500 se zyada wale", [(500, "min", "500")]),
        ("kam se kam 500", [(500, "min", "500")]),
        ("zyada se zyada 500", [(500, "max", "500")]),
        ("5000 से ज़्यादा नहीं", [(5000, "max", "5000")]),
        ("around Rs 900", [(900, "about", "Rs 900")]),
        ("900 ke aaspaas", [(900, "about", "900")]),
        ("between 500 and 1000", [(500, "min", "500"), (1000, "max", "1000")]),
        ("500 se 1000 ke beech", [(500, "min", "500"), (1000, "max", "1000")]),
        ("2-3 हज़ार", [(2000, "min", "2"), (3000, "max", "3 हज़ार")]),
        ("my budget is Rs 800", [(800, "max", "Rs 800")]),
        ("under 99", [(99, "max", "99")]),
        ("500 ml bottle under 300", [(300, "max", "300")]),
        ("4k tv under 50k", [(50000, "max", "50k")]),
        ("size 8 shoes", []),
        ("WH1000 headphones", []),
        ("compare 1 and 3", []),
        ("summer 2026 collection", []),
        ("isbn 9788129115300", []),
        ("less than $60", [(60, "max", "$60")]),
        ("I want two shirts", []),
        ("size 42", []),
        ("jeans waist size 32 number", []),
        ("4 star se upar", []),
        ("256 GB phone", []),
        ("8 baje tak", []),
        ("7:30 tak pahunch jana", []),
        ("31 October 2018 tak", []),
        ("iPhone 15 Pro", []),
        ("5k run ke liye shoes", []),
        ("a rug at least 70 by 95 inches", []),
        ("route 405 par traffic", []),
        ("temperature 75 se kam", []),
        ("25+ hours battery", []),
        ("hdmi adapter 4k", []),
        ("two thousand seventeen ki movies", []),
        ("top 100 songs", []),
        ("1500", [(1500, "about", "1500")]),
        ("999 wale dikhao", [(999, "about", "999")]),
        ("kurta 1500 ka", [(1500, "about", "1500")]),
        ("price 800", [(800, "about", "800")]),
        ("₹ 1 , 499 tak", [(1499, "max", "₹ 1 , 499")]),
        ("1 5 0 0 रुपये", [(1500, "about", "1 5 0 0 रुपये")]),
        ("up tp 50 dollars", [(50, "max", "50 dollars")]),
        ("less then 30 bucks", [(30, "max", "30 bucks")]),
        ("<= 500", [(500, "max", "500")]),
        ("₹500+", [(500, "min", "₹500")]),
        ("1000 se kam nahi", [(1000, "min", "1000")]),
        ("1000 se upar na ho", [(1000, "max", "1000")]),
        ("1000 ya usse kam", [(1000, "max", "1000")]),
        ("do teen hazaar", [(2000, "min", "do"), (3000, "max", "teen hazaar")]),
        ("500 se lekar 1000", [(500, "min", "500"), (1000, "max", "1000")]),
        ("ढाई-तीन हज़ार", [(2500, "min", "ढाई"), (3000, "max", "तीन हज़ार")]),
        ("dedh do lakh tak", [(150000, "min", "dedh"), (200000, "max", "do lakh")]),
        ("₹500–₹800", [(500, "min", "₹500"), (800, "max", "₹800")]),
        ("१.५ लाख तक", [(150000, "max", "१.५ लाख")]),
        ("80,000 से 90,000 युआन", [(80000, "min", "80,000"), (90000, "max", "90,000 युआन")]),
    ],
)
def test_find_prices(text: str, expected: list[tuple[float, str, str]]) -> None:
    assert [(span.value, span.kind, text[span.start : span.end]) for span in find_prices(text)] == expected


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (1499, "INR", "₹1,499"),
        (99, "INR", "₹99"),
        (109999, "INR", "₹1,09,999"),
        (12345678, "INR", "₹1,23,45,678"),
        (849.5, "INR", "₹849.50"),
        (1499, "USD", "USD 1,499"),
        (1234567, "USD", "USD 1,234,567"),
    ],
)
def test_format_price(value: float, currency: str, text: str) -> None:
    assert format_price(value, currency) == text


def test_negative_price_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        price_forms(-1, "en")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_survived(text: str) -> None:
    for span in find_prices(text):
        assert 0 <= span.start < span.end <= len(text)

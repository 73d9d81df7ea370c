"""A request read by rules: values in any script, negation, corrections, back references, limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.language.parse import ParsedRequest, parse_request

BRANDS = ("Nike", "Aravali", "Adidas", "Tokyo Talkies", "Red Tape", "H&M")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("laal kameez", {"colours": ("red",), "product_types": ("shirt",)}),
        ("safaid shirt, kaali jeans", {"colours": ("white", "black"), "product_types": ("shirt", "jeans")}),
        ("नीली सूती साड़ी", {"colours": ("blue",), "materials": ("cotton",), "product_types": ("saree",)}),
        ("navy blue kurta", {"colours": ("navy blue",), "product_types": ("kurta",)}),
        ("rose gold watch", {"colours": ("rose gold",), "product_types": ("watch",)}),
        (
            "shaadi ke liye mahilaon ki reshmi saree",
            {
                "occasions": ("wedding",),
                "genders": ("women",),
                "materials": ("silk",),
                "product_types": ("saree",),
            },
        ),
        ("shoes in size 7.5", {"sizes": ("7.5",), "product_types": ("shoes",)}),
        ("XL शर्ट", {"sizes": ("XL",), "product_types": ("shirt",)}),
        ("", {}),
        ("thank you, bye", {}),
    ],
)
def test_values_are_canonical_english(text: str, expected: dict[str, Any]) -> None:
    assert parse_request(text) == ParsedRequest(**expected)


@pytest.mark.parametrize(
    ("text", "brand"),
    [
        ("nike ke joote", "Nike"),
        ("अरावली का कुर्ता", "Aravali"),
        ("एडिडास के जूते", "Adidas"),
        ("a dress from TOKYO TALKIES", "Tokyo Talkies"),
        ("h & m shirt", "H&M"),
    ],
)
def test_brands_are_those_given(text: str, brand: str) -> None:
    assert parse_request(text, BRANDS).brands == (brand,)
    assert parse_request(text).brands == ()


@pytest.mark.parametrize(
    ("text", "brand"),
    [("hp laptop", "एचपी"), ("एचपी का laptop", "एचपी"), ("dell chahiye", "डेल"), ("lenovo", "लेनोवो")],
)
def test_brands_of_a_shop_that_writes_hindi(text: str, brand: str) -> None:
    assert parse_request(text, ("एचपी", "डेल", "लेनोवो")).brands == (brand,)


def test_letters_spell_a_brand() -> None:
    assert parse_request("एचपी या एलजी", ("HP", "LG", "K")).brands == ("HP", "LG")
    assert parse_request("डेल के laptop", ("K",)).brands == ()


def test_a_word_of_a_brand_is_no_colour() -> None:
    parsed = parse_request("red tape shoes in black", BRANDS)
    assert (parsed.brands, parsed.colours) == (("Red Tape",), ("black",))


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("red nahi blue chahiye", ("blue",), ("red",)),
        ("red nahi, blue", ("blue",), ("red",)),
        ("nahi blue chahiye", ("blue",), ()),
        ("लाल रंग नहीं चाहिए", (), ("red",)),
        ("लाल या नीला नहीं चाहिए", (), ("red", "blue")),
        ("not red or blue", (), ("red", "blue")),
        ("not red, blue", ("blue",), ("red",)),
        ("neither red nor blue", (), ("red", "blue")),
        ("don't show me red, only white", ("white",), ("red",)),
        ("anything but black", (), ("black",)),
        ("blue instead of red", ("blue",), ("red",)),
        ("लाल की जगह काला", ("black",), ("red",)),
        ("kya red nahi hai?", ("red",), ()),
        ("sirf red nahi, blue bhi", ("red", "blue"), ()),
        ("no, red", ("red",), ()),
    ],
)
def test_negation(text: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> None:
    parsed = parse_request(text)
    assert (parsed.colours, parsed.without.get("colour", ())) == (wanted, unwanted)


@pytest.mark.parametrize(
    "text",
    [
        "cotton nahi chahiye",
        "without cotton",
        "bina cotton ke",
        "कॉटन के बिना",
        "cotton ke alawa",
        "cotton-free",
        "i don't want cotton",
        "सूती मत दिखाओ",
    ],
)
def test_negation_of_a_material(text: str) -> None:
    parsed = parse_request(text)
    assert (parsed.materials, parsed.without) == ((), {"material": ("cotton",)})


def test_a_negation_stays_with_its_value() -> None:
    assert parse_request("leather ke bina joote").product_types == ("shoes",)
    assert parse_request("cotton free size kurti").materials == ("cotton",)
    assert parse_request("party ke liye nahi, office ke liye").occasions == ("office",)


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("red, sorry blue", ("blue",)),
        ("red, i mean navy blue", ("navy blue",)),
        ("red, nahi blue", ("blue",)),
        ("लाल, नहीं नहीं काला", ("black",)),
        ("red and blue", ("red", "blue")),
    ],
)
def test_a_correction_takes_back(text: str, colours: tuple[str, ...]) -> None:
    parsed = parse_request(text)
    assert (parsed.colours, parsed.without) == (colours, {})


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("under 500, sorry 800", (None, 800)),
        ("500 nahi 800 tak", (None, 800)),
        ("under 500, i mean 1.5k", (None, 1500)),
        ("500 se zyada aur 1000 se kam", (500, 1000)),
        ("do teen hazaar ka kurta", (2000, 3000)),
    ],
)
def test_limits(text: str, limits: tuple[float | None, float | None]) -> None:
    parsed = parse_request(text)
    assert (parsed.min_price, parsed.max_price) == limits


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("pehla wala kaisa hai", (1,)),
        ("दूसरा वाला दिखाओ", (2,)),
        ("the second one", (2,)),
        ("compare the first and third", (1, 3)),
        ("option 2", (2,)),
        ("1 aur 3 number compare karo", (1, 3)),
        ("the first two", (1, 2)),
        ("aakhri wala", (-1,)),
        ("the first time i buy", ()),
        ("second hand phone", ()),
    ],
)
def test_positions(text: str, positions: tuple[int, ...]) -> None:
    assert parse_request(text).positions == positions


def test_a_number_of_a_result_is_no_size() -> None:
    assert parse_request("1 aur 3 number compare karo").sizes == ()
    assert parse_request("size 8 number").sizes == ("8",)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("aur saste?", "price_low"),
        ("कुछ सस्ता", "price_low"),
        ("anything cheaper", "price_low"),
        ("not too expensive", "price_low"),
        ("mehnga nahi chahiye", "price_low"),
        ("something more expensive", "price_high"),
        ("महंगे वाले", "price_high"),
    ],
)
def test_an_ellipsis_refers_back(text: str, order: str) -> None:
    parsed = parse_request(text)
    assert (parsed.order, parsed.refers_back) == (order, True)


def test_what_refers_back() -> None:
    assert parse_request("isme blue hai?").refers_back
    assert parse_request("and in navy?").refers_back
    assert not parse_request("a cheaper red shirt").refers_back


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_survived(text: str) -> None:
    parse_request(text, BRANDS)


SAID = (
    "red blue nahi not sorry under 500 se kam the second one लाल नहीं color cotton , ? without tak 2 k ke bina"
)
words = st.sampled_from(SAID.split())


@settings(max_examples=300, deadline=None)
@given(st.lists(words, max_size=12))
def test_a_value_is_wanted_or_not(said: list[str]) -> None:
    parsed = parse_request(" ".join(said))
    assert set(parsed.colours) | set(parsed.without.get("colour", ())) <= {"red", "blue"}

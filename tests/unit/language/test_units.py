"""Numbers with a unit, as shops write them and as shoppers say them."""

from __future__ import annotations

import pytest

from muse_core.language import units

SAID = {
    "8gb ram": [(8, "gb", "8gb")],
    '15.6" laptop': [(15.6, "inch", '15.6"')],
    "15.6-inch laptop": [(15.6, "inch", "15.6-inch")],
    "15.6 इंच": [(15.6, "inch", "15.6 इंच")],
    "8 जीबी रैम": [(8, "gb", "8 जीबी")],
    "१६ जीबी वाला": [(16, "gb", "१६ जीबी")],
    "डेढ़ टन का एसी": [(1.5, "ton", "डेढ़ टन")],
    "aadha kilo chai": [(0.5, "kg", "aadha kilo")],
    "सवा दो किलो": [(2.25, "kg", "सवा दो किलो")],
    "1 , 499 ml": [(1499, "ml", "1 , 499 ml")],
    "5,000 mAh battery": [(5000, "mah", "5,000 mAh")],
    "2 L bottle": [(2, "l", "2 L")],
    "500 gm": [(500, "g", "500 gm")],
    "7 seater": [(7, "seat", "7 seater")],
    "150 sq. ft. tak": [(150, "sq ft", "150 sq. ft")],
    "8-16 gb": [(8, "gb", "8"), (16, "gb", "16 gb")],
    "8 se 16 gb ram": [(8, "gb", "8"), (16, "gb", "16 gb")],
    "16gb ram 512gb ssd": [(16, "gb", "16gb"), (512, "gb", "512gb")],
}
UNSAID = (
    "a 5g phone",
    "2 in 1 laptop",
    "under 2000",
    "size 8 l",
    'he said "laptop 15" ok',
    "t-shirt m",
    "2 g",
)


@pytest.mark.parametrize("text", SAID)
def test_a_number_with_its_unit_is_found_where_it_stands(text: str) -> None:
    found = units.find_quantities(text)
    assert [(one.value, one.unit, text[one.start : one.end]) for one in found] == SAID[text]


@pytest.mark.parametrize("text", UNSAID)
def test_what_people_say_without_meaning_a_unit_is_none(text: str) -> None:
    assert units.find_quantities(text) == []


def test_in_a_cell_a_letter_is_a_unit() -> None:
    assert [one[:2] for one in units.find_quantities("1T SSD", in_cell=True)] == [(1, "ton")]
    assert [one[:2] for one in units.find_quantities("20-21.5 in", in_cell=True)] == [
        (20, "inch"),
        (21.5, "inch"),
    ]


def test_units_of_one_dimension_convert_and_others_do_not() -> None:
    assert units.converted(1, "tb", "gb") == 1024
    assert units.converted(250, "g", "kg") == 0.25
    assert units.converted(18, "month", "year") == 1.5
    assert units.converted(1, "gb", "kg") is None
    assert units.converted(1, "furlong", "furlong") == 1


def test_every_unit_is_understood_as_it_is_said() -> None:
    for unit in units._units():
        for script in ("english", "roman", "devanagari"):
            assert units.unit_of(units.words_of(unit, script)[0]) == unit, (unit, script)  # type: ignore[arg-type]

"""A reply may name what the tools found, and nothing else."""

from __future__ import annotations

import pytest

from muse_core.scoring.groundedness import check, has_facts

RESULT = {
    "items": [
        {"id": "p1", "title": "Aravali Men Blue Cotton Shirt", "price": 999, "rating": 4.1, "colour": "blue"},
        {"id": "p2", "title": "Nadi Linen Kurta", "price": 1499.5, "rating": 3.9, "material": "linen"},
    ],
    "total": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    "reply",
    [
        "Try Aravali Men Blue Cotton Shirt at ₹999.",
        "ये देखिए: Nadi Linen Kurta सिर्फ ₹1,499.50 में।",
        "Nadi Linen Kurta, linen, 3.9 stars, and the blue Aravali Men Blue Cotton Shirt",
        "aravali men  blue cotton shirt Rs 999 ka hai",
    ],
)
def test_grounded(reply: str) -> None:
    judged = check(reply, [RESULT])
    assert judged.grounded and judged.named >= 1 and not judged.unknown


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("Here is a nice one for you.", 0),
        ("Aravali Men Blue Cotton Shirt at ₹899", 1),
        ("Nadi Linen Kurta in red", 1),
        ("Nadi Linen Kurta, 4.8 stars", 1),
        ("Nadi Linen Kurta or [7:price]", 1),
        ("Nadi Linen Kurta or Royal Velvet Sherwani Deluxe", 1),
        ("Nadi Linen Kurta, लाल रंग में", 1),
    ],
)
def test_ungrounded(reply: str, named: int) -> None:
    judged = check(reply, [RESULT])
    assert not judged.grounded and judged.named == named
    assert named == 0 or judged.unknown


def test_earlier_results_of_the_conversation_count() -> None:
    assert check("Nadi Linen Kurta is better", [RESULT, {"items": [], "total": 0}]).grounded


def test_a_translation_is_named_by_its_text() -> None:
    result = {"text": "लाल कमीज़", "source": "red shirt", "target": "hi"}
    assert check("Hindi mein: लाल कमीज़", [result]).grounded
    assert not check("Hindi mein: नीली साड़ी", [result]).grounded


def test_has_facts() -> None:
    assert has_facts(RESULT) and has_facts({"text": "x"})
    assert not has_facts({"items": [], "total": 0}) and not has_facts(None)

"""A reply may name what the tools found, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from muse_core.records import result_values
from muse_core.scoring.groundedness import check, has_facts
from muse_core.tools.references import items_of, last_shown
from muse_core.types import Facet
from muse_core.world.replay import context_before, turn_messages
from tests.unit.dialogue.builders_dialogue import conversations

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


PAIR = {
    "items": [
        {"id": "p1", "title": "Gharvani Grey Linen Bedsheet", "price": 949, "rating": 3.9, "colour": "grey",
         "material": "linen", "brand": "Gharvani"},
        {"id": "p2", "title": "Sutra Orange Cotton Bedsheet", "price": 2599, "rating": 4.9,
         "colour": "orange", "material": "cotton", "brand": "Sutra"},
    ],
    "total": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    "reply",
    [
        "[1] is cheaper at [1:price]; [2] costs [2:price].",
        "On price [1] wins: [1:price] against [2:price] for [2].",
        "Gharvani Grey Linen Bedsheet is cheaper at ₹949; Sutra Orange Cotton Bedsheet costs ₹2,599.",
        "One is [1:material] ([1]), the other [2:material] ([2]).",
        "[1] and [2] cost [1:price] and [2:price].",
        "For [1:price] you get [1], for [2:price] you get [2].",
        "The orange [2] is rated 4.9, the grey [1] 3.9.",
        "[2] has 4.9 stars. It costs ₹2,599.",
        "[2] ki rating [2:rating] hai par [1] ki [1:rating].",
        "Sutra Orange Cotton Bedsheet ki rating 4.9 hai, Gharvani Grey Linen Bedsheet ki 3.9.",
        "₹949 wala [1] linen ka hai, [2] cotton ka.",
        "Dono me se [1] sasta hai, sirf Rs 949.",
        "[1] की रेटिंग [1:rating] है, [2] की [2:rating]।",
        "[1:material] में [1] है, [2:material] में [2]।",
        "Gharvani Grey Linen Bedsheet का दाम ₹949 है, Sutra Orange Cotton Bedsheet का 2599 रुपये।",
        "एक में linen है ([1]), दूसरे में cotton ([2])।",
        "नारंगी [2], दाम [2:price], रेटिंग [2:rating]। और छांटूं?",
    ],
)
def test_values_of_the_right_item(reply: str) -> None:
    judged = check(reply, [PAIR])
    assert judged.grounded and not judged.swapped and not judged.unknown, judged


@pytest.mark.parametrize(
    ("reply", "swapped"),
    [
        ("[2] ki [1:rating].", ["3.9"]),  # the failing kind
        ("Gharvani Grey Linen Bedsheet ki rating 4.9 hai.", ["4.9"]),
        ("[1] ki rating [2:rating] hai par [2] ki [1:rating].", ["4.9", "3.9"]),
        ("[1] at [2:price].", ["₹2,599"]),
        ("[1] is cheaper at [1:price]; [2] costs [1:price].", ["₹949"]),
        ("[2] is cheaper at ₹949; [1] costs ₹2,599.", ["₹949", "₹2,599"]),
        ("On price [1] wins: [1:price] against [1:price] for [2].", ["₹949"]),
        ("[1] and [2] cost [2:price] and [1:price].", ["₹2,599", "₹949"]),
        ("[1] and [2] are both made of [1:material].", ["linen"]),
        ("One is [1:material] ([2]), the other [2:material] ([1]).", ["linen", "cotton"]),
        ("The grey [2] is here.", ["grey"]),
        ("[2] is nice. It costs ₹949.", ["₹949"]),
        ("[2] by [1:brand] at [2:price].", ["Gharvani"]),
        ("[1] की रेटिंग [1:rating] है, [2] की [1:rating]।", ["3.9"]),
        ("[2:material] में [1] है, [1:material] में [2]।", ["cotton", "linen"]),
        ("Sutra Orange Cotton Bedsheet का दाम ₹949 है।", ["₹949"]),
        ("₹949 वाला [2] अच्छा है।", ["₹949"]),
        ("नारंगी [1] देखिए।", ["नारंगी"]),
        ("[1] price [2:price] me hai, saath me [2] bhi.", ["₹2,599"]),
    ],
)
def test_a_value_of_another_item_is_false(reply: str, swapped: list[str]) -> None:
    judged = check(reply, [PAIR])
    assert not judged.grounded and judged.swapped == swapped and set(swapped) <= set(judged.unknown)


def test_a_value_of_no_item_is_not_swapped() -> None:
    judged = check("[1] at ₹777, rated 2.2.", [PAIR])
    assert sorted(judged.unknown) == ["2.2", "₹777"] and not judged.swapped


def test_products_of_one_title_may_have_either_value() -> None:
    twins = [{"id": f"p{n}", "title": "Nadi Kurta", "price": 500 * n} for n in (1, 2)]
    assert check("Nadi Kurta at ₹1,000", [{"items": twins}]).grounded
    assert not check("[1] at [2:price]", [{"items": [*twins, PAIR["items"][0]]}, PAIR]).grounded


def test_a_price_that_is_not_known_is_said_of_the_right_item() -> None:
    value = {"items": [PAIR["items"][0], {"id": "p9", "title": "Nadi Kurta"}]}
    assert check("[1] at [1:price] and [2] at [2:price].", [value]).grounded
    judged = check("[1] at [2:price].", [value])
    assert not judged.grounded and judged.unknown == ["price not known"]


def test_questions_and_small_talk_need_no_product() -> None:
    assert not check("Which colour, red or blue?", []).unknown
    assert not check("Shall I look for red or blue?", [PAIR]).unknown
    assert not check("I found nothing in red. See [1] at [1:price].", [PAIR]).unknown
    assert check("See [1]. It is red.", [PAIR]).unknown == ["red"]


def test_what_the_expert_says_is_grounded_and_swapped_it_is_not() -> None:
    """Every reply of simulated conversations, as it is and with the items of its values exchanged."""
    replies = exchanged = 0
    for talk in conversations()[:300]:
        for label in talk.labels:
            messages = turn_messages(talk, label.turn)
            values = result_values((*context_before(talk, label.turn), *messages))
            has_result = any(map(has_facts, result_values(messages)))
            reply = messages[-1].content
            judged = check(reply, values, talk.language)
            assert not judged.unknown and (judged.grounded or not has_result), (reply, judged)
            replies += 1
            other = _exchanged(reply, items_of(last_shown(values)))
            if other is not None:
                exchanged += 1
                assert check(other, values, talk.language).swapped, other
    assert replies > 800 and exchanged > 200


def _exchanged(reply: str, items: Sequence[Any]) -> str | None:
    """The reply with the values of items 1 and 2 exchanged; None where that says the same."""
    fields = re.findall(r"\[[12]:(\w+)\]", reply)
    if not fields or len(items) < 2 or "size" in fields:  # sizes of two products overlap: no check tells
        return None
    pairs = [(items[0].get(name), items[1].get(name)) for name in fields]
    if any(one == other or None in (one, other) for one, other in pairs):
        return None
    return re.sub(r"\[([12]):", lambda match: f"[{3 - int(match.group(1))}:", reply)


def test_earlier_results_of_the_conversation_count() -> None:
    assert check("Nadi Linen Kurta is better", [RESULT, {"items": [], "total": 0}]).grounded


def test_a_translation_is_named_by_its_text() -> None:
    result = {"text": "लाल कमीज़", "source": "red shirt", "target": "hi"}
    assert check("Hindi mein: लाल कमीज़", [result]).grounded
    assert not check("Hindi mein: नीली साड़ी", [result]).grounded


def test_has_facts() -> None:
    assert has_facts(RESULT) and has_facts({"text": "x"})
    assert not has_facts({"items": [], "total": 0}) and not has_facts(None)


# ---- facets ---------------------------------------------------------------------------------------

LAPTOPS = {
    "items": [
        {"id": "l1", "title": "Meghna Book 14", "price": 42000, "memory": "16 gb",
         "processor": "intel core i5", "seats": "5", "touchscreen": "yes", "screen_size": "15.6 inch"},
        {"id": "l2", "title": "Tarang Air 512GB", "price": 61000, "memory": "8 gb, 32 gb",
         "processor": "amd ryzen 7", "seats": "7", "touchscreen": "no"},
    ],
    "total": 2,
}  # fmt: skip
PROCESSOR = Facet("processor", "choice", values=("intel core i5", "amd ryzen 7", "intel core i9"))


@pytest.mark.parametrize(
    "reply",
    [
        "[1] has [1:memory] and [2] has [2:memory].",
        "[1] has 16 gb, [2] 8 GB or 32gb.",
        "[1] में 16 जीबी है और [2] में 32 जीबी।",
        "[1] 16GB wala hai, Intel Core-i5 ke saath.",
        "[2] comes with an AMD Ryzen 7 and 512 gb of storage.",
        "[1] has 5 seats; [2] is a 7 seater.",
        "[1] has a 15.6 inch screen. It costs [1:price].",
        "[1] is not 8 gb, it has 16 gb.",
        "Without amd ryzen 7 there is [1].",
        "[1] में amd ryzen 7 नहीं है।",
        "[1:touchscreen] for [1], [2:touchscreen] for [2].",
    ],
)
def test_facets_of_the_right_item(reply: str) -> None:
    judged = check(reply, [LAPTOPS], facets=[PROCESSOR])
    assert judged.grounded and not judged.unknown, judged


@pytest.mark.parametrize(
    ("reply", "unknown", "is_swapped"),
    [
        ("[1] has 8 gb.", "8 gb", True),
        ("[1] has [2:memory].", "8 gb, 32 gb", True),
        ("[1] में 32 जीबी है।", "32 जीबी", True),
        ("[1] has 64 GB.", "64 GB", False),
        ("[2] runs on an Intel Core i5.", "Intel Core i5", True),
        ("[2] runs on an Intel Core i9.", "Intel Core i9", False),
        ("[1] is a 7-seater.", "7-seater", True),
        ("[1] has a 5.6 inch screen.", "5.6 inch", False),
        ("[1] is not 16 gb.", "16 gb", True),
        ("[2] is touch: [1:touchscreen] [2].", "yes", True),
    ],
)
def test_facets_of_another_item_or_of_none(reply: str, unknown: str, is_swapped: bool) -> None:
    judged = check(reply, [LAPTOPS], facets=[PROCESSOR])
    assert unknown in judged.unknown and not judged.grounded, judged
    assert (unknown in judged.swapped) is is_swapped


def test_facets_that_no_result_tells_are_not_looked_for() -> None:
    assert check("[1] and 16 gb of memory, 5 seats, intel core i9", [PAIR], facets=[PROCESSOR]).grounded


@pytest.mark.parametrize(
    ("reply", "is_so"),
    [
        ("[1] is not cotton, [2] is.", True),
        ("[2] is not cotton.", False),
        ("These are without silk: [1] and [2].", True),
        ("cotton के अलावा [1] है।", True),
        ("cotton ke alawa [2] hai.", False),
        ("[1] लाल रंग में नहीं है।", True),
        ("[1] is cotton, not linen.", False),
        ("No, cotton is [2].", True),
    ],
)
def test_what_is_denied_must_not_be_so(reply: str, is_so: bool) -> None:
    assert check(reply, [PAIR]).grounded is is_so

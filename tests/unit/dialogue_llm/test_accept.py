"""What a wording may and may not do. Each line is a wording that a model has been seen to give."""

from __future__ import annotations

import pytest

from muse_core.dialogue.llm.accept import reply_turned_down, turned_down
from muse_core.dialogue.llm.reading import Shelf, keys, position, read
from muse_core.types import Facet, Product, ToolCall
from tests import builders
from tests.unit.dialogue_llm.builders_llm import shop

SHELF = Shelf.of([*shop().catalog.products, builders.product()])
EN = "show me blue cotton shirts under 2000"
HI = "मुझे 2000 से कम में नीली शर्ट दिखाओ"
ROMAN = "mujhe blue shirt chahiye 2000 tak"
BOTH = "मुझे blue shirt चाहिए 2000 तक"
PICTURE = "find something like [image:att1] in red"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (EN, "Any blue shirts in cotton for less than ₹2,000?"),
        (EN, "i want a cotton shirt, blue, below 2k"),
        (HI, "दो हज़ार से कम की नीली शर्ट हो तो दिखाइए"),
        (ROMAN, "neeli shirt dikhao bhai, 2000 se kam"),
        (BOTH, "2000 तक की blue shirt दिखा दो please"),
        (PICTURE, "do you have this in red? [image:att1]"),
        ("do not show me leather", "not in leather please"),
        ("thanks a lot", "thank you so much"),
    ],
)
def test_the_same_request_in_other_words_is_taken(old: str, new: str) -> None:
    assert turned_down(new, old, read(old, SHELF), SHELF) is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (EN, None, "missing"),
        (EN, "  ".strip(), "missing"),
        (EN, "Show me blue cotton shirts, under 2000!", "unchanged"),
        (EN, "show me blue shirts under 2000 rupees", "lost_argument"),
        (EN, "show me blue cotton shirts", "lost_argument"),
        (EN, "show me blue cotton trousers under 2000 rupees", "lost_argument"),
        (EN, "blue cotton shirts above 2000 please", "hallucinated_product"),
        (EN, "blue cotton shirts under 3000 please", "hallucinated_product"),
        (EN, "blue cotton shirts under 2000, say for 1499", "hallucinated_product"),
        (EN, "the Aravali blue cotton shirt under 2000", "hallucinated_product"),
        (EN, "Urban Nomad Explorer blue cotton shirts under 2000", "hallucinated_product"),
        (EN, "blue cotton shirts under 2000 for a wedding", "added_argument"),
        (EN, "blue and red cotton shirts under 2000", "added_argument"),
        (EN, "no blue cotton shirts under 2000", "added_argument"),
        ("do not show me leather", "show me leather please", "lost_argument"),
        (EN, "blue cotton shirts under 2000 <tool>search()</tool>", "markup"),
        (EN, "**blue** cotton shirts under 2000", "markup"),
        (EN, "User: blue cotton shirts under 2000", "markup"),
        (EN, "blue cotton shirts under 2000 https://x.example", "markup"),
        (EN, "blue cotton shirts\nunder 2000 rupees", "markup"),
        (EN, "blue cotton shirts under 2000 \ud83d", "markup"),
        (EN, "blue cotton shirts under 2000 [2:price]", "markup"),
        (EN, "blue cotton shirts under 2000 " + "please " * 30, "too_long"),
        (EN, "x", "too_short"),
        (EN, "मुझे 2000 से कम में नीली सूती शर्ट दिखाओ", "language"),
        (EN, "mujhe blue cotton shirt dikhao 2000 se kam", "language"),
        (HI, "mujhe 2000 se kam mein neeli shirt dikhao", "language"),
        (ROMAN, "मुझे blue shirt चाहिए 2000 तक", "language"),
        (BOTH, "mujhe blue shirt chahiye 2000 tak", "language"),
        (PICTURE, "do you have this in red?", "lost_argument"),
        (PICTURE, "do you have this in red? [image:att2]", "lost_argument"),
    ],
)
def test_anything_else_is_turned_down_with_its_reason(old: str, new: str | None, reason: str) -> None:
    assert turned_down(new, old, read(old, SHELF), SHELF) == reason


REPLY = "Try [1] at [1:price] or [2]."


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("You could take [2], or [1] for [1:price].", None),
        ("Try [1] at [1:price].", "references"),
        ("Try [1] at [1:price], [2] or [3].", "references"),
        ("Try [1] at [1:price] or [2] at [2:price].", "references"),
        ("Take [1] at [1:price] or [2], it is only ₹499.", "hallucinated_product"),
        ("Take [1] at [1:price] or [2] by Aravali.", "hallucinated_product"),
        ("Take [1] at [1:price] or [2], in blue.", "added_argument"),
        ("Would you like [1] at [1:price] or [2]?", "added_argument"),
        ("आप [1] [1:price] में या [2] ले सकते हैं।", "language"),
        ("Take [1] at [1:price] or <b>[2]</b>.", "markup"),
    ],
)
def test_replies_keep_their_references(new: str, reason: str | None) -> None:
    assert reply_turned_down(new, REPLY, SHELF) == reason


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("please show blue shirts below 2000 today", "please show blue shirts below 2000"),
        ("2000 se kam me neeli shirt dikhao", "2000 se kam me neeli shirt"),
        ("shirt chahiye 2000 ke andar blue rang me bhai", "shirt chahiye 2000 ke andar blue rang me"),
        ("नीली शर्ट 2000 से कम में दिखाओ", "नीली शर्ट 2000 से कम में"),
    ],
)
def test_the_position_is_behind_the_last_argument(text: str, end: str) -> None:
    call = ToolCall("c0.0", "search", {"query": "shirt", "colour": "blue", "max_price": 2000})
    assert position(text, call, read(text, SHELF)) == len(end)


def test_titles_and_brands_are_found_and_lexicon_words_are_not() -> None:
    shelf = Shelf.of([Product("p1", "Acme Blue Kettle", "kettle", brand="Acme"),
                      Product("p2", "Orange", "kettle", brand="Orange")])  # fmt: skip
    assert ("title", "acme blue kettle") in keys(read("the ACME blue  kettle?", shelf))
    assert ("brand", "acme") in keys(read("by acme", shelf))
    assert not {slot for slot, _ in keys(read("an orange one", shelf))} & {"brand", "title"}


LAPTOPS = Shelf(
    facets=(
        Facet("memory", "number", "gb", ("4 gb", "64 gb")),
        Facet("processor", "choice", "", ("intel core i5", "intel core i7")),
        Facet("touchscreen", "yes_no", "", ("yes", "no")),
    )
)
ASKED = "laptop with at least 16 gb ram, i5 and no touchscreen"


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("i5 laptop, minimum sixteen gb of memory, no touchscreen please", None),
        ("laptop with at least 8 gb ram, i5 and no touchscreen", "lost_argument"),
        ("laptop with 16 gb ram, i5 and no touchscreen", "lost_argument"),
        ("laptop with at least 16 gb ram, i7 and no touchscreen", "lost_argument"),
        ("laptop with at least 16 gb ram and i5", "lost_argument"),
    ],
)
def test_a_wording_keeps_the_facets(new: str, reason: str | None) -> None:
    assert turned_down(new, ASKED, read(ASKED, LAPTOPS), LAPTOPS) == reason


def test_a_call_depends_on_the_words_of_its_facets() -> None:
    call = ToolCall(
        "c", "search", {"query": "laptop", "processor": ["intel core i5", "intel core i7"], "min_memory": 16}
    )
    text = "i5 or i7 laptop, at least 16 gb please"
    assert position(text, call, read(text, LAPTOPS)) == len("i5 or i7 laptop, at least 16 gb")

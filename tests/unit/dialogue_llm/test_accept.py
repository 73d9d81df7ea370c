"""What a text of the teacher may and may not do. Each line is a text that a model has been seen to give."""

from __future__ import annotations

from typing import Any

import pytest

from muse_core.dialogue.llm.accept import Judge
from muse_core.dialogue.llm.asks import Ask, reads_in, script_in
from muse_core.dialogue.llm.reading import Shelf, keys, position, read
from muse_core.language.scripts import detect_language
from muse_core.reading.shop_words import ShopWords, words_of
from muse_core.types import Facet, Product, ToolCall
from tests import builders
from tests.unit.dialogue_llm.builders_llm import shop

SHELF = Shelf.of([*shop().catalog.products, builders.product()])
JUDGE = Judge(SHELF, reads_in(words_of(shop().catalog)))
EN = "show me blue cotton shirts under 2000"
HI = "मुझे 2000 से कम में नीली शर्ट दिखाओ"
ROMAN = "mujhe blue shirt chahiye 2000 tak"
BOTH = "मुझे blue shirt चाहिए 2000 तक"
SHIRT: dict[str, Any] = {"query": "shirt", "colour": "blue", "max_price": 2000}
COTTON = SHIRT | {"material": "cotton"}


def ask(text: str, arguments: dict[str, Any] | None = None, intent: Any = "search", **more: Any) -> Ask:
    tool = {"search": "search", "refine": "filter", "compare": "compare"}.get(intent, "")
    call = ToolCall("c0.0", tool, arguments) if arguments else None
    language = detect_language(text)
    return Ask("c1", 0, "train", language, script_in(language, text), intent, text, call, **more)


@pytest.mark.parametrize(
    ("old", "arguments", "new"),
    [
        (EN, COTTON, "Any blue shirts in cotton, up to ₹2,000?"),
        (EN, COTTON, "i want a cotton shirt, blue, below 2k"),
        (HI, SHIRT, "दो हज़ार से कम की नीली शर्ट हो तो दिखाइए"),
        (ROMAN, SHIRT, "neeli shirt dikhao bhai, 2000 se kam"),
        (BOTH, SHIRT, "2000 तक की blue shirt दिखा दो please"),
        ("casual shirts in size 42", {"query": "casual shirt", "size": "42"}, "got casual shirts, size 42?"),
        ("find a kurta that is not red", {"query": "kurta", "not_colour": "red"}, "a kurta, not red though"),
    ],
)
def test_the_same_request_in_other_words_is_taken(old: str, arguments: dict[str, Any], new: str) -> None:
    assert JUDGE.turned_down(new, ask(old, arguments)) is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (EN, "Show me blue cotton shirts, under 2000!", "unchanged"),
        (EN, "show me blue shirts under 2000 rupees", "lost_argument"),
        (EN, "show me blue cotton shirts", "lost_argument"),
        (EN, "show me blue cotton trousers under 2000 rupees", "wrong_value"),
        (EN, "blue cotton shirts above 2000 please", "lost_argument"),
        (EN, "blue cotton shirts around 2000 please", "lost_argument"),
        (EN, "blue cotton shirts under 3000 please", "invented"),
        (EN, "blue cotton shirts under 2000, say for 1499", "invented"),
        (EN, "the Aravali blue cotton shirt under 2000", "invented"),
        (EN, "Urban Nomad Explorer blue cotton shirts under 2000", "invented"),
        (EN, "blue cotton shirts under 2000 for a wedding", "added_argument"),
        (EN, "blue and red cotton shirts under 2000", "wrong_value"),
        (EN, "shirts under 2000, cotton, but not blue", "lost_argument"),
        (EN, "blue cotton shirts under 2000, need 4 of them", "added_argument"),
        (EN, "blue cotton shirts under 2000 <tool>search()</tool>", "markup"),
        (EN, "**blue** cotton shirts under 2000", "markup"),
        (EN, "User: blue cotton shirts under 2000", "markup"),
        (EN, "blue cotton shirts under 2000 https://x.example", "markup"),
        (EN, "blue cotton shirts\nunder 2000 rupees", "markup"),
        (EN, "blue cotton shirts under 2000 \ud83d", "markup"),
        (EN, "blue cotton shirts under 2000 [2:price]", "markup"),
        (EN, "blue cotton shirts under 2000 " + "please " * 60, "too_long"),
        (EN, "मुझे 2000 से कम में नीली सूती शर्ट दिखाओ", "language"),
        (EN, "mujhe blue cotton shirt dikhao 2000 se kam", "language"),
        (HI, "mujhe 2000 se kam mein neeli shirt dikhao", "language"),
        (ROMAN, "मुझे blue shirt चाहिए 2000 तक", "language"),
        (BOTH, "mujhe blue shirt chahiye 2000 tak", "language"),
    ],
)
def test_anything_else_is_turned_down_with_its_reason(old: str, new: str, reason: str) -> None:
    assert JUDGE.turned_down(new, ask(old, COTTON if old == EN else SHIRT)) == reason


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("what would the weather be like in goa this week", None),
        ("tell me a joke", "no_topic"),
        ("weather for a red kurta", "added_argument"),
        ("the weather at rs 499 please", "invented"),
    ],
)
def test_what_a_shop_does_not_do_keeps_its_topic_and_names_no_goods(new: str, reason: str | None) -> None:
    asked = ask("will it rain, what is the weather", intent="decline", topic=frozenset({"weather", "rain"}))
    assert JUDGE.turned_down(new, asked) == reason


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("could you dig up anything at all in red, below 500", None),
        ("could you dig up anything at all in red", "lost_argument"),
        ("could you dig up a kurta in red, below 500", "added_argument"),
    ],
)
def test_an_open_request_stays_open(new: str, reason: str | None) -> None:
    asked = ask("show me something red under 500", intent="incomplete")
    assert JUDGE.turned_down(new, asked) == reason


def test_where_rules_see_no_word_the_call_stands_at_the_end() -> None:
    asked = ask("compare the first and the third", {"items": [1, 3]}, "compare")
    assert JUDGE.place("which of the first and the third?!", asked) == len("which of the first and the third")
    assert JUDGE.place("thanks", ask("thanks", intent="decline")) is None


REPLY = "Try [1] at [1:price] or [2]."


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("You could take [2], or [1] for [1:price].", None),
        ("Try [1] at [1:price].", "references"),
        ("Try [1] at [1:price], [2] or [3].", "references"),
        ("Try [1] at [1:price] or [2] at [2:price].", "references"),
        ("Take [1] at [1:price] or [2], it is only ₹499.", "invented"),
        ("Take [1] at [1:price] or [2] by Aravali.", "invented"),
        ("Take [1] at [1:price] or [2], in blue.", "added_argument"),
        ("Would you like [1] at [1:price] or [2]?", "added_argument"),
        ("आप [1] [1:price] में या [2] ले सकते हैं।", "language"),
        ("Take [1] at [1:price] or <b>[2]</b>.", "markup"),
    ],
)
def test_replies_keep_their_references(new: str, reason: str | None) -> None:
    asked = ask(REPLY, intent="reply")
    assert JUDGE.turned_down(new, asked) == reason


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


LAPTOPS = (
    Facet("memory", "number", "gb", ("4 gb", "64 gb")),
    Facet("processor", "choice", "", ("intel core i5", "intel core i7")),
    Facet("touchscreen", "yes_no", "", ("yes", "no")),
)
ASKED = "laptop with at least 16 gb ram, i5 and no touchscreen"


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("i5 laptop, minimum sixteen gb of memory, no touchscreen please", None),
        ("laptop with at least 8 gb ram, i5 and no touchscreen", "wrong_value"),
        ("laptop with 16 gb ram, i5 and no touchscreen", "lost_argument"),
        ("laptop with at least 16 gb ram, i7 and no touchscreen", "wrong_value"),
        ("laptop with at least 16 gb ram and i5", "lost_argument"),
    ],
)
def test_a_text_keeps_the_facets(new: str, reason: str | None) -> None:
    call = {"query": "laptop", "min_memory": 16, "processor": "intel core i5", "touchscreen": False}
    judge = Judge(Shelf(facets=LAPTOPS), reads_in(ShopWords(facets=LAPTOPS)))
    assert judge.turned_down(new, ask(ASKED, call)) == reason


def test_a_call_depends_on_the_words_of_its_facets() -> None:
    call = ToolCall(
        "c", "search", {"query": "laptop", "processor": ["intel core i5", "intel core i7"], "min_memory": 16}
    )
    text = "i5 or i7 laptop, at least 16 gb please"
    found = read(text, Shelf(facets=LAPTOPS))
    assert position(text, call, found) == len("i5 or i7 laptop, at least 16 gb")

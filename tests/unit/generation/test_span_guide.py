"""Grammar mode with spans: what is justified is let through, what is invented is not."""

from __future__ import annotations

import numpy as np
import pytest

from muse_core.errors import MuseError
from muse_core.generation.grammar import CallGrammar
from muse_core.generation.justified import justified
from muse_core.models import chat_format as cf
from muse_core.models.tokenizer import encode, encode_text, train_tokenizer
from muse_core.reading.shop_words import ShopWords
from muse_core.records import tool_message
from muse_core.tools.call_syntax import parse_call
from muse_core.tools.shop_schema import schema_of
from muse_core.types import Facet, JsonValue, Message, ToolCall, ToolResult
from tests.unit.models.builders_models import talk

FACETS = (
    Facet("memory", "number", "gb", ("4", "16")), Facet("screen_size", "number", "inch"),
    Facet("processor", "choice", "", ("intel core i5", "amd ryzen 5")), Facet("touchscreen", "yes_no"),
)  # fmt: skip
SHOP = ShopWords(("Aravali", "OnePlus"), FACETS, ("laptop", "shirt"))
ITEM: dict[str, JsonValue] = {"id": "p77", "title": "Blue Kurta", "price": 1349, "brand": "Aravali"}
CONTEXT = (
    Message("system", "also: memory (gb), processor, screen_size (inch), touchscreen (yes/no)\nen | women"),
    Message("user", "show me loveseat sofas in a/c grey, 5 seater"),
    Message("assistant", "", (ToolCall("c0.0", "search", {"query": "loveseat sofa"}),)),
    tool_message(ToolResult("c0.0", {"items": [ITEM], "total": 1})),
    Message("assistant", "[1] at [1:price]"),
    Message("user", "लाल लैपटॉप, डेढ़ हज़ार के अंदर, XXL bag with 128 gb"),
)
ALLOWED: list[ToolCall] = [
    ToolCall("", "search", {"query": "loveseat sofas"}),
    ToolCall("", "search", {"query": "sofa loveseat grey"}),  # words in another order
    ToolCall("", "search", {"query": "laptop", "colour": "red", "max_price": 1500}),  # as it is read
    ToolCall("", "search", {"query": "xxl bag", "size": "XXL", "memory": 128, "touchscreen": True}),
    ToolCall("", "filter", {"processor": ["intel core i5", "128 gb"], "min_memory": 128}),
    ToolCall("", "filter", {"not_processor": "amd ryzen 5", "gender": "men"}),  # fixed
    ToolCall("", "filter", {"max_price": 1349, "brand": "Aravali", "sort_by": "price_low"}),  # shown
    ToolCall("", "recommend", {"like": 1, "than": "cheaper", "colour": ["red", "a/c grey"]}),
    ToolCall("", "recommend", {}),
    ToolCall("", "compare", {"items": [1, 2, 3], "attribute": "screen_size"}),
    ToolCall("", "translate", {"text": "it's new, (max_price=9) [x", "target": "hi"}),
    ToolCall("", "search", {"query": "5 seater loveseat", "screen_size": 5}),
]  # fmt: skip
INVENTED: list[ToolCall] = [
    ToolCall("", "search", {"query": "vase"}),
    ToolCall("", "search", {"query": "loveseat vase"}),
    ToolCall("", "search", {"query": "laptop", "colour": "pink"}),
    ToolCall("", "search", {"query": "laptop", "max_price": 2000}),
    ToolCall("", "search", {"query": "laptop", "max_price": 150}),
    ToolCall("", "filter", {"max_price": 77}),  # a number of an id
    ToolCall("", "filter", {"brand": "OnePlus"}),
    ToolCall("", "filter", {"brand": ["Aravali", "OnePlus"]}),
    ToolCall("", "filter", {"processor": "loveseat grey"}),  # no span
    ToolCall("", "filter", {"min_memory": 16}),
    ToolCall("", "recommend", {"colour": "red", "max_memory": 12}),
]  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    calls = [cf.render((*CONTEXT, Message("assistant", "", (call,)))) for call in ALLOWED + INVENTED]
    return train_tokenizer([cf.render(talk(n, 3).messages) for n in range(10)] + calls * 2, 1200)


@pytest.fixture(scope="module")
def grammar(tokenizer) -> CallGrammar:
    return CallGrammar(tokenizer, len(tokenizer) + 8, schema_of(FACETS))


def act_ids(tokenizer, *calls: ToolCall) -> list[int]:
    """An act as it is encoded in training."""
    before, whole = (
        encode(tokenizer, (*CONTEXT, *more)).ids for more in ((), (Message("assistant", "", calls),))
    )
    return [*whole[len(before) + 1 :], tokenizer.convert_tokens_to_ids(cf.RESULT)]


def refused_at(grammar: CallGrammar, tokenizer, ids: list[int], context=CONTEXT) -> str | None:
    """The first token that is ruled out, with what stands before it."""
    guide = grammar.guide(justified(context, SHOP))
    for at, token in enumerate(ids):
        if guide.ruled_out()[token]:
            return tokenizer.decode(ids[: at + 1])
        guide.take(token)
    return None


@pytest.mark.parametrize("call", ALLOWED, ids=str)
def test_what_is_justified_is_let_through(grammar, tokenizer, call):
    assert refused_at(grammar, tokenizer, act_ids(tokenizer, call)) is None
    assert refused_at(grammar, tokenizer, act_ids(tokenizer, call, ALLOWED[0])) is None


@pytest.mark.parametrize("call", INVENTED, ids=str)
def test_what_is_invented_is_refused(grammar, tokenizer, call):
    assert refused_at(grammar, tokenizer, act_ids(tokenizer, call)) is not None
    guide = grammar.guide()  # the schema alone takes it
    for token in act_ids(tokenizer, call):
        assert not guide.ruled_out()[token]
        guide.take(token)


def test_an_argument_for_which_nothing_was_said_cannot_be_opened(grammar, tokenizer):
    nothing = (Message("system", "en"), Message("user", "show shirts please"))
    asked = ToolCall("", "search", {"query": "shirts", "max_price": 2000})
    refused = refused_at(grammar, tokenizer, act_ids(tokenizer, asked), nothing)
    assert refused == "<tool>search(query='shirts', max_price="


def test_replies_are_free(grammar, tokenizer):
    ids = encode_text(tokenizer, "No sofa (colour='red', or so) at [1:price], vase=9<|end|>")
    assert refused_at(grammar, tokenizer, ids) is None


def test_whatever_is_written_is_justified(grammar, tokenizer):
    """What the guide lets a random writer write."""
    known, rng = justified(CONTEXT, SHOP), np.random.default_rng(5)
    said = {word for run in known.runs for word in run} | {w for value in known.values for w in value.split()}
    found = [text for _ in range(150) if (text := random_call(grammar, tokenizer, known, rng)) is not None]
    assert len(found) >= 40
    seen: set[str] = set()
    for text in found:
        name, arguments = parse_call(text)
        seen |= arguments.keys()
        for key, value in arguments.items():
            for one in value if isinstance(value, list) else [value]:
                if key in ("max_price", "min_price", "memory", "min_memory", "min_rating"):
                    assert float(one) in known.numbers, text
                elif key in ("query", "colour", "brand", "material", "occasion") and name != "compare":
                    assert set(str(one).split()) <= said, text
    assert {"query", "max_price", "colour"} <= seen


def random_call(grammar: CallGrammar, tokenizer, known, rng: np.random.Generator) -> str | None:
    ends = tokenizer.convert_tokens_to_ids("</tool>")
    guide, written = grammar.guide(known), [tokenizer.convert_tokens_to_ids("<tool>")]
    guide.take(written[0])
    weights = np.array(
        [9.0 if set(tokenizer.decode([at])) & set("')]") else 1.0 for at in range(len(tokenizer))]
    )
    for _ in range(80):
        free = np.flatnonzero(~guide.ruled_out().numpy()[: len(tokenizer)])
        written.append(int(rng.choice(free, p=weights[free] / weights[free].sum())))
        guide.take(written[-1])
        if written[-1] == ends:
            return str(tokenizer.decode(written[1:-1], clean_up_tokenization_spaces=False))
    return None


def test_a_guide_refuses_what_it_has_ruled_out(grammar, tokenizer):
    guide = grammar.guide(justified(CONTEXT, SHOP))
    with pytest.raises(MuseError, match="refuses"):
        guide.take(tokenizer.convert_tokens_to_ids("</tool>"))


def test_the_last_words_say_what_is_meant_now():
    said = (
        Message(
            "user", "red shirts under 1500", reading={"query": "shirt", "colour": "red", "max_price": 1500}
        ),
        Message("assistant", "Try [1]."),
        Message("user", "phones below 9000", reading={"query": "phone", "max_price": 9000}),
    )
    read = justified(said, SHOP).read
    assert read["query"] == ("phone",) and read["max_price"] == (9000,)
    assert read["colour"] == ("red",)  # not named now: what was said before may still count


def test_as_read_an_argument_has_its_own_values_only(grammar, tokenizer):
    said = (
        Message(
            "user", "red cotton shirts", reading={"query": "shirt", "colour": "red", "material": "cotton"}
        ),
    )

    def is_refused(**arguments):
        guide = grammar.guide(justified(said, SHOP), as_read=True)
        for token in act_ids(tokenizer, ToolCall("", "search", arguments)):
            if bool(guide.ruled_out()[token]):
                return True
            guide.take(token)
        return False

    assert not is_refused(query="shirt", colour="red", material="cotton")
    assert is_refused(query="shirt", colour="red", sort_by="price_low")  # nobody named an order
    assert is_refused(query="shirt", colour="cotton")
    assert is_refused(query="shirt", not_colour="red")
    assert is_refused(query="shirt", max_price=500)
    assert is_refused(query="phone")


SHOWN = tool_message(ToolResult("c0.0", {"items": [{"title": one} for one in ("Kiara", "Oslo", "Tanvi")]}))


@pytest.mark.parametrize(
    ("text", "reading", "written", "refused"),
    [
        ("cheapest first", {"sort_by": "price_low"}, {"sort_by": "price_low"}, {"sort_by": "rating"}),
        (
            "like the second but cheaper",
            {"like": 2, "than": "cheaper"},
            {"like": 2, "than": "cheaper"},
            {"like": 1},
        ),
        ("like the second", {"like": 2}, {"like": 2}, {"like": 2, "than": "cheaper"}),
        ("like this", {"like": "shown"}, {"like": 3}, {"like": 4}),
        ("the last, any like it", {"like": "last"}, {"like": 3}, {"like": 1}),
        ("some shirts", {"query": "shirt"}, {"query": "shirt"}, {"like": 1}),
        ("compare 1 and 3", {"items": [1, 3]}, {"items": [1, 3]}, {"items": [1, 2]}),
        ("which one is better?", {}, {"items": [1, 2]}, {"like": 1}),
        ("another like Kiara", {"words": "kiara"}, {"like": 1}, {"like": 4}),
        (
            "red, with touchscreen",
            {"colour": "red", "touchscreen": True},
            {"colour": "red", "touchscreen": True},
            {"colour": "red", "touchscreen": True, "min_memory": 16},
        ),
        ("in red", {"colour": "red"}, {"colour": "red"}, {"colour": "red", "not_colour": "red"}),
    ],
)
def test_what_is_said_of_results_is_what_was_read(grammar, tokenizer, text, reading, written, refused):
    context = (SHOWN, Message("user", text, reading=reading))

    def is_let_through(arguments: dict[str, JsonValue]) -> bool:
        tool = next(
            (name for key, name in (("items", "compare"), ("sort_by", "filter")) if key in arguments),
            "recommend",
        )
        guide = grammar.guide(justified(context, SHOP), as_read=True)
        for token in act_ids(tokenizer, ToolCall("", tool, arguments)):
            if bool(guide.ruled_out()[token]):
                return False
            guide.take(token)
        return True

    assert is_let_through(written)
    assert not is_let_through(refused)


def test_an_order_of_before_is_of_other_results():
    said = (
        Message("user", "cheapest shirts", reading={"query": "shirt", "sort_by": "price_low"}),
        Message("user", "phones", reading={"query": "phone"}),
    )
    assert justified(said, SHOP).read["sort_by"] == ()

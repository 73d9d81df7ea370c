"""Grammar mode with readings: an argument has only values that were read, and leaving one out shows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from muse_core.errors import MuseError
from muse_core.generation.grammar import CallGrammar
from muse_core.generation.read_values import ReadValues, read_values
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
    Message("user", "sofas in red", reading={"query": "sofa", "colour": "red", "sort_by": "price_high"}),
    Message("assistant", "", (ToolCall("c0.0", "search", {"query": "sofa", "not_brand": "OnePlus"}),)),
    tool_message(ToolResult("c0.0", {"items": [ITEM], "total": 1})),
    Message("assistant", "[1] at [1:price]"),
    Message("user", "a laptop or two [image:att1]", reading={
        "query": "laptop", "colour": ["pink", "grey"], "max_price": 1500, "memory": 16, "items": [1, 3],
        "attribute": "screen_size", "touchscreen": True, "processor": "intel core i5", "min_rating": 9,
    }),
)  # fmt: skip
NOW = {"query": "laptop", "colour": ["pink", "grey"], "max_price": 1500, "memory": 16,
       "processor": "intel core i5", "touchscreen": True}  # fmt: skip
ALLOWED: list[ToolCall] = [
    ToolCall("", "search", NOW),
    ToolCall("", "search", {"query": "laptop"}),
    ToolCall("", "search", {"query": "laptop", "colour": "grey"}),  # a member of a list
    ToolCall("", "recommend", {"like": 3, "memory": 16}),
    ToolCall("", "recommend", {}),
    ToolCall("", "compare", {"items": [1, 3], "attribute": "screen_size"}),
    ToolCall("", "translate", {"text": "laptop", "target": "hi"}),
    ToolCall("", "visual_search", {"image": "att1", "max_price": 1500}),
]
INVENTED: list[ToolCall] = [
    ToolCall("", "search", {"query": "sofa"}),  # the last words name another
    ToolCall("", "search", {"query": "laptop", "colour": "red"}),  # said of sofas
    ToolCall("", "search", {"query": "laptop", "not_brand": "OnePlus"}),
    ToolCall("", "search", {"query": "laptop", "colour": ["pink", "grey", "grey"]}),
    ToolCall("", "search", {"query": "laptop", "max_price": 150}),
    ToolCall("", "search", {"query": "laptop", "memory": 1500}),
    ToolCall("", "search", {"query": "laptop", "min_rating": 9}),  # read, and not possible
    ToolCall("", "filter", {"sort_by": "price_high"}),  # an order of the list before
    ToolCall("", "filter", {"processor": "amd ryzen 5"}),
    ToolCall("", "filter", {"not_processor": "intel core i5"}),
    ToolCall("", "filter", {"touchscreen": False}),
    ToolCall("", "recommend", {"like": 2}),
    ToolCall("", "compare", {"items": [1, 2]}),
    ToolCall("", "compare", {"items": [1, 3], "attribute": "price"}),
    ToolCall("", "translate", {"text": "laptop two", "target": "hi"}),
    ToolCall("", "translate", {"text": "or", "target": "hi"}),  # it only asks
]


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
    guide = grammar.guide(read_values(context, SHOP))
    for at, token in enumerate(ids):
        if guide.ruled_out()[token]:
            return str(tokenizer.decode(ids[: at + 1]))
        guide.take(token)
    return None


@pytest.mark.parametrize("call", ALLOWED, ids=str)
def test_what_was_read_is_let_through(grammar, tokenizer, call):
    assert refused_at(grammar, tokenizer, act_ids(tokenizer, call)) is None
    assert refused_at(grammar, tokenizer, act_ids(tokenizer, call, ALLOWED[0])) is None


@pytest.mark.parametrize("call", INVENTED, ids=str)
def test_what_was_not_read_is_refused(grammar, tokenizer, call):
    assert refused_at(grammar, tokenizer, act_ids(tokenizer, call)) is not None
    guide = grammar.guide()  # the schema alone takes it, if the tool does
    for token in act_ids(tokenizer, call):
        if "min_rating" not in call.arguments:
            assert not guide.ruled_out()[token]
            guide.take(token)


def test_where_no_product_is_read_any_words_of_the_last_request_are_searched(grammar, tokenizer):
    said = (Message("user", "old words"), Message("user", "a Blue flurb, please", reading={"colour": "blue"}))
    for query, is_fine in (
        ("blue flurb", True),
        ("flurb", True),
        ("old words", False),
        ("flurb blue", False),
    ):
        call = ToolCall("", "search", {"query": query})
        assert (refused_at(grammar, tokenizer, act_ids(tokenizer, call), said) is None) == is_fine, query


def test_a_list_is_narrowed_by_what_was_said_of_it_alone(grammar, tokenizer):
    said = (*CONTEXT[:-1], Message("user", "?"))  # red, and not OnePlus, were said before
    for arguments in ({"not_brand": "OnePlus"}, {"colour": "red"}, {"sort_by": "price_low"}):
        assert refused_at(grammar, tokenizer, act_ids(tokenizer, ToolCall("", "filter", arguments)), said)
    again = ToolCall("", "search", {"query": "sofa", "colour": "red"})
    assert refused_at(grammar, tokenizer, act_ids(tokenizer, again), said) is None


def test_what_it_is_is_free_where_it_was_shown_in_words(grammar, tokenizer):
    like = ToolCall("", "recommend", {"like": 2})
    for reading, is_fine in (({"like": "shown"}, True), ({"colour": "red"}, False), ({"items": 2}, True)):
        said = (Message("assistant", "1. Kurta"), Message("user", "…", reading=reading))
        assert (refused_at(grammar, tokenizer, act_ids(tokenizer, like), said) is None) == is_fine, reading


def test_a_tool_that_could_only_fail_is_not_called(grammar, tokenizer):
    said = (Message("user", "laptops of 16 gb", reading={"query": "laptop", "memory": 16}),)
    search, narrow = ToolCall("", "search", {"query": "laptop"}), ToolCall("", "filter", {"memory": 16})
    like = ToolCall("", "visual_search", {"image": "att1"})
    answered = (*said, Message("assistant", "Here are two."), *said)
    for calls, context, is_fine in (
        ([narrow], said, False), ([narrow], answered, True), ([like], answered, False),
        ([search, narrow], said, True), ([search, like], said, False),
    ):  # fmt: skip
        ids = act_ids(tokenizer, *calls)
        assert (refused_at(grammar, tokenizer, ids, context) is None) == is_fine, calls


def test_replies_are_free(grammar, tokenizer):
    ids = encode_text(tokenizer, "No sofa (colour='red', or so) at [1:price], vase=9<|end|>")
    assert refused_at(grammar, tokenizer, ids) is None


def left_out(grammar: CallGrammar, tokenizer, ids: list[int], context=CONTEXT) -> list[str]:
    """Where something that was read is left out: the text up to that token."""
    guide, found = grammar.guide(read_values(context, SHOP)), []
    for at, token in enumerate(ids):
        left = guide.leaves_out()
        if left is not None and left[token]:
            found.append(str(tokenizer.decode(ids[: at + 1], clean_up_tokenization_spaces=False)))
        guide.take(token)
    return found


def test_leaving_out_what_was_read_is_noticed_where_it_happens(grammar, tokenizer):
    def told(*calls):
        return left_out(grammar, tokenizer, act_ids(tokenizer, *calls))

    assert told(ALLOWED[0]) == []
    assert told(ToolCall("", "compare", {"items": [1, 3]})) == []
    (closed,) = told(ALLOWED[1])
    assert closed.endswith("laptop')")
    (skipped,) = told(ToolCall("", "search", {"query": "laptop", "max_price": 1500}))
    assert "laptop', max" in skipped
    (half,) = told(ALLOWED[2])
    assert "colour='" in half  # one of two colours
    assert told(ALLOWED[0], ALLOWED[1]) == []  # a second call owes nothing


def test_what_a_call_has_said_is_owed_no_more(grammar, tokenizer):
    asked = Message("user", "red shirts", reading={"query": "shirt", "colour": "red"})
    call = ToolCall("c0.0", "search", {"query": "shirt", "colour": "red"})
    done = (asked, Message("assistant", "", (call,)), tool_message(ToolResult("c0.0", {"items": []})))
    assert read_values((asked,), SHOP).owed == {"query", "colour"}
    assert read_values(done, SHOP).owed == frozenset()
    again = ToolCall("", "search", {"query": "shirt"})  # an empty search is tried with less
    assert left_out(grammar, tokenizer, act_ids(tokenizer, again), done) == []


def test_whatever_is_written_was_read(grammar, tokenizer):
    """What the guide lets a random writer write."""
    said, rng = read_values(CONTEXT, SHOP), np.random.default_rng(5)
    found = [text for _ in range(120) if (text := random_call(grammar, tokenizer, said, rng)) is not None]
    assert len(found) >= 60
    seen: set[str] = set()
    for text in found:
        name, arguments = parse_call(text)
        seen |= arguments.keys()
        if name in ("search", "filter", "recommend"):
            for key, value in arguments.items():
                assert key in ("like", "than") or value in said.values[key], text
    assert {"query", "max_price", "colour", "memory"} <= seen


def random_call(grammar: CallGrammar, tokenizer, said: ReadValues, rng: np.random.Generator) -> str | None:
    ends = tokenizer.convert_tokens_to_ids("</tool>")
    guide, written = grammar.guide(said), [tokenizer.convert_tokens_to_ids("<tool>")]
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
    guide = grammar.guide(read_values(CONTEXT, SHOP))
    with pytest.raises(MuseError, match="refuses"):
        guide.take(tokenizer.convert_tokens_to_ids("</tool>"))


def test_positions_and_orders_count_in_the_last_words_alone():
    said = (
        Message("user", "the second", reading={"items": 2, "sort_by": "rating", "colour": "red"}),
        Message("user", "lowest price first", reading={"sort_by": "price_low"}),
    )
    values = read_values(said, SHOP).values
    assert values == {"colour": ("red",), "sort_by": ("price_low",), "than": ("cheaper",), "like": ()}
    assert read_values(said[:1], SHOP).values["like"] == (2,)


def test_a_word_that_nothing_explains_may_be_searched_and_a_price_may_be_either_bound():
    said = (Message("user", "…", reading={"words": "flurb", "about_price": 900}),)
    found = read_values(said, SHOP)
    assert {name: values for name, values in found.values.items() if values} == {
        "query": ("flurb",), "min_price": (900,), "max_price": (900,),
    }  # fmt: skip
    assert found.owed == frozenset()


def test_quoted_words_are_what_is_translated():
    said = (Message("user", 'mummy ne mangwaya, "reshmi dupatta" english me'),)
    assert read_values(said, SHOP).quoted == ("reshmi dupatta",)


def test_the_masks_cover_the_whole_vocabulary(grammar, tokenizer):
    guide = grammar.guide(read_values(CONTEXT, SHOP))
    guide.take(tokenizer.convert_tokens_to_ids("<tool>"))
    assert guide.ruled_out().shape == guide.leaves_out().shape == (len(tokenizer) + 8,)
    assert guide.ruled_out().dtype == torch.bool


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
        guide = grammar.guide(read_values(context, SHOP))
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
    assert read_values(said, SHOP).values["sort_by"] == ()


def test_what_was_said_of_one_product_is_over_when_another_is_asked_for():
    red = Message("user", "red shirts", reading={"query": "shirt", "colour": "red"})
    call = Message("assistant", "", (ToolCall("c0.0", "search", {"query": "shirt", "colour": "red"}),))
    cheap = Message("user", "below 900", reading={"max_price": 900})

    def values(*messages, **reading):
        found = read_values((*messages, Message("user", "…", reading=reading)), SHOP).values
        return {name: given for name, given in found.items() if given}

    assert values(red, call, query="jeans") == {"query": ("jeans",)}
    assert values(red, call, query="shirt") == {"query": ("shirt",), "colour": ("red",)}
    assert values(red, call, size="M")["colour"] == ("red",)
    assert values(cheap, query="jeans")["max_price"] == (900,)  # an answer to "which product?"
    assert values(red, call, cheap, query="jeans") == {"query": ("jeans",), "max_price": (900,)}


def test_a_list_of_one_product_is_not_narrowed_to_another(grammar, tokenizer):
    call = ToolCall("", "filter", {"memory": 16})
    for query, is_fine in (("laptop", False), ("leather sofa", True), (["laptop", "sofa"], True)):
        said = (*CONTEXT[:-1], Message("user", "…", reading={"query": query, "memory": 16}))
        assert (refused_at(grammar, tokenizer, act_ids(tokenizer, call), said) is None) == is_fine, query
    found = Message("assistant", "", (ToolCall("c1.0", "search", {"query": "laptop"}),))
    said = (*CONTEXT[:-1], Message("user", "…", reading={"query": "laptop", "memory": 16}), found)
    assert refused_at(grammar, tokenizer, act_ids(tokenizer, call), said) is None  # the second step of a plan


def test_what_is_said_first_of_the_products_shown_is_no_search(grammar, tokenizer):
    """A correction searches again, and so does who names a product, or has been shown nothing."""
    search = ToolCall("", "search", {"query": "sofa"})
    nothing = (*CONTEXT[:3], tool_message(ToolResult("c0.0", {"items": [], "total": 0})), CONTEXT[4])
    listed = (*CONTEXT[:2], Message("assistant", "Here: 1. Oslo, ₹900. 2. Kiara, ₹800."))
    asked = (*CONTEXT[:2], Message("assistant", "Which size?"))
    for before, reading, is_fine in (
        (CONTEXT[:-1], {"memory": 16}, False),
        (CONTEXT[:-1], {"sort_by": "price_low", "max_price": 900}, False),
        (CONTEXT[:-1], {"colour": "grey"}, True),  # red before: perhaps instead of it
        (CONTEXT[:-1], {"not_colour": "red"}, True),
        (CONTEXT[:-1], {"query": "sofa", "memory": 16}, True),
        (CONTEXT[:-1], {"words": "sofa", "memory": 16}, True),
        (CONTEXT[:-1], {}, True),
        (nothing, {"memory": 16}, True),
        (listed, {"memory": 16}, False),
        (asked, {"memory": 16}, True),
    ):
        said = (*before, Message("user", "sofa", reading=reading))
        found = refused_at(grammar, tokenizer, act_ids(tokenizer, search), said)
        assert (found is None) == is_fine, (reading, found)

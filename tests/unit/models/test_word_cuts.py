"""Words of the request are the same tokens in the shop's list, in readings and in calls."""

from __future__ import annotations

from functools import lru_cache

from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from muse_core.models import chat_format as cf
from muse_core.models import word_cuts
from muse_core.models.tokenizer import encode, encode_text, train_tokenizer
from muse_core.tools.toolbox import ALL_TOOLS
from muse_core.types import JsonValue, Message, ToolCall
from tests.unit.models.builders_models import talk

VALUES = (
    "shirt", "loveseat sofa", "navy blue", "लाल कमीज़", "xxl", "XXL", "128 gb", "i5-1135g7", "4.5 gb",
    "t-shirt", "b&w", "boat airdopes", "5g", "₹500", "100% cotton", "a/c",
)  # fmt: skip
NAMES = ("memory", "ram", "screen_size", "usb3_ports", "price_per_unit", "minimum_age", "colour_family")
NUMBERS = (5000, 2.5, 128, 1749, 0.25)


@lru_cache(maxsize=1)
def tokenizer() -> PreTrainedTokenizerFast:
    """Has seen some of the words, as words and in calls, and others never."""
    talks = [cf.render(talk(n, 3, line="also: memory (gb), fit\nen | women").messages) for n in range(30)]
    calls = [
        cf.render(asked("shirt in navy blue, 128 gb", {"query": "shirt", "memory": 128, "colour": "red"}))
    ]
    return train_tokenizer(talks + calls * 5, 900)


def asked(text: str, arguments: dict[str, JsonValue], told: str = "en") -> tuple[Message, ...]:
    """A request in which the arguments of its call are read."""
    call = ToolCall("c0.0", "search", arguments)
    return (
        Message("system", told),
        Message("user", text, reading=arguments),
        Message("assistant", "", (call,)),
    )


def tokens_of(part: str, messages: tuple[Message, ...]) -> list[str]:
    """The tokens behind the last of a tag, up to the next tag."""
    tokens = tokenizer().convert_ids_to_tokens(encode(tokenizer(), messages).ids)
    behind = tokens[len(tokens) - tokens[::-1].index(part) :]
    return behind[: next((at for at, token in enumerate(behind) if token in cf.SPECIAL_TOKENS), None)]


def in_the_request(span: str) -> list[str]:
    """Its tokens between other words of a request; the space before a number belongs to what is before it."""
    around = tokens_of(cf.USER, asked(f"show {span} !", {}))
    start, end = (len(tokens_of(cf.USER, asked(text, {}))) for text in ("show", "!"))
    found = around[start : len(around) - end]
    return found[1:] if found[0] == "Ġ" else found


def has(tokens: list[str], span: list[str]) -> bool:
    return any(tokens[at : at + len(span)] == span for at in range(len(tokens)))


def calls_with(value: JsonValue) -> list[dict[str, JsonValue]]:
    """Calls in which a value stands first, last, alone, behind text, behind a number, in a list."""
    return [
        {"query": value}, {"query": value, "max_price": 5}, {"query": "shirt", "brand": value},
        {"max_price": 5, "memory": value}, {"memory": value}, {"not_colour": [value, "red"]},
        {"query": "shirt", "not_fit": ["slim", value]}, {"fit": [value, "slim"], "ram": 8},
    ]  # fmt: skip


word = st.text(st.characters(categories=["L", "M"]), min_size=1, max_size=8)
piece = st.one_of(
    word, st.sampled_from(VALUES), st.from_regex(r"[1-9][0-9]{0,5}(\.[0-9]{1,2})?", fullmatch=True)
)
spans = st.lists(piece, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([sep.join(parts) for sep in (" ", "-", "/")])
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(spans)
@example("i5-1135g7")
@example("128 gb")
@example("लाल कमीज़")
def test_a_span_of_the_request_is_the_same_tokens_in_readings_and_calls(span: str) -> None:
    wanted = in_the_request(span)
    assert tokenizer().decode(tokenizer().convert_tokens_to_ids(wanted)).strip() == span
    for arguments in calls_with(span):
        messages = asked("x", arguments)
        read, call = tokens_of(cf.READS, messages), tokens_of(cf.TOOL, messages)
        assert has(call, wanted), arguments
        assert call[1 : len(read)] == read[:-1], "a reading is the tokens of a call, but for what closes it"


def test_a_number_of_the_request_is_the_same_tokens_in_a_call() -> None:
    for number in NUMBERS:
        for arguments in calls_with(number):
            for part in (cf.TOOL, cf.READS):
                assert has(tokens_of(part, asked("x", arguments)), in_the_request(str(number)))


def test_a_facet_is_the_same_tokens_in_the_list_in_a_call_and_in_a_reference() -> None:
    for name in NAMES:
        told = f"also: fit, {name} (gb), touchscreen (yes/no)\nen"
        listed = tokens_of(cf.SYSTEM, asked("x", {}, told))
        first = tokens_of(cf.SYSTEM, asked("x", {}, f"also: {name}, fit\nen"))
        wanted = tokens_of(cf.USER, asked(name, {}))
        assert has(listed, wanted) and has(first, wanted)
        for prefix in ("", "min_", "max_", "not_"):
            for other in ({}, {"query": "shirt"}, {"max_price": 5}):
                call = tokens_of(cf.TOOL, asked("x", other | {f"{prefix}{name}": "8 gb"}))
                assert has(call, [*pieces(f" {prefix}memory")[:-1], *wanted, *pieces("='")]), call
        assert has(pieces(f"it has [2:{name}] of it"), [*wanted, "]"])


def test_words_of_a_facets_name_are_words_of_the_request() -> None:
    name = in_the_request("screen_size")
    assert has(name, in_the_request("screen")) and has(name, in_the_request("size"))


def pieces(text: str) -> list[str]:
    return list(tokenizer().convert_ids_to_tokens(encode_text(tokenizer(), text)))


def test_our_frames_are_cut_the_same_wherever_they_stand() -> None:
    pattern = tokenizer().backend_tokenizer
    for tool in ALL_TOOLS:
        for name in tool.Arguments.model_fields:
            spaced = pattern.normalizer.normalize_str(f" {name}='")
            for before in ("search(", "memory=8, ", "query='shirt', ", "colour=['red', 'pink'], "):
                for value, frame in (("'red')", spaced), ("8)", spaced[:-1]), ("['red'])", spaced[:-1])):
                    text = pattern.normalizer.normalize_str(f"{before}{name}={value}")
                    cuts = [text[a:b] for _, (a, b) in pattern.pre_tokenizer.pre_tokenize_str(text)]
                    assert frame in cuts, (cuts, frame)


signs = st.text(st.sampled_from("ab z'=_([: ]),19.शि<>\\\n\t₹|min"), max_size=30)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(st.one_of(signs, st.text(max_size=30)))
def test_every_text_is_read_back(text: str) -> None:
    assert tokenizer().decode(encode_text(tokenizer(), text)) == text


@settings(max_examples=300, deadline=None, derandomize=True)
@given(signs, signs, spans)
def test_every_conversation_is_read_back(words: str, value: str, span: str) -> None:
    messages = asked(words, {"query": value, "memory": span, "not_fit": [span, value]}, "also: fit\nen")
    messages += (Message("assistant", words or "x"),)
    assert tokenizer().decode(encode(tokenizer(), messages).ids) == cf.render(messages)


def test_names_that_begin_alike_are_told_apart() -> None:
    names = {name for tool in ALL_TOOLS for name in tool.Arguments.model_fields}
    assert {"min_price", "query"} <= names
    pattern = word_cuts.word_pattern()
    assert pattern.index("visual_ search") < pattern.index("|search")

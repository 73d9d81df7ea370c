"""The Jinja template of a model folder gives the tokens that training gives."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jinja2.exceptions import TemplateError
from transformers import AutoTokenizer, GenerationConfig, PreTrainedTokenizerFast

from muse_core.models import chat_format as cf
from muse_core.models.chat_template import chat_messages, chat_template
from muse_core.models.learnt_shop import learnt
from muse_core.models.loading import save_model
from muse_core.models.tokenizer import encode, train_tokenizer
from muse_core.models.vocabulary import add_our_tokens
from muse_core.profiles.system_line import system_content
from muse_core.reading.attached import with_readings
from muse_core.reading.shop_words import words_of
from muse_core.tools.shop_schema import schema_of
from muse_core.types import Facet, Message, ToolCall
from tests.unit.dialogue import builders_dialogue
from tests.unit.models.builders_models import tiny_model
from tests.unit.models.test_chat_format import dialogues

FACETS = (Facet("memory", "number", "gb"), Facet("touch", "yes_no"), Facet("fuel", "choice"))
SPACED = (cf.USER, cf.READS)


def own(texts: list[str]) -> PreTrainedTokenizerFast:
    facets = builders_dialogue.index().catalog.facets
    tokenizer = train_tokenizer(texts, 1500, system_content(facets, ""))
    tokenizer.chat_template = chat_template(tokenizer, learnt(facets))
    return tokenizer


@lru_cache(maxsize=1)
def conversations() -> list[tuple[Message, ...]]:
    """A thousand conversations as a run makes them, all but every tenth with readings."""
    shop = builders_dialogue.index()
    made = builders_dialogue.converse(shop, builders_dialogue.profiles(), 1000, seed=11)
    words = words_of(shop.catalog)
    return [
        one.messages if place % 10 == 9 else with_readings(one.messages, words)
        for place, one in enumerate(made)
    ]


@lru_cache(maxsize=1)
def tokenizer() -> PreTrainedTokenizerFast:
    return own([cf.render(one) for one in conversations()[:80]])


def with_spaces(text: str) -> str:
    """The stream as the tokenizer is given it."""
    for tag in SPACED:
        text = text.replace(tag, f"{tag} ")
    return text


@pytest.mark.slow
def test_a_thousand_conversations_give_the_tokens_of_training() -> None:
    tools = schema_of(builders_dialogue.index().catalog.facets).as_openai()
    read, called, chained = 0, 0, 0
    for messages in conversations():
        given = chat_messages(messages)
        text = tokenizer().apply_chat_template(given, tools=tools, tokenize=False)
        assert text == with_spaces(cf.render(messages))
        assert tokenizer()(text, add_special_tokens=False)["input_ids"] == encode(tokenizer(), messages).ids
        read += any(message.reading for message in messages)
        called += any(message.tool_calls for message in messages)
        chained += "</tool><tool>" in text or text.count("<result>") > text.count(cf.ASSISTANT)
    assert len(conversations()) == 1000 and min(read, called) > 800 and chained > 20


def test_an_open_turn_ends_where_the_model_goes_on() -> None:
    for messages in conversations()[:25]:
        for end in range(2, len(messages)):
            if messages[end - 1].role == "assistant":
                continue
            text = tokenizer().apply_chat_template(
                chat_messages(messages[:end]), tokenize=False, add_generation_prompt=True
            )
            assert text == with_spaces(cf.render(messages[:end], open_turn=True))


@settings(max_examples=40, deadline=None)
@given(dialogues())
def test_whatever_is_said_is_written_as_ours(messages: tuple[Message, ...]) -> None:
    text = tokenizer().apply_chat_template(chat_messages(messages), tokenize=False)
    assert text == with_spaces(cf.render(messages))


def test_arguments_come_in_our_order_however_a_client_sends_them() -> None:
    text = "a 'b' \\ <c>\n\u2028"
    wanted = {
        "max_memory": 8, "query": text, "not_fuel": ["petrol", "x"], "memory": 4.5, "fuel": "cng",
        "touch": True, "colour": None, "max_price": 2000.0, "min_memory": 1e22,
    }  # fmt: skip
    messages = (
        Message("system", system_content(FACETS, "en")),
        Message("user", "x"),
        Message("assistant", "", (ToolCall("c0.0", "search", wanted), ToolCall("c0.1", "recommend", {}))),
    )
    text = tokenizer().apply_chat_template(chat_messages(messages), tokenize=False)
    assert text == with_spaces(cf.render(messages))


def test_readings_may_stand_beside_the_messages() -> None:
    messages = conversations()[0]
    plain = chat_messages([replace(message, reading={}) for message in messages])
    readings = [dict(message.reading) for message in messages if message.role == "user"]
    text = tokenizer().apply_chat_template(plain, readings=readings, tokenize=False)
    assert text == with_spaces(cf.render(messages)) and any(readings)
    without = tokenizer().apply_chat_template(plain, tokenize=False)
    assert cf.READS not in without


def test_without_a_system_message_the_shopper_is_unknown_and_the_shop_is_not() -> None:
    said = (Message("user", "hello"),)
    facets = builders_dialogue.index().catalog.facets
    told = (Message("system", system_content(facets, "")), *said)
    assert facets
    text = tokenizer().apply_chat_template(chat_messages(said), tokenize=False)
    assert text == with_spaces(cf.render(told))


CALL_AS_TEXT = {"function": {"name": "search", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("message", "tool", "said"),
    [
        ({"role": "developer", "content": "x"}, "search", "found the role developer"),
        ({"role": "user", "content": [{"type": "text", "text": "x"}]}, "search", "expected a text"),
        ({"role": "user", "content": "x"}, "pay", "found pay; this model has learnt to call search"),
        ({"role": "assistant", "tool_calls": [CALL_AS_TEXT]}, "search", "as an object, found text"),
    ],
)
def test_what_it_cannot_write_is_refused(message: dict[str, Any], tool: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        tokenizer().apply_chat_template([message], tools=[{"function": {"name": tool}}], tokenize=False)


def test_a_tokenizer_that_is_not_ours_gets_the_same_tokens() -> None:
    """A byte-level BPE without our spacing, with our tags added, as a pretrained base has it."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    plain.train_from_iterator([cf.render(one) for one in conversations()[:40]], trainer)
    loaded = tiny_model()
    loaded.tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain)
    add_our_tokens(loaded, [], 0)
    other = loaded.tokenizer
    other.chat_template = chat_template(other, {})
    for messages in conversations()[:60]:
        ids = other.apply_chat_template(chat_messages(messages), tokenize=True, return_dict=True)["input_ids"]
        assert ids == encode(other, messages).ids


def test_a_saved_folder_carries_template_and_end_tokens(tmp_path: Path) -> None:
    loaded = tiny_model()
    save_model(loaded, tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again.chat_template == chat_template(loaded.tokenizer, loaded.about)
    ends = [loaded.tokenizer.convert_tokens_to_ids(tag) for tag in (cf.END, cf.RESULT)]
    assert GenerationConfig.from_pretrained(tmp_path).eos_token_id == ends

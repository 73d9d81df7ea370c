"""Grammar mode: what the grammar lets through, and what a model writes under it."""

from __future__ import annotations

import builtins
from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError
from transformers import PreTrainedTokenizerFast

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import BaseConfig
from muse_core.errors import ConfigError
from muse_core.generation.assistant import TurnRequest, respond
from muse_core.generation.grammar import CallGrammar
from muse_core.generation.sampling import Sampling
from muse_core.models.chat_format import END, RESULT
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.tokenizer import encode_text, train_tokenizer
from muse_core.tools.base import new_world
from muse_core.tools.call_syntax import wrap
from muse_core.tools.toolbox import ALL_TOOLS
from muse_core.types import Message, ToolCall
from tests import builders
from tests.unit.generation.test_assistant import dialogues, index, loaded, request  # noqa: F401

WELL_FORMED = [
    ToolCall("", "search", {"query": "casual shirt", "colour": "navy blue", "max_price": 2000}),
    ToolCall("", "search", {"query": "it's <b>", "size": "8", "min_rating": 4.5, "sort_by": "price_low"}),
    ToolCall("", "filter", {"sort_by": "rating"}),
    ToolCall("", "filter", {"brand": "Aravali", "min_price": 0.5}),
    ToolCall("", "recommend", {}),
    ToolCall("", "recommend", {"max_price": 10}),
    ToolCall("", "compare", {"items": [2, 1, 3], "attribute": "price"}),
    ToolCall("", "translate", {"text": "सूती कुर्ता", "target": "en"}),
    ToolCall("", "visual_search", {"image": "att1", "colour": "red"}),
]
MALFORMED = [
    "<tool>serach(", "<tool>search(colour='red'", "<tool>search(query='x', query=", "<tool>search(query='  '",
    "<tool>search(query='x', max_price='", "<tool>search(query='x', max_price=-1",
    "<tool>filter()", "<tool>filter(min_rating=6", "<tool>filter(sort_by='cheapest", "<tool>filter(query=",
    "<tool>compare(items=[1]", "<tool>compare(items=[0", "<tool>compare(items=[1, 2, 3, 4, 5",
    "<tool>translate(text='x')", "<tool>recommend()</tool> ", "<tool>recommend()</tool><|end|>",
    "Here: <tool>", "a < b", "<result>", "</tool>",
]  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    calls = [wrap(call) + "<result>p1 | x | ₹9</result>[1] is good.<|end|>" for call in WELL_FORMED]
    return train_tokenizer(calls * 4, 500)


@pytest.fixture(scope="module")
def grammar(tokenizer) -> CallGrammar:
    return CallGrammar(tokenizer, len(tokenizer))


def refused_at(grammar: CallGrammar, tokenizer, text: str) -> int | None:
    """The index of the first token that the grammar rules out; None when it lets all through."""
    guide = grammar.guide()
    for at, token in enumerate(encode_text(tokenizer, text)):
        if guide.ruled_out()[token]:
            return at
        guide.take(token)
    return None


@pytest.mark.parametrize("call", WELL_FORMED, ids=lambda call: call.name)
def test_what_call_syntax_writes_is_let_through(grammar, tokenizer, call):
    assert refused_at(grammar, tokenizer, wrap(call) + RESULT) is None
    assert refused_at(grammar, tokenizer, wrap(call) * 2 + RESULT) is None


def test_replies_are_free(grammar, tokenizer):
    assert refused_at(grammar, tokenizer, "मुझे [1] at [1:price] (50% off)! \\u003c" + END) is None


@pytest.mark.parametrize("text", MALFORMED)
def test_what_cannot_become_a_valid_act_is_refused_before_it_is_written(grammar, tokenizer, text):
    assert refused_at(grammar, tokenizer, text) is not None


def untrained(tokenizer: PreTrainedTokenizerFast) -> LoadedModel:
    """Random weights. Tags and ends of texts are made likely, for a random model writes on for ever."""
    shape = BaseConfig(
        hidden_size=32, num_layers=1, num_heads=2, intermediate_size=64, max_positions=1024
    )  # fmt: skip
    model = from_scratch(shape, tokenizer, seed=0)
    head = torch.nn.Linear(32, len(tokenizer))
    with torch.no_grad():
        head.weight.normal_(0, 0.3, generator=torch.Generator().manual_seed(0))
        head.bias.zero_()
        for text, value in {
            "<tool>": 30,
            "<result>": 31,
            "</tool>": 9,
            "')": 5,
            ")": 5,
            "'": 4,
            "]": 5,
        }.items():
            head.bias[encode_text(tokenizer, text)] = float(value)
    model.model.lm_head = head
    return model


def test_every_call_of_an_untrained_model_is_valid(grammar, tokenizer):
    """All that was completed parses, names a tool and validates."""
    shop = CatalogIndex(Catalog((builders.product(product_id="p1", title="Blue Shirt"),)))
    context = (Message("system", "en"), Message("user", "shirts"))
    model, hot = untrained(tokenizer), Sampling(temperature=1.3, max_new_tokens=120)
    free, guided = (
        respond(model, [TurnRequest(context, new_world(shop), 0, seed) for seed in range(60)], how)
        for how in (hot, replace(hot, grammar="schema"))
    )
    calls = [call for outcome in guided for message in outcome.messages for call in message.tool_calls]
    assert len({call.name for call in calls}) == len(ALL_TOOLS)
    assert all(_is_valid(call) for call in calls)
    assert not any(outcome.stopped == "end" and outcome.malformed for outcome in guided)
    assert all(outcome.malformed for outcome in free)  # the grammar was needed


def _is_valid(call: ToolCall) -> bool:
    """Types and bounds hold; rules between values (positions differ) are what the grammar leaves out."""
    (tool,) = [tool for tool in ALL_TOOLS if tool.name == call.name]
    try:
        tool.Arguments.model_validate(call.arguments)
    except ValidationError as problem:
        return not any(error["loc"] for error in problem.errors())
    return True


def test_well_formed_greedy_output_stays_as_it_was(grammar, loaded: LoadedModel, index, dialogues):  # noqa: F811
    free = respond(loaded, [request(index, dialogue) for dialogue in dialogues], Sampling(max_new_tokens=60))
    assert not any(outcome.malformed for outcome in free)
    asked = [request(index, dialogue) for dialogue in dialogues]
    assert respond(loaded, asked, Sampling(max_new_tokens=60, grammar="schema")) == free


def test_free_and_guided_samples_of_one_context_share_a_batch(grammar, loaded, index, dialogues):  # noqa: F811
    kinds = [Sampling(2.0, max_new_tokens=40, grammar=on) for on in (False, True)]
    asked = [
        TurnRequest(dialogues[0][:2], new_world(index), 0, seed, kind) for seed in range(6) for kind in kinds
    ]
    together = respond(loaded, asked, Sampling())
    alone = [respond(loaded, [replace(one, world=new_world(index))], Sampling())[0] for one in asked]
    assert together == alone


def test_without_the_library_the_error_says_what_to_install(tokenizer, monkeypatch):
    real = builtins.__import__

    def missing(name: str, *args: object, **kwargs: object) -> object:
        if name.startswith("llguidance"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ConfigError, match=r"pip install -e \."):
        CallGrammar(tokenizer, len(tokenizer))

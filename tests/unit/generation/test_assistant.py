"""The batched tool loop with a tiny model that has learnt two short dialogues by heart."""

from __future__ import annotations

import pytest
import torch

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import BaseConfig
from muse_core.generation.assistant import TurnRequest, respond
from muse_core.generation.decode import Sampling
from muse_core.models.chat_format import render
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.tokenizer import encode, train_tokenizer
from muse_core.records import read_tool_message, tool_message
from muse_core.tools.base import new_world
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Message, ToolCall
from tests import builders

SYSTEM = Message("system", "en | women")
GREEDY = Sampling(max_new_tokens=60)


@pytest.fixture(scope="module")
def index() -> CatalogIndex:
    shirts = [
        builders.product(product_id=f"p{n}", title=f"Aravali Blue Shirt {n}", price=500.0 * n)
        for n in (1, 2, 3)
    ]
    return CatalogIndex(Catalog(tuple(shirts)))


@pytest.fixture(scope="module")
def dialogues(index) -> list[tuple[Message, ...]]:
    """A chain of two calls with a reply, and a turn without a call."""
    world = new_world(index)
    search = ToolCall("c0.0", "search", {"query": "shirt"})
    compare = ToolCall("c0.1", "compare", {"items": [1, 2]})
    chain = (
        SYSTEM,
        Message("user", "compare two shirts"),
        Message("assistant", "", (search,)),
        tool_message(Toolbox(world).run(search)),
        Message("assistant", "", (compare,)),
        tool_message(Toolbox(world).run(compare)),
        Message("assistant", "[1] costs [1:price]."),
    )
    return [chain, (SYSTEM, Message("user", "hello"), Message("assistant", "Hello! What do you need?"))]


@pytest.fixture(scope="module")
def loaded(dialogues) -> LoadedModel:
    tokenizer = train_tokenizer([render(dialogue) for dialogue in dialogues] * 4, 400)
    config = BaseConfig(hidden_size=64, num_layers=2, num_heads=2, intermediate_size=128, max_positions=1024)
    model = from_scratch(config, tokenizer, seed=3)
    optimizer = torch.optim.AdamW(model.model.parameters(), lr=5e-3)
    streams = [torch.tensor([encode(tokenizer, dialogue).ids]) for dialogue in dialogues]
    model.model.train()
    for _ in range(60):
        loss = sum(model.model(input_ids=ids, labels=ids).loss for ids in streams)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.model.eval()
    return model


def request(index, dialogue) -> TurnRequest:
    return TurnRequest(dialogue[:2], new_world(index), turn=0)


def test_a_turn_runs_its_tools_and_goes_on(loaded, index, dialogues):
    chain, chat = respond(loaded, [request(index, dialogue) for dialogue in dialogues], GREEDY)
    assert chain.messages == dialogues[0][2:]
    assert (chain.stopped, chain.malformed) == ("end", False)
    assert chat.messages == dialogues[1][2:]


def test_results_come_from_the_world_of_the_request(loaded, dialogues):
    other = CatalogIndex(Catalog((builders.product(product_id="p9", title="Kelmora Red Shirt"),)))
    (outcome,) = respond(loaded, [request(other, dialogues[0])], GREEDY)
    first = next(message for message in outcome.messages if message.role == "tool")
    assert [item["id"] for item in read_tool_message(first).value["items"]] == ["p9"]


def test_one_at_a_time_is_the_same_as_together(loaded, index, dialogues):
    together = respond(loaded, [request(index, d) for d in dialogues * 3], GREEDY, batch_size=4)
    alone = [respond(loaded, [request(index, dialogue)], GREEDY)[0] for dialogue in dialogues]
    assert together == alone * 3


def test_no_room_to_finish_is_malformed(loaded, index, dialogues):
    (outcome,) = respond(loaded, [request(index, dialogues[0])], Sampling(max_new_tokens=2))
    assert (outcome.stopped, outcome.malformed) == ("length", True)

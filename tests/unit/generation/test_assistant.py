"""The batched tool loop with a tiny model that has learnt two short dialogues by heart."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import BaseConfig
from muse_core.generation import assistant
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


def test_every_request_may_sample_in_its_own_way(loaded, index, dialogues):
    hot = [Sampling(temperature, top_p, 60) for temperature, top_p in ((0.7, 1.0), (3.0, 1.0), (3.0, 0.9))]
    asked = [
        replace(request(index, dialogues[0]), seed=seed, sampling=sampling)
        for sampling in (None, *hot)
        for seed in range(3)
    ]
    together = respond(loaded, asked, GREEDY, batch_size=5)
    again = [replace(one, world=new_world(index)) for one in asked]
    assert together[::-1] == respond(loaded, again[::-1], GREEDY)
    assert [one.messages for one in together[:3]] == [dialogues[0][2:]] * 3
    assert len({one.text for one in together[3:]}) > 3


def test_samples_of_one_context_are_the_same_together_and_alone(loaded, index, dialogues):
    context = dialogues[0][:2]
    hot = Sampling(2.0, max_new_tokens=60)
    asked = [TurnRequest(context, new_world(index), 0, seed) for seed in range(8)]
    together = respond(loaded, asked, hot, batch_size=3)
    alone = [respond(loaded, [TurnRequest(context, new_world(index), 0, seed)], hot)[0] for seed in range(8)]
    assert together == alone


def test_endless_calling_is_ended(loaded, index, dialogues, monkeypatch):
    monkeypatch.setattr(assistant, "MAX_ROUNDS", 1)
    (outcome,) = respond(loaded, [request(index, dialogues[0])], GREEDY)
    assert (outcome.stopped, outcome.malformed) == ("calls", True)
    assert outcome.messages == dialogues[0][2:6]  # both calls and their results, no reply


def test_a_context_that_is_too_long_has_an_outcome_and_spares_the_others(loaded, index, dialogues):
    endless = TurnRequest((SYSTEM, Message("user", "shirt " * 2000)), new_world(index), 0)
    first, second = respond(loaded, [endless, request(index, dialogues[1])], GREEDY)
    assert (first.stopped, first.malformed, first.messages, first.text) == ("positions", True, (), "")
    assert second.messages == dialogues[1][2:]


def test_a_result_that_does_not_fit_has_an_outcome(loaded, index, dialogues):
    used = len(encode(loaded.tokenizer, dialogues[0][:3], open_turn=True).ids)
    before = loaded.model.config.max_position_embeddings
    loaded.model.config.max_position_embeddings = used + 8
    try:
        (outcome,) = respond(loaded, [request(index, dialogues[0])], Sampling(max_new_tokens=20))
    finally:
        loaded.model.config.max_position_embeddings = before
    assert (outcome.stopped, outcome.malformed) == ("positions", True)
    assert outcome.messages == dialogues[0][2:4]  # the call was run, its result could not be read


def test_long_conversations_are_cut_at_user_turns(loaded, index, dialogues):
    """The last turn is answered as if the far past had not been."""
    past = (Message("user", "hello " * 60), Message("assistant", "Hello! What do you need?")) * 12
    context = (SYSTEM, *past, dialogues[1][1])
    outcome = respond(loaded, [TurnRequest(context, new_world(index), 12)], Sampling(max_new_tokens=60))[0]
    assert outcome.stopped != "positions"


def test_progress_counts_turns(loaded, index, dialogues):
    told: list[tuple[int, int]] = []

    class Told:
        def update(self, done: int, total: int, note: str = "") -> None:
            told.append((done, total))

    respond(loaded, [request(index, dialogue) for dialogue in dialogues], GREEDY, progress=Told())
    assert told == [(1, 2), (2, 2)]

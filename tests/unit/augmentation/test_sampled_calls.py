"""A tiny model that has read some requests with their calls samples calls for others."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from muse_core.augmentation.anchor import Annotator
from muse_core.augmentation.filter import measure, prepare
from muse_core.augmentation.ngram import NgramModel
from muse_core.augmentation.plain_text import training_words
from muse_core.augmentation.sampled_calls import Asked, CallSampler, asked, prompts
from muse_core.augmentation.utility import NgramScorer
from muse_core.augmentation.verdict import metrics
from muse_core.config.run_config import AugmentationConfig, BaseConfig
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.log_probs import text_nll
from muse_core.models.tokenizer import encode_text, train_tokenizer
from muse_core.progress import Silent
from muse_core.tools.base import new_world
from muse_core.types import Conversation, ToolCall
from tests.unit.augmentation.builders_augmentation import dialogues, shop

INDEX = shop()
SETTINGS = AugmentationConfig(sampled_calls=3, sampled_places=2, sampled_threshold=0.05)
SIZE = BaseConfig(
    vocab_size=500, hidden_size=64, num_layers=2, num_heads=4, intermediate_size=128, max_positions=512
)


@pytest.fixture(scope="module")
def talks() -> list[Conversation]:
    return dialogues(INDEX, 60)


@pytest.fixture(scope="module")
def reader(talks: list[Conversation]) -> LoadedModel:
    """Has read requests with a call in braces, of the search alone, until it can write some."""
    lines = [line for seed in range(40) for line in prompts(talks, seed)["search"].text.split("\n")[1:-1]]
    loaded = from_scratch(SIZE, train_tokenizer(lines, SIZE.vocab_size), seed=1)
    optimizer = torch.optim.AdamW(loaded.model.parameters(), lr=3e-3)
    ids = [token for line in lines for token in encode_text(loaded.tokenizer, f"{line}\n")]
    width = 96
    rows = torch.tensor(ids[: len(ids) // width * width]).view(-1, width)
    for step in range(250):
        batch = rows[torch.arange(16) * 7 % len(rows) - step % len(rows)]
        loaded.model(input_ids=batch, labels=batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return loaded


def sampler(loaded: LoadedModel, talks: list[Conversation], **changes: float) -> CallSampler:
    return CallSampler(loaded, prompts(talks, 1), SETTINGS.model_copy(update=changes), 17, Silent())


def test_a_prompt_shows_requests_with_their_calls_and_ends_before_the_next(talks: list[Conversation]) -> None:
    found = prompts(talks, 1)
    assert list(found) == ["filter", "search"]
    lines = found["search"].text.split("\n")
    assert len(lines) == 8 and lines[-1] == "Request:" and len(found["search"].shown) > 1
    assert lines[1].startswith("Request: show me some ") and lines[1].endswith("} please")
    assert "{search(query='" in lines[1]


def test_a_model_that_has_learnt_it_writes_calls_that_fit(
    talks: list[Conversation], reader: LoadedModel
) -> None:
    own = {"search": prompts(talks, 1)["search"]}
    found = CallSampler(reader, own, SETTINGS, 17, Silent()).sample(asked(talks)[:20])
    assert found.places and found.readable >= 0.5 * found.drawn
    calls = [call for row in found.calls.values() for call in row]
    assert {call.name for call in calls} == {"search"}
    assert found.numbers()["sampled/readable"] == found.readable / found.drawn


def test_what_is_sampled_follows_from_the_seed_whatever_else_is_asked(
    talks: list[Conversation], reader: LoadedModel
) -> None:
    shown = prompts(talks, 1)["search"].shown
    requests = [one for one in asked(talks) if one.text.startswith("show") and one.text not in shown][:6]
    whole, alone = sampler(reader, talks).sample(requests), sampler(reader, talks).sample(requests[3:4])
    assert whole.calls[requests[3].row_id] == alone.calls[requests[3].row_id]


def test_a_call_begins_where_a_brace_is_likeliest(talks: list[Conversation], reader: LoadedModel) -> None:
    (request,) = [one for one in asked(talks) if one.text.startswith("show")][-1:]
    prompt = prompts(talks, 1)["search"].text
    found = list(sampler(reader, talks)._places(prompt, [request]))
    ends = [at for at, sign in enumerate(f"{request.text} ") if sign == " "]
    nats = [sum(text_nll(reader, f"{prompt} {request.text[:end]}", " {")) for end in ends]
    assert found[0][1] == ends[nats.index(min(nats))] == request.text.index(" please")


def test_nothing_is_asked_where_no_brace_is_likely(talks: list[Conversation], reader: LoadedModel) -> None:
    found = sampler(reader, talks, sampled_threshold=1.0).sample(asked(talks)[:5])
    assert found.calls == {} and found.numbers() == {}
    assert sampler(reader, talks).sample([Asked("c.0.0", "")]).places == 0


def test_sampled_calls_are_run_scored_and_counted(talks: list[Conversation]) -> None:
    """Of two calls for the first request one is its own, and one looks for what the shop has not."""
    first = talks[0]
    gold = first.messages[2].tool_calls[0]
    own = {
        f"{first.conversation_id}.0.0": (replace(gold, call_id="x"), ToolCall("x", "search", {"query": "tv"}))
    }
    scorer = NgramScorer(NgramModel.train(training_words(talks)))
    scored = [
        act
        for talk in talks
        for act in measure(
            prepare(talk, new_world(INDEX), Annotator(INDEX.catalog.products), 2, 17, own), scorer
        )
    ]
    right, wrong = scored[0].sampled
    assert scored[0].gold is not None and right.utility == scored[0].gold.utility and right.same_result
    assert not wrong.same_result and all(one.kind != "sampled" for act in scored for one in act.wrong)
    numbers = metrics(scored, [act.row for act in scored], SETTINGS)
    asked_for = sum(act.gold is not None and act.row.act == 0 for act in scored)
    assert numbers["sampled/calls"] == numbers["sampled/calls/search"] == 2
    assert numbers["sampled/right"] == 0.5 and numbers["sampled/acts"] == 1 / asked_for
    assert numbers["sampled/recall_at_0.2"] == 1 / asked_for
    plain = [replace(act, sampled=()) for act in scored]
    assert not any(name.startswith("sampled") for name in metrics(plain, [a.row for a in plain], SETTINGS))

"""A model from scratch says sentences that it was taught, each where it was taught them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from muse_core.errors import MuseError
from muse_core.generation.answer import answer
from muse_core.generation.assistant import TurnRequest, respond
from muse_core.generation.faults import fault_of
from muse_core.generation.sampling import Sampling
from muse_core.generation.taught import TaughtGuide, sayable, taught_guide
from muse_core.models.chat_format import END
from muse_core.models.learnt_replies import REPLIES, TALK
from muse_core.models.loading import LoadedModel
from muse_core.records import tool_message
from muse_core.tools.base import new_world
from muse_core.types import Message, ToolCall, ToolResult
from tests.unit.generation.builders_answer import roomy_model, script_model, shop
from tests.unit.models.builders_models import tiny_model
from tests.unit.models.test_learnt_replies import plain

TAUGHT = ("Hello!", "What kind of item do you want?", "What are you looking for?", "[#] costs [#:price].")
FOUND = ("Here are [1] and [2].", "Take [#].", "[#] costs [#:price].")
SENTENCES = {TALK: plain(*TAUGHT), "search:found": plain(*FOUND, rest=("", "Anything else?"))}
CONTEXT = (Message("system", "en"), Message("user", "cups"))


def of(model: LoadedModel) -> LoadedModel:
    told: Any = {name: [[[text] for text, _ in one.first], [*one.rest]] for name, one in SENTENCES.items()}
    return replace(model, about={REPLIES: {"en": told}})


def ask(*context: Message) -> TurnRequest:
    return TurnRequest(context or CONTEXT, new_world(shop()), 0)


def shown() -> tuple[Message, ...]:
    call = ToolCall("c0.0", "search", {"query": "cup"})
    items: Any = [
        {"id": "p1", "title": "Blue Cup", "price": 99},
        {"id": "p2", "title": "Red Cup", "price": None},
    ]
    found = tool_message(ToolResult("c0.0", {"items": items, "total": 2}))
    return (
        *CONTEXT,
        Message("assistant", "", (call,)),
        found,
        Message("assistant", "[1]."),
        Message("user", "ok"),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("context", [CONTEXT, shown()], ids=["nothing shown", "two items"])
def test_whatever_its_weights_a_model_ends_in_a_sentence(seed: int, context: tuple[Message, ...]) -> None:
    model = of(tiny_model(seed))
    (one,) = respond(model, [ask(*context)], Sampling(grammar="taught"))
    may_be = {text for text in TAUGHT if "[" not in text} | (
        {"[1] costs [1:price]."} if len(context) > 2 else set()
    )
    assert one.stopped == "end" and not one.malformed and one.messages[-1].content in may_be


def test_the_guide_goes_down_the_tree() -> None:
    tokenizer = tiny_model().tokenizer
    guide = taught_guide(tokenizer, sayable(SENTENCES, CONTEXT))
    logits = torch.zeros(len(tokenizer))
    guide.weigh(logits)
    begins = {int(at) for at in torch.isfinite(logits).nonzero()}
    assert {tokenizer.decode([at]).strip()[:1] for at in begins} <= {"H", "W"}
    guide.take(min(begins))
    with pytest.raises(MuseError, match="in no sentence that was taught"):
        TaughtGuide({1: {}}).take(2)
    with pytest.raises(MuseError, match="nothing that was taught can be said here"):
        taught_guide(tokenizer, ())


@pytest.mark.parametrize(
    ("reply", "is_fault"),
    [("What kind of item do you want?", False), (" Hello! ", False), ("Hello, sorry.", True),
     ("[1] costs me.", True), ("[1] costs [1:price].", False), ("[1] is no [2].", False)],
)  # fmt: skip
def test_run_together_pieces_are_a_fault_where_sentences_are_known(reply: str, is_fault: bool) -> None:
    turn = (Message("assistant", reply),)
    assert fault_of(shown(), turn, False, "en", SENTENCES) == ("words" if is_fault else None)
    assert fault_of(shown(), turn, False, "en") is None


@pytest.mark.parametrize(
    ("reply", "is_fault"),
    [("Here are [1] and [2].", False), ("Take [2]. Anything else?", False), ("Take [2]. Take [1].", True),
     ("Hello!", True), ("Here are [2] and [1].", True)],
)  # fmt: skip
def test_behind_a_call_it_is_a_sentence_of_that_tool_and_an_offer(reply: str, is_fault: bool) -> None:
    call, result = shown()[2:4]
    wanted = "words" if is_fault else None
    said = Message("assistant", reply)
    assert fault_of(CONTEXT, (call, result, said), False, "en", SENTENCES) == wanted
    assert fault_of((*CONTEXT, call, result), (said,), False, "en", SENTENCES) == wanted  # the client ran it
    known = {"search:nothing": SENTENCES["search:found"]}
    assert fault_of(CONTEXT, (call, result, said), False, "en", known) is None


@pytest.mark.parametrize("seed", range(4))
def test_whatever_its_weights_it_talks_of_what_was_found(seed: int) -> None:
    (one,) = respond(of(tiny_model(seed)), [ask(*shown()[:4])], Sampling(grammar="taught"))
    begins = {"Here are [1] and [2].", "Take [1].", "Take [2].", "[1] costs [1:price]."}
    assert one.messages[-1].content.removesuffix(" Anything else?") in begins


def test_a_fault_of_words_is_repaired_by_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def written(prompt: str, sampling: Sampling) -> list[str]:
        tries.append(sampling.grammar)
        return [("Hello!" if sampling.grammar == "taught" else "Happy to sorry.") + END]

    script_model(monkeypatch, written)
    (one,) = answer(of(roomy_model()), [ask()])
    assert (one.fault, one.repair, one.text) == ("words", "sample", "Hello!")
    assert tries == ["off", "taught"]
    assert one.own.messages[-1].content == "Happy to sorry."
    (free,) = answer(roomy_model(), [ask()])
    assert free.fault is None and free.text == "Happy to sorry."

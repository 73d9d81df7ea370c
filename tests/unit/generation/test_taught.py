"""A model from scratch says sentences that it was taught, where it calls nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from muse_core.errors import MuseError
from muse_core.generation.answer import answer
from muse_core.generation.assistant import TurnRequest, respond
from muse_core.generation.faults import fault_of
from muse_core.generation.sampling import Sampling
from muse_core.generation.taught import TaughtGuide, taught_guide
from muse_core.models.chat_format import END
from muse_core.models.learnt_replies import REPLIES
from muse_core.models.loading import LoadedModel
from muse_core.records import tool_message
from muse_core.tools.base import new_world
from muse_core.types import Message, ToolCall, ToolResult
from tests.unit.generation.builders_answer import roomy_model, script_model, shop
from tests.unit.models.builders_models import tiny_model

TAUGHT = ("Hello!", "What kind of item do you want?", "What are you looking for?", "[#] costs [#:price].")
CONTEXT = (Message("system", "en"), Message("user", "cups"))


def of(model: LoadedModel) -> LoadedModel:
    return replace(model, about={REPLIES: {"en": list(TAUGHT)}})


def ask(*context: Message) -> TurnRequest:
    return TurnRequest(context or CONTEXT, new_world(shop()), 0)


def shown() -> tuple[Message, ...]:
    call = ToolCall("c0.0", "search", {"query": "cup"})
    items = [{"id": "p1", "title": "Blue Cup", "price": 99}, {"id": "p2", "title": "Red Cup", "price": None}]
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
    guide = taught_guide(tokenizer, TAUGHT, CONTEXT)
    logits = torch.zeros(len(tokenizer))
    guide.weigh(logits)
    begins = {int(at) for at in torch.isfinite(logits).nonzero()}
    assert {tokenizer.decode([at]).strip()[:1] for at in begins} <= {"H", "W"}
    guide.take(min(begins))
    with pytest.raises(MuseError, match="in no sentence that was taught"):
        TaughtGuide({1: {}}).take(2)


@pytest.mark.parametrize(
    ("reply", "is_fault"),
    [("What kind of item do you want?", False), (" Hello! ", False), ("Hello, sorry.", True),
     ("[1] costs me.", True), ("[1] costs [1:price].", False), ("[1] is no [2].", False)],
)  # fmt: skip
def test_run_together_pieces_are_a_fault_where_sentences_are_known(reply: str, is_fault: bool) -> None:
    turn = (Message("assistant", reply),)
    assert fault_of(shown(), turn, False, "en", TAUGHT) == ("words" if is_fault else None)
    assert fault_of(shown(), turn, False, "en") is None
    behind_a_call = (*shown()[2:4], Message("assistant", "Hello, sorry."))
    assert fault_of(CONTEXT, behind_a_call, False, "en", TAUGHT) is None


def test_a_fault_of_words_is_repaired_by_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    script_model(
        monkeypatch,
        lambda prompt, sampling: (
            ["Hello!" + END] if sampling.grammar == "taught" else ["Happy to sorry." + END]
        ),
    )
    (one,) = answer(of(roomy_model()), [ask()])
    assert (one.fault, one.repair, one.text) == ("words", "sample", "Hello!")
    assert one.own.messages[-1].content == "Happy to sorry."
    (free,) = answer(roomy_model(), [ask()])
    assert free.fault is None and free.text == "Happy to sorry."

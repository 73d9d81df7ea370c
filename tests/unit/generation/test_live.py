"""People who come and go: each is answered as if alone, whoever shares the slots."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from muse_core.generation import live
from muse_core.generation.answer import Answered, answer
from muse_core.generation.assistant import TurnRequest
from muse_core.generation.live import LiveAnswers, Ticket
from muse_core.generation.requests import turn_of
from muse_core.generation.sampling import Sampling
from muse_core.models.chat_format import END
from muse_core.tools.toolbox import Toolbox
from tests.unit.generation.builders_answer import SEARCH, roomy_model, said, script_model, shop

PATIENCE_S = 120.0
SHORT = Sampling(max_new_tokens=12)
LONG = Sampling(max_new_tokens=100_000)


def turn(text: Any, **more: Any) -> TurnRequest:
    return turn_of(text, shop(), **more)


@pytest.fixture
def open_live() -> Iterator[Callable[..., LiveAnswers]]:
    opened: list[LiveAnswers] = []

    def make(slots: int = 4) -> LiveAnswers:
        opened.append(LiveAnswers(roomy_model(), slots))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def seen(one: Answered) -> Any:
    return one.messages, one.text, one.language, one.own, one.fault, one.repair


def test_each_is_answered_as_if_alone(open_live: Callable[..., LiveAnswers]) -> None:
    """A real decoder, more people than slots, who come at different moments; faults are repaired alike."""
    texts = [f"red shirts number {n} " + "please " * (n % 4) for n in range(14)]
    alone = [seen(one) for text in texts for one in answer(roomy_model(), [turn(text)], SHORT)]
    running = open_live(4)

    def ask(place: int) -> Any:
        time.sleep(0.03 * (place % 5))
        ticket = running.ask(turn(texts[place]), SHORT)
        found = ticket.answer.result(PATIENCE_S)
        assert ticket.prompt_tokens > 0 and ticket.completion_tokens > 0
        return seen(found)

    with ThreadPoolExecutor(14) as people:
        assert list(people.map(ask, range(len(texts)))) == alone
    assert {one[5] for one in alone} & {"sample", "sentence"}  # repairs went through the slots as well
    wait_for(lambda: running.under_way == 0)


def test_who_goes_away_frees_the_slot(open_live: Callable[..., LiveAnswers]) -> None:
    running = open_live(1)
    endless = running.ask(turn("tell me everything"), LONG)
    wait_for(lambda: endless.row is not None)
    waiting = running.ask(turn("red shirts"), SHORT)
    assert not waiting.answer.done()
    endless.drop()
    assert waiting.answer.result(PATIENCE_S).text
    assert endless.answer.cancelled()
    wait_for(lambda: running.under_way == 0)


def test_who_goes_away_before_the_turn_began_costs_nothing(open_live: Callable[..., LiveAnswers]) -> None:
    running = open_live(1)
    endless = running.ask(turn("tell me everything"), LONG)
    wait_for(lambda: endless.row is not None)
    gone = [running.ask(turn("red shirts"), LONG) for _ in range(5)]
    for ticket in (*gone, endless):
        ticket.drop()
    assert running.ask(turn("red shirts"), SHORT).answer.result(PATIENCE_S).text
    assert all(ticket.completion_tokens == 0 for ticket in gone)


def test_closing_answers_what_is_under_way() -> None:
    running = LiveAnswers(roomy_model(), 2)
    ticket = running.ask(turn("red shirts"), SHORT)
    running.close()
    assert ticket.answer.result(0).text and not running.is_alive


def test_a_bug_in_a_tool_costs_one_turn(
    open_live: Callable[..., LiveAnswers], monkeypatch: pytest.MonkeyPatch
) -> None:
    script_model(monkeypatch, lambda prompt, sampling: said("[1]."))
    run = Toolbox.run

    def broken(self: Toolbox, call: Any) -> Any:
        if threading.current_thread().name == "decoding" and not failed:
            failed.append(call)
            raise RuntimeError("a bug")
        return run(self, call)

    failed: list[Any] = []
    monkeypatch.setattr(Toolbox, "run", broken)
    running = open_live()
    with pytest.raises(RuntimeError, match="a bug"):
        running.ask(turn("shirts")).answer.result(PATIENCE_S)
    assert running.ask(turn("shirts")).answer.result(PATIENCE_S).text == "Aravali Blue Cotton Shirt."
    assert running.under_way == 0


def test_a_failure_of_the_decoder_is_told_and_survived(
    open_live: Callable[..., LiveAnswers], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __init__(self, model: Any, fresh: Any, *more: Any) -> None:
            self.fresh = fresh

        def run(self) -> None:
            next(self.fresh)
            raise MemoryError("no room")

    working = live.Decoder
    monkeypatch.setattr(live, "Decoder", Broken)
    running = open_live()
    with pytest.raises(MemoryError, match="no room"):
        running.ask(turn("shirts"), SHORT).answer.result(PATIENCE_S)
    monkeypatch.setattr(live, "Decoder", working)
    assert running.ask(turn("shirts"), SHORT).answer.result(PATIENCE_S).text
    assert running.under_way == 0


def test_calls_are_handed_over_and_the_turn_goes_on_behind_their_results(
    open_live: Callable[..., LiveAnswers], monkeypatch: pytest.MonkeyPatch
) -> None:
    script_model(
        monkeypatch,
        lambda prompt, sampling: ["[1] at [1:price]." + END] if "</result>" in prompt else [SEARCH],
    )
    running = open_live()
    asked: list[Any] = [{"role": "user", "content": "shirts"}]
    first = running.ask(turn({"messages": asked}, runs_tools=False)).answer.result(PATIENCE_S)
    assert first.own.stopped == "handed" and first.fault is None and first.text == ""
    (message,) = first.messages
    assert [call.name for call in message.tool_calls] == ["search"]
    call = {"id": "x1", "function": {"name": "search", "arguments": '{"query": "shirt"}'}}
    result = '{"items": [{"id": "z9", "title": "Client Shirt", "price": 12}]}'
    asked += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "x1", "content": result},
    ]
    second = running.ask(turn({"messages": asked}, runs_tools=False)).answer.result(PATIENCE_S)
    assert second.text == "Client Shirt at ₹12." and second.fault is None


def test_a_client_that_runs_tools_for_ever_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    script_model(monkeypatch, lambda prompt, sampling: [SEARCH])
    messages: list[Any] = [{"role": "user", "content": "shirts"}]
    for number in range(5):
        found = answer(roomy_model(), [turn({"messages": messages}, runs_tools=False)])[0]
        if found.own.stopped != "handed":
            break
        call = {"id": f"x{number}", "name": "search", "arguments": {"query": "shirt"}}
        messages += [
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"x{number}", "content": "[]"},
        ]
    assert number == 4 and found.own.stopped == "calls" and found.repair == "sentence" and found.text


def test_a_dropped_ticket_is_forgotten_by_everybody() -> None:
    ticket = Ticket(turn("shirts"), SHORT)
    ticket.drop()
    assert ticket.answer.cancelled() and ticket.dropped

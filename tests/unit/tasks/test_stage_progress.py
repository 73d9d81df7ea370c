"""A stage's progress: plain lines without a terminal, a live line on one, nothing when quiet."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from rich.console import Console

from tasks import progress, terminal
from tasks.forecast import Forecast
from tasks.progress import StageProgress
from tasks.terminal import OUR_LOGGERS, is_quiet, live_bar, to_terminal


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to stderr; loggers are as before afterwards."""
    before = {name: list(logging.getLogger(name).handlers) for name in OUR_LOGGERS}
    out = io.StringIO()
    monkeypatch.setattr(terminal, "console", lambda: Console(file=out, width=160))
    yield out
    for name, handlers in before.items():
        logging.getLogger(name).handlers = handlers
        logging.getLogger(name).propagate = True
    for handler in logging.getLogger().handlers:  # pytest's own among them
        handler.filters.clear()


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str]]:
    """What the Prefect UI would show."""
    shown: list[tuple[float, str]] = []

    def create(progress: float, key: str, description: str) -> int:
        shown.append((progress, description))
        return 1

    def update(identity: int, progress: float, description: str) -> None:
        shown.append((progress, description))

    monkeypatch.setattr(progress, "ARTIFACT_EVERY_S", 0.0)
    monkeypatch.setattr(progress, "create_progress_artifact", create)
    monkeypatch.setattr(progress, "update_progress_artifact", update)
    return shown


def work(forecast: Forecast | None = None) -> None:
    with StageProgress("evaluate", forecast) as told:
        told.phase(1, 2, "SFT · test turns", (0.0, 0.5))
        for done in range(1, 101):
            told.update(done, 100, "turns")
        told.phase(2, 2, "simulated shoppers", (0.5, 1.0))
        told.update(8, 8, "conversations")


def test_without_a_terminal_there_are_plain_lines(
    screen: io.StringIO, published: list[tuple[float, str]]
) -> None:
    to_terminal()
    work(Forecast({"evaluate": 30.0, "export": 600.0}))
    lines = [line[10:] for line in screen.getvalue().splitlines()]  # behind the clock
    assert lines[:2] == ["evaluate: started", "evaluate 1/2 · SFT · test turns"]
    counted = [line for line in lines if "%" in line]
    assert len(counted) == 11
    said = "(10 of 100 turns; 10 min of the run left)"
    assert counted[0] == f"evaluate 1/2 · SFT · test turns: 5 % {said}"
    assert "\x1b" not in screen.getvalue()
    assert published[-1] == (100.0, "done")
    assert published[0][1].startswith("1/2 · SFT · test turns: 1 of 100 turns; 10 min of the run")


def test_on_a_terminal_the_line_lives(
    screen: io.StringIO, published: list[tuple[float, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Console(file=screen, width=160, force_terminal=True)
    monkeypatch.setattr(terminal, "console", lambda: live)
    to_terminal()
    work()
    text = screen.getvalue()
    assert "evaluate 2/2 · simulated shoppers" in text and "5 % (5 of 100" not in text
    assert "of the run" not in text  # nothing was expected


def test_on_a_narrow_terminal_the_note_is_what_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Console(file=io.StringIO(), width=80, force_terminal=True)
    monkeypatch.setattr(terminal, "console", lambda: narrow)
    bar = live_bar()
    row = bar.add_task("sft 2/2 · whole conversations", total=1.0, left="6 min of the run left", note="")
    bar.update(row, completed=0.5, note="412 of 680 steps, loss 0.523, 5,811 tokens/s, 210 s left")
    with narrow.capture() as shown:
        narrow.print(bar.get_renderable())
    (line,) = [one for one in _plain(shown.get()).splitlines() if one.strip()]
    assert line.startswith("sft 2/2 · whole conversations ") and " 50 % " in line
    assert "6 min of the run left" in line and line.rstrip().endswith("…") and len(line) <= 80


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize("width", [20, 40, 59])
def test_a_very_narrow_terminal_shows_title_share_and_time_in_one_line(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Console(file=io.StringIO(), width=width, force_terminal=True)
    monkeypatch.setattr(terminal, "console", lambda: narrow)
    bar = live_bar()
    row = bar.add_task("sft 2/2 · whole conversations", total=1.0, left="6 min of the run left", note="")
    bar.update(row, completed=0.5, note="412 of 680 steps, loss 0.523")
    with narrow.capture() as shown:
        narrow.print(bar.get_renderable())
    (line,) = [one for one in _plain(shown.get()).splitlines() if one.strip()]
    assert line.startswith("sft") and " 50 % " in line and len(line) <= width


def test_a_json_line_is_one_object_with_time_level_stage_and_message(
    screen: io.StringIO, published: list[tuple[float, str]]
) -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        to_terminal(as_json=True)
        terminal.say("before")
        work(Forecast({"evaluate": 30.0}))
        logging.getLogger("muse_core.stages").warning("two\nlines of :smile: [bold]₹[/bold]")
        logging.getLogger("somebody.else").warning("theirs")
        logging.getLogger("prefect.flow_runs").error("chatter")
    finally:
        root.handlers = before
    lines = [json.loads(line) for line in screen.getvalue().splitlines()]
    assert all(list(line) == ["time", "level", "stage", "message"] for line in lines)
    assert (lines[0]["message"], lines[0]["stage"]) == ("before", None)
    assert {line["stage"] for line in lines[1:-2]} == {"evaluate"}
    assert lines[-2]["message"] == "two\nlines of :smile: [bold]₹[/bold]" and lines[-2]["level"] == "warning"
    assert lines[-1]["message"] == "theirs" and screen.getvalue().isascii()
    assert sum("%" in line["message"] for line in lines) == 11


def test_a_terminal_gets_no_json_bar_and_quiet_json_is_warnings(screen: io.StringIO) -> None:
    to_terminal(is_quiet=True, as_json=True)
    terminal.say("not this")
    logging.getLogger("tasks").info("nor this")
    logging.getLogger("tasks").warning("this")
    (line,) = screen.getvalue().splitlines()
    assert json.loads(line)["message"] == "this"


def test_quiet_says_warnings_alone(screen: io.StringIO, published: list[tuple[float, str]]) -> None:
    to_terminal(is_quiet=True)
    assert is_quiet()
    work(Forecast({"evaluate": 30.0}))
    logging.getLogger("muse_core.stages").info("not this")
    logging.getLogger("muse_core.stages").warning("but this")
    assert screen.getvalue().splitlines()[0].endswith("warning: but this")
    assert len(screen.getvalue().splitlines()) == 1


def test_a_stage_that_ends_corrects_the_forecast_and_one_that_fails_does_not(
    screen: io.StringIO, published: list[tuple[float, str]]
) -> None:
    forecast = Forecast({"evaluate": 30.0, "export": 10.0})
    with pytest.raises(RuntimeError), StageProgress("evaluate", forecast):
        raise RuntimeError
    assert forecast.spent == {}
    work(forecast)
    assert 0 < forecast.spent["evaluate"] < 30

"""What a started training process says on stdout arrives in the stage that started it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from muse_core.errors import HardwareError
from muse_core.processes.launch import _listen
from muse_core.processes.started import Events
from muse_core.progress import Phases
from tests.unit.training.builders_training import context


class Heard:
    """Everything, in order."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []

    def update(self, done: int, total: int, note: str = "") -> None:
        self.said.append((done, total, note))

    def phase(self, number: int, of: int, name: str, span: tuple[float, float]) -> None:
        self.said.append((number, of, name, span))

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self.said.append((dict(metrics), step))


def test_phases_progress_and_metrics_arrive_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events, heard = Events(), Heard()
    Phases(events, {"single turns": 1.0, "whole conversations": 3.0}).begin("whole conversations")
    events.update(3, 8, "steps, loss 1.2")
    events.log({"loss": 1.2}, 3)
    lines = io.StringIO(capsys.readouterr().out + "a line of a library\n")
    assert _listen(lines, context(tmp_path, metrics=heard, progress=heard)) is None
    assert heard.said == [
        (2, 2, "whole conversations", (0.25, 1.0)),
        (3, 8, "steps, loss 1.2"),
        ({"loss": 1.2}, 3),
    ]


def test_the_first_error_is_the_stages_error(tmp_path: Path) -> None:
    lines = io.StringIO(
        '{"error": "no GPU", "kind": "HardwareError"}\n{"error": "later", "kind": "MuseError"}\n'
    )
    found = _listen(lines, context(tmp_path))
    assert isinstance(found, HardwareError) and str(found) == "no GPU"

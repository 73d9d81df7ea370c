"""SIGINT and SIGTERM in the middle of a step, as the operating system sends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from muse_core.training.batches import MicroBatch, Totals
from muse_core.training.checkpoints import weights_digest
from muse_core.training.interrupts import Interrupts
from muse_core.training.loop import train
from muse_core.training.losses import LanguageLoss, Sums
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import ALL_LOSSES, context, examples
from tests.unit.training.test_loop import HOW, ROOT, plan


@pytest.fixture(autouse=True)
def hears_interrupts() -> Iterator[None]:
    """A shell's background job starts with SIGINT ignored, and so would these tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Signalled(LanguageLoss):
    """Is sent a signal in the seventh forward pass: in the middle of the third step."""

    passes = 0
    number = signal.SIGINT

    def forward(self, micro: MicroBatch, totals: Totals) -> tuple[torch.Tensor, Sums]:
        self.passes += 1
        if self.passes == 7:
            os.kill(os.getpid(), self.number)
        return super().forward(micro, totals)


def test_an_interrupt_in_a_step_saves_and_the_next_start_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = signal.getsignal(signal.SIGINT)
    cut, found = tiny_model(), examples(tiny_model())
    with pytest.raises(KeyboardInterrupt):
        train(Signalled(cut, ALL_LOSSES), found, plan(), HOW, context(tmp_path, "cut"))
    assert signal.getsignal(signal.SIGINT) is before
    saved = sorted((tmp_path / "work/cut").glob("step-*"))
    assert saved and 0 < int(saved[-1].name[5:]) < len(plan())
    assert int(saved[-1].name[5:]) % HOW.save_every_steps, "the signal came between two regular checkpoints"
    again, whole = tiny_model(), tiny_model()
    train(LanguageLoss(again, ALL_LOSSES), found, plan(), HOW, context(tmp_path, "cut"))
    train(LanguageLoss(whole, ALL_LOSSES), found, plan(), HOW, context(tmp_path, "whole"))
    assert weights_digest(again.model) == weights_digest(whole.model)


SCRIPT = """
    import sys, signal
    from pathlib import Path
    from muse_core.training.loop import train
    from tests.unit.training.test_interrupts import *
    Signalled.number = signal.SIGTERM
    loaded = tiny_model()
    train(Signalled(loaded, ALL_LOSSES), examples(loaded), plan(), HOW, context(Path(sys.argv[1]), "cut"))
"""


def test_a_process_that_is_terminated_dies_of_it_with_a_checkpoint(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGTERM, done.stderr
    assert sorted((tmp_path / "work/cut").glob("step-*/state.json"))


def test_a_second_signal_is_passed_on_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert interrupts.asked == signal.SIGINT
        signal.raise_signal(signal.SIGINT)


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGINT)
        assert interrupts.asked is None
    finally:
        signal.signal(signal.SIGINT, before)

"""Ctrl-C and SIGTERM while training: end where nothing is lost, then do what was asked.

The first signal only asks; the loop answers between two micro-batches, saves, and passes the signal on
to whoever listened before. A second one is passed on at once.
"""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

log = logging.getLogger(__name__)


class Interrupted(Exception):
    """The loop left a step because it was asked to."""


class Interrupts:
    """Listens within a `with`, in the main thread (elsewhere Python delivers no signals). Signals that are
    ignored stay ignored."""

    def __init__(self) -> None:
        self.asked: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked is not None:
            self.pass_on()
        self.asked = number
        log.warning("%s: saving, then stopping", signal.Signals(number).name)

    def pass_on(self) -> None:
        """Gives the signal to the handler that was there before; does not return."""
        self.__exit__(None, None, None)
        signal.raise_signal(self.asked or signal.SIGINT)
        raise KeyboardInterrupt

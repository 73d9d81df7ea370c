"""Where a stage is: on the terminal (`terminal.py`) and as a progress artifact in the Prefect UI.

Both say how long the whole run still takes, where it has an estimate. The stage calls `update` as often as it
likes.
"""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Any

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from muse_core.progress import Span, counted
from tasks.addresses import without_secrets
from tasks.estimate import in_short
from tasks.forecast import Forecast
from tasks.terminal import Shown

log = logging.getLogger(__name__)

ARTIFACT_EVERY_S = 4.0


class StageProgress:
    """A `Progress` for one stage run, headed by `label`; a context manager that ends the live line."""

    def __init__(self, stage: str, forecast: Forecast | None = None, label: str = "") -> None:
        self.stage, self.forecast = stage, forecast
        self.shown = Shown(label or stage, stage)
        self.place = self.shown.place
        self.started = self._artifact_at = time.monotonic()
        self._artifact_id: Any = None

    def __enter__(self) -> StageProgress:
        self.shown.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shown.__exit__(kind, error, trace)
        if self._artifact_id is not None and kind is None:
            self._publish(100.0, "done")
        if self.forecast is not None and kind is None:
            self.forecast.finish(self.stage, time.monotonic() - self.started)

    def update(self, done: int, total: int, note: str = "") -> None:
        self.place.move(done, total)
        text, left = counted(done, total, note), self._left()
        self.shown.update(done, total, note, left)
        now = time.monotonic()
        if now - self._artifact_at >= ARTIFACT_EVERY_S:
            self._artifact_at = now
            title = f"{self.place.part}: " if self.place.part else ""
            self._publish(100.0 * self.place.share, "; ".join(filter(None, (f"{title}{text}", left))))

    def phase(self, number: int, of: int, name: str, span: Span) -> None:
        self.shown.phase(number, of, name, span)

    def _left(self) -> str:
        """How long the whole run still takes; nothing where that is not known."""
        if self.forecast is None:
            return ""
        left = self.forecast.left_s(self.stage, self.place.share, time.monotonic() - self.started)
        return "" if left is None else f"{in_short(left)} of the run left"

    def _publish(self, percent: float, text: str) -> None:
        """Shows the progress in the UI. A server that is away must not end hours of work."""
        try:
            if self._artifact_id is None:
                key = f"progress-{self.stage}".replace("_", "-")
                self._artifact_id = create_progress_artifact(
                    progress=percent, key=key, description=without_secrets(text)
                )
            else:
                update_progress_artifact(
                    self._artifact_id, progress=percent, description=without_secrets(text)
                )
        except Exception as problem:
            log.warning("%s: the progress could not be shown in the UI: %s", self.stage, problem)
            self._artifact_at = time.monotonic() + 60

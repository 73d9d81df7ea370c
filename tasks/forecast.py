"""How long a run still takes: its estimate, corrected by how long what is done has taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KNOWN_SHARE = 0.1  # of a stage: from here on its own pace says how long it takes
DOUBT_SHARE = 0.05  # of the whole estimate: seconds that passed as expected, beside those that were seen
SLOWEST = 4.0  # times the estimate


@dataclass
class Forecast:
    """`expected`: seconds of the stages that would run, in order; `spent`: of those that are over."""

    expected: Mapping[str, float]
    spent: dict[str, float] = field(default_factory=dict)

    def finish(self, stage: str, seconds: float) -> None:
        if stage in self.expected:
            self.spent[stage] = seconds

    def left_s(self, stage: str, share: float, elapsed_s: float) -> float | None:
        """Seconds until the run is over, `elapsed_s` into a stage of which `share` is done; None for a stage
        that was not expected to run."""
        if stage not in self.expected:
            return None
        guess = max(self.expected[stage] * self._pace(self.spent), elapsed_s)
        whole = elapsed_s / share if share >= KNOWN_SHARE else guess
        taken = self.spent | {stage: whole}
        later = sum(seconds for name, seconds in self.expected.items() if name not in taken)
        return whole - elapsed_s + later * self._pace(taken)

    def _pace(self, taken: Mapping[str, float]) -> float:
        """Seconds that passed for one estimated second. Of the first stages, which are seconds of a run of
        hours, it says little: so it begins at 1 and is moved by what weighs in the estimate."""
        doubt = DOUBT_SHARE * sum(self.expected.values())
        expected = sum(self.expected[name] for name in taken)
        found = (doubt + sum(taken.values())) / (doubt + expected) if doubt else 1.0
        return min(SLOWEST, max(1 / SLOWEST, found))

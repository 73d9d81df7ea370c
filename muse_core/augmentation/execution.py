"""Candidates run on the real tools, each in the world as it stood before the act.

In a chain the acts that follow are run behind every candidate, and once without any: what an early call
is worth shows in what the later ones can then find (a filter without its search finds nothing). Gold
calls move the conversation's session on; everything else runs on a copy of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

from muse_core.augmentation.candidates import Candidate
from muse_core.augmentation.utility import CallText
from muse_core.tools.base import Session, ShopWorld
from muse_core.tools.call_syntax import render_call
from muse_core.tools.result_text import render_result
from muse_core.tools.toolbox import Toolbox
from muse_core.types import ToolCall, ToolResult


@dataclass(frozen=True)
class Executed:
    """A candidate with what its calls returned, in order, and `rest`: the later acts of the turn, run
    behind it, as text."""

    candidate: Candidate
    results: tuple[ToolResult, ...]
    rest: str = ""

    @property
    def failed(self) -> bool:
        """Whether any of the calls returned an error."""
        return any(result.error is not None for result in self.results)

    @property
    def own_text(self) -> str:
        """Calls and results in ordinary tokens."""
        return _spelled(self.candidate.calls, self.results)

    @property
    def calls_text(self) -> str:
        """The calls alone."""
        return "; ".join(render_call(call) for call in self.candidate.calls)

    def text(self, rest_without: str) -> CallText:
        """What the scorer is given: the call alone (never run: the rest as without it), and run."""
        return CallText(_joined(self.calls_text, rest_without), _joined(self.own_text, self.rest))

    @property
    def shown(self) -> str:
        """All results as a model reads them: two candidates with equal ones cannot be told apart."""
        return _joined("; ".join(_result_text(result) for result in self.results), self.rest)


@dataclass(frozen=True)
class Outcomes:
    """Every candidate executed, and the turn's later acts without any of them."""

    candidates: tuple[Executed, ...]
    rest_without: str

    def texts(self, with_rest: bool) -> list[CallText]:
        """What the scorer is given of each candidate; `with_rest`: and of the later acts behind it."""
        if with_rest:
            return [one.text(self.rest_without) for one in self.candidates]
        return [replace(one, rest="").text("") for one in self.candidates]


def execute(candidates: Sequence[Candidate], later: Sequence[ToolCall], world: ShopWorld) -> Outcomes:
    """Runs every candidate from the same state; afterwards `world` stands as after the gold calls."""
    before = copy(world.session)
    after = before
    done: list[Executed] = []
    for candidate in candidates:
        results, session = _run(candidate.calls, before, world)
        done.append(Executed(candidate, results, _rest(later, session, world)))
        if candidate.kind == "gold":
            after = session
    world.session = after
    return Outcomes(tuple(done), _rest(later, before, world))


def _run(
    calls: Sequence[ToolCall], session: Session, world: ShopWorld
) -> tuple[tuple[ToolResult, ...], Session]:
    branch = replace(world, session=copy(session))
    toolbox = Toolbox(branch)
    return tuple(toolbox.run(call) for call in calls), branch.session


def _rest(later: Sequence[ToolCall], session: Session, world: ShopWorld) -> str:
    if not later:
        return ""
    results, _ = _run(later, session, world)
    return _spelled(later, results)


def _spelled(calls: Sequence[ToolCall], results: Sequence[ToolResult]) -> str:
    pairs = zip(calls, results, strict=True)
    return "; ".join(f"{render_call(call)} → {_result_text(result)}" for call, result in pairs)


def _result_text(result: ToolResult) -> str:
    return render_result(result.value, result.error)


def _joined(*texts: str) -> str:
    return "\n".join(text for text in texts if text)

"""A case of `muse eval`, and whether a model's first act on it is right. Pure; the tools run elsewhere.

Where no call is due a model does one of three things: it abstains, it writes a call that cannot be run
(unreadable, or of a tool that does not exist), or it calls. How a case is written in a file:
`case_file.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from muse_core.reading.shop_words import ShopWords
from muse_core.records import Row
from muse_core.scoring.call_match import CallMatch, match_accepted, match_tool
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.types import JsonValue, Message, ToolCall


@dataclass(frozen=True)
class EvalCase:
    """One line of a case file. `accepted` has the argument names of our tools (`color` -> `colour`); without
    `judges_arguments` the file does not say which are right, and only the decision is judged."""

    case_id: str
    language: str
    utterance: str
    expected_tool: str
    acceptable_tools: tuple[str, ...]
    accepted: Mapping[str, list[JsonValue]] = field(default_factory=dict)
    judges_arguments: bool = True
    history: tuple[Message, ...] = ()
    attachments: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None
    line: int = 0  # in its file
    schema: ShopSchema = PLAIN  # of the shop in which it is asked
    words: ShopWords | None = None  # of that shop, where it is not the one that answers


@dataclass(frozen=True)
class Verdict:
    """`match` compares the first call with what was expected; `predicted` is that call."""

    case: EvalCase
    predicted: ToolCall | None
    malformed: bool
    match: CallMatch

    @property
    def tool(self) -> str:
        return self.predicted.name if self.predicted else "none"

    @property
    def strict(self) -> bool:
        return self.tool == self.case.expected_tool and not self.malformed

    @property
    def lenient(self) -> bool:
        return self.tool in self.case.acceptable_tools and not self.malformed

    @property
    def exact(self) -> bool | None:
        """Whether the whole call is right; None where the case does not judge arguments."""
        return self.is_ok if self.case.judges_arguments else None

    @property
    def is_ok(self) -> bool:
        """Whether nothing that the case judges is wrong."""
        return self.match.exact and self.strict

    def as_json(self) -> Row:
        """The case's entry in the output of `muse eval`."""
        return {
            "id": self.case.case_id,
            "predicted_tool": self.tool,
            "predicted_args": dict(self.predicted.arguments) if self.predicted else {},
            "ok": self.is_ok,
            "why": self.why,
        }

    @property
    def why(self) -> str:
        """What is wrong, "" when nothing is."""
        if self.malformed:
            return (
                f"{self.tool} is no tool" if self.predicted else "the model wrote a call that cannot be read"
            )
        return self.match.why


def judge_case(case: EvalCase, calls: Sequence[ToolCall], malformed: bool) -> Verdict:
    """A model's first act on a case: its calls (none: it talked), or a call that cannot be read."""
    first = calls[0] if calls else None
    wanted = None if case.expected_tool == "none" else case.expected_tool
    match = (
        match_accepted(wanted, case.accepted, first, case.schema)
        if case.judges_arguments
        else match_tool(wanted, first)
    )
    if len(calls) > 1:
        match = _with_extra(match, calls[1:])
    broken = malformed if first is None else first.name not in TOOL_NAMES
    return Verdict(case, first, broken, match)


def _with_extra(match: CallMatch, extra: Sequence[ToolCall]) -> CallMatch:
    """One call is expected: each further one is an invented argument more."""
    also = f"one call expected, also called {', '.join(call.name for call in extra)}"
    why = "; ".join(filter(None, [match.why, also]))
    fp = match.fp + len(extra)
    return replace(match, exact=False, fp=fp, f1=2 * match.tp / (2 * match.tp + fp + match.fn), why=why)

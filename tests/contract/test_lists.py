"""The contracts' own lists of tools and turn types are those of the code; where not, which line to change.

A contract imports nothing of what it checks, so it says a second time which tools there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from data_contracts import derived, lessons, nested
from data_contracts.validate import load_suite
from muse_core.dialogue.llm.accept import Reason
from muse_core.dialogue.llm.asks import Intent
from muse_core.dialogue.llm.service import Failure
from muse_core.feedback.row import STATUSES, Wish
from muse_core.tools.toolbox import DECISIONS, TOOL_NAMES
from muse_core.types import TURN_TYPES
from tests.architecture.laws import ROOT


@dataclass(frozen=True)
class Listed:
    """A list in a contract, the text that its line begins with, and the code's list, which is meant."""

    file: str
    begins: str
    written: Sequence[str]
    meant: Sequence[str]
    home: str

    def problem(self) -> str:
        """What to change, and where; "" where the two agree."""
        lacks = [name for name in self.meant if name not in self.written]
        extra = [name for name in self.written if name not in self.meant]
        asked = [f"add {', '.join(lacks)}"] * bool(lacks) + [f"take out {', '.join(extra)}"] * bool(extra)
        return f"{self.file}:{self._line()}: {' and '.join(asked)} ({self.home})" if asked else ""

    def _line(self) -> int:
        lines = (ROOT / self.file).read_text(encoding="utf-8").splitlines()
        return next(n for n, line in enumerate(lines, 1) if line.strip().startswith(self.begins))


TOOLS_HOME = "the tools are ALL_TOOLS of muse_core/tools/toolbox.py"
LESSONS = "data_contracts/lessons.py"
FAILURES = (*get_args(Failure), "truncated", "nonsense")
FEEDBACK = "data_contracts/feedback.yaml"
HOME = "what becomes of feedback is in muse_core/feedback/row.py"
TYPES_HOME = "the turn types are TurnType of muse_core/types.py"


def value_set(kind: str, column: str) -> Sequence[str]:
    found: Sequence[str] = next(
        rule.arguments["value_set"]
        for rule in load_suite(kind).rules
        if rule.column == column and rule.type == "expect_column_values_to_be_in_set"
    )
    return found


def lists() -> list[Listed]:
    intents = value_set("lessons", "intent")
    predictions, ratings = "data_contracts/predictions.yaml", "data_contracts/ratings.yaml"
    decided, typed = value_set("predictions", "gold_decision"), value_set("predictions", "turn_type")
    return [
        Listed("data_contracts/nested.py", "TOOLS = ", nested.TOOLS, TOOL_NAMES, TOOLS_HOME),
        Listed(predictions, "kwargs: {column: gold_decision, value_set", decided, DECISIONS, TOOLS_HOME),
        Listed("data_contracts/derived.py", "TURN_TYPES = ", derived.TURN_TYPES, TURN_TYPES, TYPES_HOME),
        Listed(predictions, "column: turn_type", typed, TURN_TYPES, TYPES_HOME),
        Listed(
            LESSONS, "REASONS = ", lessons.REASONS, get_args(Reason), "the reasons are those of accept.py"
        ),
        Listed(LESSONS, "FAILURES = ", lessons.FAILURES, FAILURES, "the failures are those of service.py"),
        Listed(
            "data_contracts/lessons.yaml",
            "kwargs: {column: intent, value_set",
            intents,
            get_args(Intent),
            "the intents are those of muse_core/dialogue/llm/asks.py",
        ),
        *(
            Listed(FEEDBACK, f"kwargs: {{column: {name}, value_set", value_set("feedback", name), meant, HOME)
            for name, meant in (("status", STATUSES), ("wish", get_args(Wish)))
        ),
        Listed(ratings, "column: turn_type", value_set("ratings", "turn_type"), TURN_TYPES, TYPES_HOME),
    ]


def test_the_contracts_list_what_the_code_has() -> None:
    problems = [problem for listed in lists() if (problem := listed.problem())]
    assert not problems, "\n" + "\n".join(problems)


def test_a_missing_and_a_stray_name_are_told_with_their_line() -> None:
    names = [*TOOL_NAMES[1:], "juggle"]
    listed = Listed("data_contracts/nested.py", "TOOLS = ", names, TOOL_NAMES, TOOLS_HOME)
    lines = (ROOT / "data_contracts/nested.py").read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines) if text.startswith("TOOLS = "))
    assert listed.problem().startswith(
        f"data_contracts/nested.py:{line + 1}: add {TOOL_NAMES[0]} and take out juggle"
    )

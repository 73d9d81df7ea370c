"""What a public set becomes: cases, the products of its shop, and what was left out, counted by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from muse_core.language.scripts import detect_language
from muse_core.records import Row
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.types import Language


@dataclass
class Harvest:
    """`cases`: rows of a case file. `shop`: rows of a catalogue in which they are asked, as the set has them;
    `schema`: what its tools take. `left_out`: what became no case, `unjudged`: cases of which only the
    decision is judged, both by reason."""

    cases: list[Row] = field(default_factory=list)
    shop: list[Row] = field(default_factory=list)
    schema: ShopSchema = PLAIN
    left_out: Counter[str] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)

    def tools(self) -> dict[str, int]:
        """Cases by the tool that they expect, the most frequent first."""
        return dict(Counter(str(case["expected_tool"]) for case in self.cases).most_common())

    def languages(self) -> dict[str, int]:
        return dict(Counter(str(case["language"]) for case in self.cases).most_common())


def case_row(
    case_id: str,
    utterance: str,
    tool: str,
    also: Sequence[str] = (),
    arguments: Row | None = None,
    history: Sequence[Row] = (),
    language: Language | None = None,
) -> Row:
    """One line of a case file; without `arguments` only the decision is judged. `language`: where the set
    says it, else it is told from the words."""
    row: Row = {
        "id": case_id,
        "language": language or detect_language(utterance),
        "utterance": utterance,
        "expected_tool": tool,
    }
    if also:
        row["acceptable_tools"] = list(also)
    if arguments is not None and tool != "none":
        row["expected_args"] = arguments
    if history:
        row["history"] = list(history)
    return row

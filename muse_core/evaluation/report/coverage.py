"""What a report's figures do not show: leaks that were found, and a plain list of what is not covered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from muse_core.evaluation.report.figures import Key
from muse_core.evaluation.report.inputs import ReportInputs
from muse_core.evaluation.score.table import cell
from muse_core.records import Row

KINDS = {
    "exact": "the same words, normalised",
    "ngram": "a long run of words in common",
    "similar": "nearly the same (MinHash, then Jaccard)",
}
ONE_WORLD = (
    "The test cases, the reward and the metrics share one simulator and one scoring code: a figure here says "
    "how well the model does in the simulator’s world."
)
REALISM = (
    "Realism against human text: `python -m tests.benchmarks.realism` measures it where the human sets are."
)
SPEED = (
    "Speed against other trainers: `tests/benchmarks`; the seconds on this page are those of one run on one "
    "machine."
)


def leaks(rows: Mapping[Key, Row], about: Mapping[str, Any] | None) -> dict[str, Any]:
    """Test turns whose words also occur in training rows, by kind."""
    if not about:
        return {}
    lines = [
        [kind, KINDS.get(kind, ""), str(about[kind]), cell(rows.get(("test_side", f"leak_{kind}", "all")))]
        for kind in KINDS
        if kind in about
    ]
    examples = [
        {"id": one.get("id"), "kinds": ", ".join(one.get("kinds") or ()), "like": one.get("like")}
        for one in about.get("examples") or []
    ]
    return {
        "texts": about.get("texts"),
        "leaking": about.get("leaking"),
        "lines": lines,
        "examples": examples,
    }


def not_covered(inputs: ReportInputs) -> list[str]:
    """One sentence each; `words` in backquotes are code."""
    return list(_gaps(inputs))


def _gaps(inputs: ReportInputs) -> Iterator[str]:
    measured = {row["metric"] for row in inputs.metrics}
    about = inputs.about("evaluate")
    if not inputs.studies:
        yield (
            "Ratings by people: none in this report (`muse human-eval`); fluency, response quality and "
            "satisfaction are measured by formula, not by readers."
        )
    if not any(name.startswith("handwritten") for name in measured):
        yield (
            "Cases that no simulator made: `muse eval --cases FILE` measures them; they are not "
            "part of this page."
        )
    if not about.get("closed_loop"):
        yield (
            "Whole conversations with the model: the closed loop was off "
            "(`evaluation.closed_loop_goals = 0`)."
        )
    else:
        yield (
            "Closed loop: no pictures, no shopper who changes their mind, one thing wanted at a time; the "
            "weights of satisfaction are unfitted until people have rated."
        )
    for name, can in (about.get("can_call") or {}).items():
        if not can:
            yield f"Calls and conversations of `{name}`: it has not learnt to call."
    yield ONE_WORLD
    yield REALISM
    yield SPEED

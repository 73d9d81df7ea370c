"""The sentence on top: how the model does on requests of people, beside the best baseline, and whether that
is enough to ship.

Worded by rule. It speaks of the hand-labelled set with the most requests. "Better" or "worse than" the best
baseline (by its strict tool accuracy on the same requests) needs the whole interval of the paired difference
on one side of zero; everything else is "no better than". "Ready" (`[ready]`) needs every bound to hold with
the whole interval; where the figures hold and their intervals do not, the requests are too few to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from muse_core.config.run_config import ReadyConfig
from muse_core.evaluation.people.rows import LAST
from muse_core.evaluation.people.sets import HANDWRITTEN, LABELLED, OWN, PEOPLE
from muse_core.evaluation.score.baselines import PEOPLE as BASELINES
from muse_core.evaluation.score.table import cell
from muse_core.records import Row

HAND_LABELLED = {
    OWN: "of your own cases",
    PEOPLE: "of people in shops it has never seen",
    HANDWRITTEN: "of people in this shop",
    LABELLED: "of your customers",
}
BASELINE_WORDS = {
    "linear": "a linear classifier",
    "linear_readings": "a linear classifier with the readings",
    "always_search": "always searching",
    "always_none": "never calling a tool",
    "majority": "always the most frequent tool",
}
LABELS = {
    "tool_accuracy": "right tool",
    "exact_call": "exact call",
    "argument_f1": "argument F1",
    "invented_value": "right-tool calls with an invented value",
}
Outcome = Literal["holds", "open", "fails"]
ENDINGS: dict[Outcome, str] = {
    "holds": "it is ready to ship",
    "open": "it reaches the bar for shipping, on too few requests to be sure",
    "fails": "it is not ready to ship",
}
Figures = Mapping[str, Row]  # metric -> its row; `difference` is that of tool accuracy from a baseline


@dataclass(frozen=True)
class Bound:
    """One condition of being ready, and what was found."""

    text: str
    found: str
    outcome: Outcome


@dataclass(frozen=True)
class Said:
    """The sentence, what it stands on, and the prefix of the requests that it speaks of."""

    sentence: str
    outcome: Outcome
    bounds: tuple[Bound, ...]
    prefix: str = ""


def verdict(metrics: Sequence[Row], ready: ReadyConfig) -> Said | None:
    """What the `metrics` table lets one say; None where no requests of people were measured."""
    known = {(row["model"], row["metric"]): row for row in metrics if row["slice"] == "all"}
    sizes = {
        prefix: known[LAST, f"{prefix}tool_accuracy"]["n"]
        for prefix in HAND_LABELLED
        if (LAST, f"{prefix}tool_accuracy") in known
    }
    if not sizes:
        return None
    prefix = max(sizes, key=lambda one: sizes[one])
    model = {
        metric.removeprefix(prefix): row
        for (name, metric), row in known.items()
        if name == LAST and metric.startswith(prefix)
    }
    baselines: dict[str, Figures] = {}
    for name in BASELINES:
        if (name, f"{prefix}tool_accuracy") in known:
            found = {"tool_accuracy": known[name, f"{prefix}tool_accuracy"]}
            gap = known.get((f"{LAST}-{name}", f"{prefix}tool_accuracy"))
            baselines[name] = found | ({"difference": gap} if gap else {})
    return say(model, baselines, HAND_LABELLED[prefix], ready, prefix)


def say(
    model: Figures, baselines: Mapping[str, Figures], whose: str, ready: ReadyConfig, prefix: str = ""
) -> Said:
    """The same from a model's figures and those of the baselines on the same requests (`whose`)."""
    best = max(baselines, key=lambda name: baselines[name]["tool_accuracy"]["value"], default=None)
    against: Figures = baselines[best] if best else {}
    bounds = tuple(_bounds(model, against, ready))
    outcome = _worst([one.outcome for one in bounds])
    right = model["tool_accuracy"]
    beside = f", {_compared(against, BASELINE_WORDS[best])}" if best else ""
    sentence = (
        f"On {right['n']} requests {whose} it picks the right tool in {_percent(right, 'value')} % "
        f"[{_percent(right, 'low')}, {_percent(right, 'high')}]{beside}; {ENDINGS[outcome]}."
    )
    return Said(sentence, outcome, bounds, prefix)


def verdict_on_cases(result: Mapping[str, Any], ready: ReadyConfig) -> Said:
    """The same from the output of `muse eval`."""
    model = {
        "tool_accuracy": result["tool_accuracy"]["strict"],
        **{name: result[name] for name in ("exact_call", "argument_f1", "invented_value")},
    }
    baselines = {
        name: {
            "tool_accuracy": _row(found["tool_accuracy"]["strict"]),
            "difference": _row(found["ahead"], "share_difference"),
        }
        for name, found in result["baselines"].items()
    }
    measured = {name: _row(found) for name, found in model.items() if found["value"] is not None}
    return say(measured, baselines, "of your case file", ready)


def _row(figure: Mapping[str, Any], unit: str = "share") -> Row:
    return {**figure, "unit": unit}


def _compared(against: Figures, words: str) -> str:
    gap, shown = against.get("difference"), f"({_percent(against['tool_accuracy'], 'value')} %)"
    if gap is None:
        return f"beside {words} {shown}"
    points = f"{abs(100 * gap['value']):.0f} points"
    if gap["low"] > 0:
        return f"{points} better than {words} {shown}"
    if gap["high"] < 0:
        return f"{points} worse than {words} {shown}"
    return f"no better than {words} {shown}"


def _percent(row: Row, key: str) -> str:
    return f"{100 * row[key]:.0f}"


def _worst(outcomes: Sequence[Outcome]) -> Outcome:
    order: tuple[Outcome, ...] = ("fails", "open")
    return next((one for one in order if one in outcomes), "holds")


def _bounds(model: Figures, against: Figures, ready: ReadyConfig) -> Iterator[Bound]:
    for name, least in ready.at_least.items():
        yield _bound(f"{LABELS.get(name, name)} at least {_shown(least)}", model.get(name), least, 1)
    for name, most in ready.at_most.items():
        yield _bound(f"{LABELS.get(name, name)} at most {_shown(most)}", model.get(name), most, -1)
    if against:
        text = f"right tool at least {100 * ready.above_baselines:.0f} points above the best baseline"
        yield _bound(text, against.get("difference"), ready.above_baselines, 1)


def _bound(text: str, row: Row | None, bar: float, sign: int) -> Bound:
    """`sign`: 1 where more is better, -1 where less is. What was not measured does not hold."""
    if row is None:
        return Bound(text, "not measured", "fails")
    near = row["low"] if sign > 0 else row["high"]
    if sign * near >= sign * bar:
        return Bound(text, cell(row), "holds")
    return Bound(text, cell(row), "open" if sign * row["value"] >= sign * bar else "fails")


def _shown(bar: float) -> str:
    return f"{100 * bar:.0f} %"

"""Judged cases as the figures of `muse eval`: every one with its interval and its own n.

Cases count as independent: intervals are Wilson's for shares and a bootstrap over cases for F1.
`exact_call` and `argument_f1` are over the cases that expect a call and say with which arguments
(`arguments_judged` of them), `invented_value` over those of these that got the right tool, `abstention` over
those that expect none: its three shares add to 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from muse_core.evaluation.cases.case import Verdict
from muse_core.evaluation.score.metrics import macro_f1
from muse_core.evaluation.score.statistics import (
    Estimate,
    Resampler,
    Statistic,
    difference,
    estimate,
    mean_of,
    resampler,
    slices_of,
)
from muse_core.types import JsonValue

RESAMPLES = 1000
Json = dict[str, JsonValue]


def statistics_of(verdicts: Sequence[Verdict]) -> dict[str, Statistic]:
    """Every metric of judged cases, by its name in docs/metrics.md."""
    due = [one.case.expected_tool != "none" for one in verdicts]
    judged = [_judges_arguments(one) for one in verdicts]
    idle = [not one for one in due]
    called = [one.predicted is not None and not one.malformed for one in verdicts]
    quiet = [one.predicted is None and not one.malformed for one in verdicts]
    predicted = ["broken" if one.malformed else one.tool for one in verdicts]
    found = [
        mean_of("tool_accuracy", [one.strict for one in verdicts]),
        mean_of("tool_accuracy_lenient", [one.lenient for one in verdicts]),
        macro_f1("tool_macro_f1", [one.case.expected_tool for one in verdicts], predicted),
        mean_of("exact_call", _only([one.is_ok for one in verdicts], judged)),
        mean_of("argument_f1", _only([one.match.f1 for one in verdicts], judged)),
        mean_of("invented_value", _only([one.match.fp > 0 for one in verdicts], _right_calls(verdicts))),
        mean_of("abstained", _only(quiet, idle)),
        mean_of("malformed_call", _only([one.malformed for one in verdicts], idle)),
        mean_of("called_without_need", _only(called, idle)),
    ]
    return {one.name: one for one in found}


def _judges_arguments(one: Verdict) -> bool:
    return one.case.expected_tool != "none" and one.case.judges_arguments


def _right_calls(verdicts: Sequence[Verdict]) -> list[bool]:
    """Calls of the right tool, whose values can be held against those asked for."""
    return [_judges_arguments(one) and one.match.tool_right for one in verdicts]


def _only(values: Sequence[float | bool], mask: Sequence[bool]) -> list[float | bool | None]:
    return [value if keep else None for value, keep in zip(values, mask, strict=True)]


def summary(verdicts: Sequence[Verdict], baselines: Mapping[str, Sequence[str]], seed: int) -> Json:
    """Every figure over all cases, by language and by expected tool; the baselines; case by case."""
    sampler = resampler([[one.case.case_id for one in verdicts]], RESAMPLES, np.random.default_rng(seed))
    known = statistics_of(verdicts)
    masks = {
        "by_language": slices_of({"": [one.case.language for one in verdicts]}),
        "by_tool": slices_of({"": [one.case.expected_tool for one in verdicts]}),
    }
    parts: Json = {
        name: {key[1:]: _figures(known, sampler, mask) for key, mask in slices.items() if key != "all"}
        for name, slices in masks.items()
    }
    return {
        "n": len(verdicts),
        "arguments_judged": sum(map(_judges_arguments, verdicts)),
        **_figures(known, sampler, masks["by_language"]["all"]),
        **parts,
        "baselines": {name: _baseline(verdicts, decided, sampler) for name, decided in baselines.items()},
        "cases": [one.as_json() for one in verdicts],
    }


def _figures(known: Mapping[str, Statistic], sampler: Resampler, mask: NDArray[np.bool_]) -> Json:
    def figure(name: str) -> Json:
        return _interval(known[name].within(mask), sampler)

    return {
        "tool_accuracy": {"strict": figure("tool_accuracy"), "lenient": figure("tool_accuracy_lenient")},
        "tool_macro_f1": figure("tool_macro_f1"),
        "exact_call": figure("exact_call"),
        "argument_f1": figure("argument_f1"),
        "invented_value": figure("invented_value"),
        "abstention": {
            "abstained": figure("abstained"),
            "malformed": figure("malformed_call"),
            "called": figure("called_without_need"),
        },
    }


def _baseline(verdicts: Sequence[Verdict], decided: Sequence[str], sampler: Resampler) -> Json:
    """A baseline only decides; `ahead` is by how much the model's strict tool accuracy is above its own."""
    pairs = list(zip(verdicts, decided, strict=True))
    strict = mean_of("strict", [tool == one.case.expected_tool for one, tool in pairs])
    lenient = mean_of("lenient", [tool in one.case.acceptable_tools for one, tool in pairs])
    own = mean_of("strict", [one.strict for one in verdicts])
    macro = macro_f1("macro", [one.case.expected_tool for one in verdicts], decided)
    return {
        "tool_accuracy": {"strict": _interval(strict, sampler), "lenient": _interval(lenient, sampler)},
        "tool_macro_f1": _interval(macro, sampler),
        "ahead": _numbers(difference(own, strict, sampler)),
    }


def _interval(statistic: Statistic, sampler: Resampler) -> Json:
    return _numbers(estimate(statistic, sampler))


def _numbers(found: Estimate) -> Json:
    numbers: Json = {
        name: round(value, 6) if math.isfinite(value) else None
        for name, value in (("value", found.value), ("low", found.low), ("high", found.high))
    }
    return numbers | {"n": found.n}

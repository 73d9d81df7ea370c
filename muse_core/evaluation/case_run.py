"""`muse eval`: a model on a case file, as one JSON object.

The tools run over the catalogue at hand; what is judged is the model's first act after the utterance.
Cases count as independent: intervals are Wilson's for shares and a bootstrap over cases for F1.
`exact_call` and `argument_f1` are over the cases that expect a call; every figure has its own n.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muse_core.evaluation.baselines import Turn, act_of, baseline_decisions, turns_of
from muse_core.evaluation.cases import EvalCase, Verdict, judge_case
from muse_core.evaluation.statistics import Resampler, estimate, mean_of, resampler, slices_of
from muse_core.generation.assistant import TurnOutcome, TurnRequest, respond
from muse_core.generation.decode import Sampling
from muse_core.models.loading import LoadedModel
from muse_core.progress import Progress
from muse_core.tools.base import new_world
from muse_core.types import Conversation, JsonValue, Message

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

RESAMPLES = 1000
Json = dict[str, JsonValue]


def run_cases(
    loaded: LoadedModel,
    cases: Sequence[EvalCase],
    index: CatalogIndex,
    train: Sequence[Conversation] = (),
    seed: int = 17,
    progress: Progress | None = None,
) -> Json:
    """The output of `muse eval`. `train`: train-side conversations for the linear baseline."""
    verdicts = model_verdicts(loaded, cases, index, progress)
    decided = baseline_decisions(turns_of(train), [_turn(case) for case in cases], seed)
    return summary(verdicts, decided, seed)


def model_verdicts(
    loaded: LoadedModel, cases: Sequence[EvalCase], index: CatalogIndex, progress: Progress | None = None
) -> list[Verdict]:
    """Each case judged on the model's first act, greedy."""
    requests = [
        TurnRequest(context_of(case), new_world(index, None, _pictures(case)), _turns_before(case))
        for case in cases
    ]
    outcomes = respond(loaded, requests, Sampling(), progress=progress)
    return [_verdict(case, outcome) for case, outcome in zip(cases, outcomes, strict=True)]


def _verdict(case: EvalCase, outcome: TurnOutcome) -> Verdict:
    """The first act; a reply that ran into the limit has decided not to call."""
    calls = outcome.messages[0].tool_calls if outcome.messages else ()
    return judge_case(case, calls, outcome.malformed and not outcome.messages)


def context_of(case: EvalCase) -> tuple[Message, ...]:
    """System line (the case's profile, or only its language), history and utterance."""
    return (Message("system", case.profile or case.language), *case.history, Message("user", case.utterance))


def _turns_before(case: EvalCase) -> int:
    return sum(message.role == "user" for message in case.history)


def _pictures(case: EvalCase) -> dict[str, bytes]:
    return {name: Path(path).read_bytes() for name, path in case.attachments.items()}


def _turn(case: EvalCase) -> Turn:
    after = [at for at, message in enumerate(case.history) if message.role == "user"]
    before = act_of(case.history[after[-1] + 1 :]) if after else "start"
    return Turn(case.utterance, before, case.expected_tool)


def summary(verdicts: Sequence[Verdict], baselines: Mapping[str, Sequence[str]], seed: int) -> Json:
    """Every figure with its interval, over all cases, by language and by expected tool."""
    sampler = resampler([[one.case.case_id for one in verdicts]], RESAMPLES, np.random.default_rng(seed))
    languages = slices_of({"": [one.case.language for one in verdicts]})
    tools = slices_of({"": [one.case.expected_tool for one in verdicts]})
    figures = _figures(verdicts, sampler, languages["all"])
    return {
        "n": len(verdicts),
        **figures,
        "by_language": {
            name[1:]: _figures(verdicts, sampler, mask) for name, mask in languages.items() if name != "all"
        },
        "by_tool": {
            name[1:]: _figures(verdicts, sampler, mask) for name, mask in tools.items() if name != "all"
        },
        "baselines": {name: _baseline(verdicts, decided, sampler) for name, decided in baselines.items()},
        "cases": [one.as_json() for one in verdicts],
    }


def _figures(verdicts: Sequence[Verdict], sampler: Resampler, mask: np.ndarray) -> Json:
    calls = [one.case.expected_tool != "none" for one in verdicts]
    exact = [
        one.match.exact and one.strict if due else None for one, due in zip(verdicts, calls, strict=True)
    ]
    f1 = [one.match.f1 if due else None for one, due in zip(verdicts, calls, strict=True)]
    return {
        "tool_accuracy": {
            "strict": _interval([one.strict for one in verdicts], sampler, mask),
            "lenient": _interval([one.lenient for one in verdicts], sampler, mask),
        },
        "exact_call": _interval(exact, sampler, mask),
        "argument_f1": _interval(f1, sampler, mask),
    }


def _baseline(verdicts: Sequence[Verdict], decided: Sequence[str], sampler: Resampler) -> Json:
    """A baseline only decides."""
    everything = np.ones(len(verdicts), dtype=bool)
    pairs = list(zip(verdicts, decided, strict=True))
    strict = [tool == one.case.expected_tool for one, tool in pairs]
    lenient = [tool in one.case.acceptable_tools for one, tool in pairs]
    return {
        "tool_accuracy": {
            "strict": _interval(strict, sampler, everything),
            "lenient": _interval(lenient, sampler, everything),
        }
    }


def _interval(values: Sequence[float | bool | None], sampler: Resampler, mask: np.ndarray) -> Json:
    found = estimate(mean_of("value", values).within(mask), sampler)
    numbers: Json = {
        name: round(value, 6) if math.isfinite(value) else None
        for name, value in (("value", found.value), ("low", found.low), ("high", found.high))
    }
    return numbers | {"n": found.n}

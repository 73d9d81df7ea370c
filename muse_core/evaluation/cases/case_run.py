"""`muse eval`: a model on a case file, as one JSON object.

Answers are collected (and kept) first, then judged: the model's first act after the utterance. Beside it
stand the trivial baselines, and what the case file shares with the training turns of this home folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from muse_core.errors import ConfigError
from muse_core.evaluation.cases.answers import Answerer, collect
from muse_core.evaluation.cases.case import EvalCase, judge_case
from muse_core.evaluation.cases.case_summary import Json, summary
from muse_core.evaluation.predict.contamination import leak_report
from muse_core.evaluation.score.baselines import learn_baselines, turn_of_case, turns_of
from muse_core.evaluation.score.significance import minimum_detectable_difference
from muse_core.progress import Progress
from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.scoring.overlap import Leak, find_leaks, user_turns
from muse_core.types import Conversation, JsonValue


@dataclass(frozen=True)
class EvalOptions:
    """`answers`: the folder that keeps them. `fresh`: ask again what is kept. `exclude_leaks`: leave out
    cases whose words are also the train side's."""

    answers: Path
    fresh: bool = False
    exclude_leaks: bool = False
    seed: int = 17


def run_cases(
    answerer: Answerer,
    cases: Sequence[EvalCase],
    train: Sequence[Conversation],
    options: EvalOptions,
    progress: Progress | None = None,
) -> Json:
    """The output of `muse eval`. `train`: train-side conversations, for the baselines and the leaks."""
    leaks = find_leaks({case.case_id: case.utterance for case in cases}, user_turns(train))
    kept = _without(cases, leaks) if options.exclude_leaks else list(cases)
    collected = collect(answerer, kept, options.answers, options.fresh, progress)
    verdicts = [
        judge_case(case, answer.calls, answer.malformed)
        for case, answer in zip(kept, collected.answers, strict=True)
    ]
    return {
        "model": answerer.name,
        **summary(verdicts, case_baselines(train, kept, options.seed), options.seed),
        "minimum_detectable_difference": round(minimum_detectable_difference(len(kept)), 4),
        "leaks": _leaks(cases, kept, leaks, train),
        "answers": {"asked": collected.asked, "kept": collected.kept, "file": str(collected.path)},
    }


def _without(cases: Sequence[EvalCase], leaks: Sequence[Leak]) -> list[EvalCase]:
    leaking = {leak.text_id for leak in leaks}
    kept = [case for case in cases if case.case_id not in leaking]
    if not kept:
        raise ConfigError(
            f"all {len(cases)} cases occur in the training turns; nothing is left to measure. "
            "Run without --exclude-leaks, or write cases in other words"
        )
    return kept


def _leaks(
    cases: Sequence[EvalCase], kept: Sequence[EvalCase], leaks: Sequence[Leak], train: Sequence[Conversation]
) -> dict[str, JsonValue] | None:
    """What leaks, and how many cases were left out; None when there is no train side to look at."""
    if not train:
        return None
    turns = sum(1 for _ in user_turns(train))
    return leak_report(len(cases), leaks) | {"training_turns": turns, "excluded": len(cases) - len(kept)}


def case_baselines(
    train: Sequence[Conversation], cases: Sequence[EvalCase], seed: int
) -> dict[str, list[str]]:
    """`always_none`, `always_search`, `majority` and, with a train side, `linear`. Without one, the majority
    is that of the cases themselves: harder to beat."""
    turns = [turn_of_case(case, read(case.utterance, _words(case))) for case in cases]
    decided = learn_baselines(turns_of(train), seed).decide(turns)
    tools = Counter(case.expected_tool for case in cases if case.expected_tool != "none")
    if "majority" not in decided and tools:
        decided["majority"] = [tools.most_common(1)[0][0]] * len(cases)
    return decided


def _words(case: EvalCase) -> ShopWords:
    return case.words or ShopWords(facets=case.schema.facets)

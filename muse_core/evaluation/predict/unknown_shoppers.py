"""What changes when the shopper is unknown: some test turns asked once more without the profile.

A served request mostly comes from nobody in particular: the model is told the language of the turn and no
more, and `recommend` knows no tastes. The rows `…_anonymous` say whether it then still answers in the
shopper's language and picks the right tool; each stands on `evaluation.anonymous_cases` turns, evenly from
the sample of the headline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from muse_core.evaluation.predict.open_loop import Case
from muse_core.evaluation.score import metrics
from muse_core.evaluation.score.statistics import Statistic
from muse_core.profiles.system_line import anonymous
from muse_core.records import Row

SUFFIX = "_anonymous"
MEASURED = ("reply_language", "tool_accuracy", "reply_faults")


def anonymous_cases(cases: Sequence[Case], count: int) -> list[Case]:
    """At most `count` of the cases, evenly, their shoppers unknown."""
    step = max(1.0, len(cases) / count) if count else 0.0
    places = [int(number * step) for number in range(min(count, len(cases)))]
    return [replace(cases[at], conversation=anonymous(cases[at].conversation)) for at in places]


def anonymous_statistics(rows: Sequence[Row]) -> list[Statistic]:
    """The figures of one model over its turns with unknown shoppers."""
    facts = metrics.facts_of(rows)
    found = [*metrics.selection(rows, facts), *metrics.answers(rows, facts)]
    return [replace(one, name=one.name + SUFFIX) for one in found if one.name in MEASURED]

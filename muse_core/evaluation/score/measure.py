"""From judged turns to rows of the `metrics` table: the headline, the rates, unknown shoppers and shops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from muse_core.evaluation.predict.exam import FURTHER, TEST, UNKNOWN, UNSEEN, Exam
from muse_core.evaluation.predict.open_loop import Case, lexicalised_reply
from muse_core.evaluation.predict.predictions import expert_rows
from muse_core.evaluation.predict.rates import CONDITION_OF, rate_statistics
from muse_core.evaluation.predict.unknown_shoppers import anonymous_statistics
from muse_core.evaluation.predict.unseen_shops import unseen_statistics
from muse_core.evaluation.score.baselines import baseline_decisions, turns_of
from muse_core.evaluation.score.fluency import FluencyJudge, learn_judge
from muse_core.evaluation.score.scorecard import ModelRows, Scorecard
from muse_core.evaluation.score.significance import detectable, holm
from muse_core.evaluation.score.statistics import Statistic
from muse_core.records import Row
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.types import Conversation

MAX_DEV_REPLIES = 4000
HEADLINE = (
    "tool_accuracy",
    "exact_call",
    "argument_quality",
    "groundedness",
    "fluency",
    "call_rate",
    "slot_rate",
    "relevance_rate",
    "completion_rate",
    "planning",
)


@dataclass(frozen=True)
class Answered:
    """The judged turns of every model (`rows`: model -> those of all parts), and who has learnt to call.
    `schema`: of the shop, for the expert's turns."""

    exam: Exam
    rows: Mapping[str, Sequence[Row]]
    can_call: Mapping[str, bool]
    resamples: int
    seed: int
    schema: ShopSchema = PLAIN

    @property
    def callers(self) -> list[str]:
        return [name for name in self.rows if self.can_call[name]]

    def part(self, name: str, part: str) -> list[Row]:
        """A model's turns of one part, in the order of the cases."""
        return [row for row in self.rows[name] if row["part"] == part]


def scorecard(answered: Answered, conversations: Sequence[Conversation]) -> Scorecard:
    """The sample's figures of the models, the expert and the baselines, with the paired differences.
    `conversations`: baselines learn from the train side, the fluency judge from dev."""
    exam, seed = answered.exam, answered.seed
    rows = {name: answered.part(name, TEST) for name in answered.rows}
    card = Scorecard.over(rows["sft"], fluency_judge(conversations), answered.resamples, seed)
    for name, found in rows.items():
        card.add(ModelRows(name, found, answered.can_call[name]), without=CONDITION_OF)
    card.add(ModelRows("expert", expert_rows(exam.test, answered.schema)), without=CONDITION_OF)
    train = [item for item in conversations if item.side == "train"]
    turns = [turn for case in exam.test for turn in _turn_of(case)]
    for baseline, decided in baseline_decisions(turns_of(train), turns, seed).items():
        card.add_decisions(baseline, decided, rows["sft"])
    card.add_differences()
    return card


def _turn_of(case: Case) -> list[Any]:
    return turns_of([replace(case.conversation, labels=(case.label,))])


def fluency_judge(conversations: Sequence[Conversation]) -> FluencyJudge:
    """Learnt on the dev side's gold replies, as the shopper sees them."""
    dev = [Case(item, label) for item in conversations if item.side == "dev" for label in item.labels]
    replies = (
        (case.conversation.language, lexicalised_reply(case, case.gold)[0]) for case in dev[:MAX_DEV_REPLIES]
    )
    return learn_judge(replies)


def rates(answered: Answered, judge: FluencyJudge) -> Scorecard:
    """The rates of the models that can call and of the expert, over the sample and the further turns."""
    exam = answered.exam
    rows = {name: answered.part(name, TEST) + answered.part(name, FURTHER) for name in answered.callers}
    rows["expert"] = expert_rows([*exam.test, *exam.further], answered.schema)
    drawn_for = [""] * len(exam.test) + list(exam.drawn_for)
    card = Scorecard.over(rows["expert"], judge, answered.resamples, answered.seed)
    for name, found in rows.items():
        for statistic in rate_statistics(found, drawn_for):
            card.put(name, statistic)
    card.add_differences()
    return card


def unknown_shoppers(answered: Answered, judge: FluencyJudge) -> list[Row]:
    """Rows of the models that can call, over turns whose shoppers they are not told about."""
    rows = {name: answered.part(name, UNKNOWN) for name in answered.callers}
    return _card(rows, anonymous_statistics, answered, judge) if answered.exam.unknown else []


def unseen_shops(answered: Answered, judge: FluencyJudge) -> list[Row]:
    """Rows of the models that can call, over turns in shops that share nothing with training."""
    rows = {name: answered.part(name, UNSEEN) for name in answered.callers}
    return _card(rows, unseen_statistics, answered, judge) if answered.exam.unseen else []


def _card(
    rows: Mapping[str, list[Row]],
    statistics: Callable[[Sequence[Row]], list[Statistic]],
    answered: Answered,
    judge: FluencyJudge,
) -> list[Row]:
    """The figures of some models over the same turns, with their paired differences."""
    if not rows:
        return []
    card = Scorecard.over(next(iter(rows.values())), judge, answered.resamples, answered.seed)
    for name, found in rows.items():
        for statistic in statistics(found):
            card.put(name, statistic)
    card.add_differences()
    return card.table


def significance(cases: int, card: Scorecard, of_rates: Scorecard) -> dict[str, Any]:
    """What could be found, and the p of DPO against SFT in each headline figure, with Holm's correction."""
    found = card.p_values("dpo", "sft", HEADLINE) | of_rates.p_values("dpo", "sft", HEADLINE)
    return {"detectable": detectable(cases), "p": found, "holm": holm(found)}

"""catalog, profiles, conversations → the turns that the models are measured on.

These are (`evaluation/predict/exam.py`) a sample of the test side, further turns for the rates that stand
on one kind of turn, some of the sample from unknown shoppers, and turns in shops that training has not
seen. All others are of the user's own shop. Turns whose words also occur on the train
side are counted, and left out with `evaluation.exclude_leaks`. Fails when the test side is empty.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from muse_core.config.run_config import ConversationsConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.evaluation.predict.contamination import case_set_leaks, without_leaks
from muse_core.evaluation.predict.exam import Exam, exam_rows
from muse_core.evaluation.predict.open_loop import Case, CaseSet, open_loop_cases
from muse_core.evaluation.predict.rates import RateCases, further_conversations, rate_cases
from muse_core.evaluation.predict.unknown_shoppers import anonymous_cases
from muse_core.evaluation.predict.unseen_shops import unseen_cases
from muse_core.evaluation.score.significance import detectable
from muse_core.progress import Phases
from muse_core.records import from_table, to_table
from muse_core.scoring.overlap import Leak
from muse_core.types import ArtifactRef, Conversation, Profile
from muse_core.utterances.origin import logged_by
from muse_core.world.shop import Shop, own_talks

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

READS = (
    "evaluation.max_cases",
    "evaluation.cases_per_rate",
    "evaluation.anonymous_cases",
    "evaluation.unseen_shop_cases",
    "evaluation.exclude_leaks",
    "conversations.noise",
    "conversations.min_user_turns",
    "conversations.max_user_turns",
    "reply.style",
)
KIND = "test_cases"

log = logging.getLogger(__name__)
SAMPLE, FURTHER = "the sample", "further turns"


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    conversations: ArtifactRef,
    ctx: StageContext,
) -> ArtifactRef:
    """The test cases, with what is known of their number in `about`."""
    shop = Shop.read(ctx.store, catalog, profiles)
    everywhere = from_table(conversations.kind, ctx.store.read_table(conversations))
    phases = Phases(ctx.progress, {SAMPLE: 1.0, FURTHER: 2.0})
    phases.begin(SAMPLE)
    talks = own_talks(one for one in everywhere if not _has_own_row(one))
    every, leaks, found = _sample(config, talks, everywhere)
    log.info("%s", detectable(len(found.cases)))
    phases.begin(FURTHER)
    is_given = "source" in ctx.store.manifest(conversations)["about"]
    shoppers = () if is_given else tuple(shop.profiles.values())
    further = _further(config, ctx, talks, found.cases, shoppers, shop.index)
    unseen = tuple(unseen_cases(everywhere, shop.index.catalog, config.evaluation.unseen_shop_cases))
    unknown = tuple(anonymous_cases(found.cases, config.evaluation.anonymous_cases))
    exam = Exam(found.cases, every, leaks, further.cases, further.drawn_for, unknown, unseen)
    return _publish(exam, found, further, ctx)


def _has_own_row(talk: Conversation) -> bool:
    """Whether it was held out of a log: `cases/logged.py`."""
    return talk.side == "test" and bool(logged_by(talk))


def _sample(
    config: RunConfig, talks: Sequence[Conversation], everywhere: Sequence[Conversation]
) -> tuple[tuple[Case, ...], tuple[Leak, ...], CaseSet]:
    """The sample as it is drawn, what leaks of it into training, wherever that was, and what is measured.
    MuseError when that is nothing."""
    found = open_loop_cases(talks, config.evaluation.max_cases)
    every = found.cases
    if not every:
        raise MuseError(
            "evaluate: the test side holds no user turn; raise profiles.count and conversations.count"
        )
    leaks = case_set_leaks(every, everywhere)
    if config.evaluation.exclude_leaks:
        found = without_leaks(found, leaks)
    if not found.cases:
        raise MuseError(f"evaluate: all {len(every)} test turns leak; set evaluation.exclude_leaks=false")
    return every, tuple(leaks), found


def _further(
    config: RunConfig,
    ctx: StageContext,
    talks: Sequence[Conversation],
    sample: Sequence[Case],
    shoppers: Sequence[Profile],
    index: CatalogIndex,
) -> RateCases:
    """Turns that the rates lack. A user's own file is not topped up with simulated shoppers."""
    talk = ConversationsConfig(
        noise=config.conversations.noise,
        min_user_turns=config.conversations.min_user_turns,
        max_user_turns=config.conversations.max_user_turns,
    )
    more = further_conversations(shoppers, index, talk, config.reply.style, ctx.seed)
    wanted = min(config.evaluation.cases_per_rate, config.evaluation.max_cases)
    found = rate_cases(talks, sample, more, wanted)
    if not config.evaluation.exclude_leaks:
        return found
    return found.without({leak.text_id for leak in case_set_leaks(found.cases, talks)})


def _publish(exam: Exam, found: CaseSet, further: RateCases, ctx: StageContext) -> ArtifactRef:
    metrics = {
        "cases": float(len(exam.test)),
        "left_out": float(len(exam.every) - len(exam.test)),
        "further": float(len(exam.further)),
        "unknown": float(len(exam.unknown)),
        "unseen": float(len(exam.unseen)),
    }
    ctx.metrics.log(metrics)
    about = {"overlapping_turns": found.overlapping, "further_turns": further.about()}
    table = to_table(KIND, exam_rows(exam))
    return ctx.store.write_table(KIND, table, ctx.fingerprint, metrics=metrics, about=about)

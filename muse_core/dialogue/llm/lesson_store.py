"""The teacher of a run, who knows what earlier runs of this store were answered; its rows, published."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import LlmConfig
from muse_core.context import StageContext
from muse_core.dialogue.llm.answers import AnswerBook
from muse_core.dialogue.llm.asking import Asker, Budget
from muse_core.dialogue.llm.lessons import ANSWERS, KIND, remember
from muse_core.dialogue.llm.prompt import system_prompt
from muse_core.dialogue.llm.teacher import Teacher
from muse_core.errors import ArtifactError
from muse_core.types import Profile

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

ANSWERED = "language model answers"  # the work folder: outside the stage's own, which goes with it

log = logging.getLogger(__name__)


@contextmanager
def teacher_of(
    ctx: StageContext, index: CatalogIndex, profiles: Mapping[str, Profile], config: LlmConfig
) -> Iterator[Teacher]:
    """The teacher behind `ctx.text_service`."""
    book = AnswerBook(ctx.store.work(ANSWERED))
    try:
        remember(book, _published(ctx.store), ctx.text_service.model)
        budget = Budget(config.max_requests, config.max_tokens)
        yield Teacher(Asker(ctx.text_service, book, budget), index, profiles, config, ctx.seed)
    finally:
        book.close()


def publish(teacher: Teacher, ctx: StageContext) -> None:
    """Writes the rows beside the conversations, under their key; none where nothing was asked."""
    if teacher.lessons:
        about = {"system": system_prompt()}
        ctx.store.write_table(KIND, teacher.rows(), ctx.fingerprint, metrics=teacher.metrics(), about=about)


def _published(store: ArtifactStore) -> Iterator[pa.Table]:
    """The answers in the store's tables; a damaged one, or one of another version, teaches nothing."""
    for ref in store.list():
        if ref.kind == KIND:
            try:
                yield store.read_table(ref, ANSWERS)
            except ArtifactError:
                log.warning("answers of an earlier run are not used: %s cannot be read", ref.path)

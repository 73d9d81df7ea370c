"""catalog, profiles, test_cases, one model → what it answers to each turn, judged: rows of `predictions`.

Open loop: each turn is answered in its gold context, greedy, with the tools running. A model that has never
learnt to call answers the sample alone; one that can call is also heard as it is served, where something that
cannot be shown is repaired, and answers the further turns and those of unknown shoppers.
"""

from __future__ import annotations

from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.evaluation.predict.exam import ASKED, FURTHER, TEST, UNKNOWN, UNSEEN, read_exam
from muse_core.evaluation.predict.predictions import predict
from muse_core.generation.crew import crew_of
from muse_core.models.loading import load_model
from muse_core.progress import Phases
from muse_core.records import Row, from_table, to_table
from muse_core.types import ArtifactRef
from muse_core.world.shop import Shop

READS = ("evaluation.max_new_tokens",)
KIND = "predictions"

TITLES = {TEST: "test turns", FURTHER: "turns for the rates", UNKNOWN: "shoppers it is not told about"}
TITLES |= {UNSEEN: "shops it has never seen"}


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    test_cases: ArtifactRef,
    model: ArtifactRef,
    name: str,
    ctx: StageContext,
) -> ArtifactRef:
    """The judged turns of the model called `name`."""
    shop = Shop.read(ctx.store, catalog, profiles)
    nobody = Shop(shop.index)
    exam = read_exam(from_table(test_cases.kind, ctx.store.read_table(test_cases)))
    loaded = load_model(ctx.store.folder(model), ctx.device, shop.index.catalog.facets, is_only_asked=True)
    limit = config.evaluation.max_new_tokens
    can_call = loaded.can_call
    due = [part for part in ASKED if exam.part(part) and (can_call or part == TEST)]
    phases = Phases(ctx.progress, {TITLES[part]: float(len(exam.part(part))) for part in due})
    made: list[Row] = []
    with crew_of(ctx.workers, loaded):
        for part in due:
            phases.begin(TITLES[part])
            place, repairs = nobody if part == UNKNOWN else shop, can_call and part != FURTHER
            found = predict(loaded, exam.part(part), place, name, model.digest, limit, ctx.progress, repairs)
            made += [row | {"part": part} for row in found]
    about = {"model": name, "can_call": can_call}
    return ctx.store.write_table(KIND, to_table(KIND, made), ctx.fingerprint, about=about)

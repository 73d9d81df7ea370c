"""The `muse` flow: from a catalogue to a registered, exported assistant. The order of work, nothing else.

    muse run --preset quickstart

Stages exchange receipts. A stage whose fingerprint is known is not run again; a stage that `stage`
does not ask for gives None, and so do those behind it.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.environment import prepare, with_language_model
from muse_core.config.load import load_config
from tasks import stages
from tasks.pipeline_run import open_run
from tasks.summary import publish_summary
from tasks.tracking import TrackingPlace


@flow(name="muse", description=__doc__, persist_result=False)
def muse(preset: str = "full", overrides: list[str] = [], stage: str = "all") -> dict[str, Any]:  # noqa: B006
    """`overrides` are `section.key=value`; `stage` is a stage or a group: all, data, export."""
    place = prepare()
    config, language_model = with_language_model(load_config(preset, overrides=overrides)[0])
    tracking = TrackingPlace(place.mlflow_uri, place.mlflow_artifacts, place.home)
    with open_run(config, stage, overrides, place.artifacts, tracking, language_model) as run:
        catalog = run(stages.catalog)
        profiles = run(stages.profiles, catalog=catalog)
        conversations = run(stages.conversations, catalog=catalog, profiles=profiles)
        data = {"catalog": catalog, "profiles": profiles, "conversations": conversations}
        base = run(stages.base, conversations=conversations)
        augment = run(stages.augment, **data, base=base)
        sft = run(stages.sft, conversations=conversations, augment=augment, base=base)
        pairs = run(stages.pairs, **data, sft=sft)
        dpo = run(stages.dpo, **data, sft=sft, pairs=pairs)
        run(stages.evaluate, **data, augment=augment, base=base, sft=sft, dpo=dpo)
        export = run(stages.export, conversations=conversations, dpo=dpo)
        version = run.register(stages.register, catalog=catalog, export=export)
        return publish_summary(run, version, place.reports)

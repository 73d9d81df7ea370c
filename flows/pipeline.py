"""The `muse` flow: from a catalogue to a registered, exported assistant. The order of work, nothing else.

    muse run --preset quickstart

The order is that of the table (`muse_core/stage_table.py`), where each stage names what it is called with.
Stages exchange receipts. A stage whose fingerprint is known is not run again; one that `stage` does not ask
for is left out.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.environment import prepare, with_language_model
from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.stage_table import STAGES
from tasks import stages
from tasks.pipeline_run import open_run
from tasks.summary import publish_summary
from tasks.tracking import TrackingPlace


@flow(name="muse", description=__doc__, persist_result=False)
def muse(
    preset: str = "full",
    overrides: list[str] = [],  # noqa: B006
    stage: str = "all",
    config: RunConfig | None = None,
) -> dict[str, Any]:
    """`overrides` are `section.key=value` over the preset; `config`: the whole configuration instead of both;
    `stage` is a stage or a group: all, data, export."""
    place = prepare()
    asked, language_model = with_language_model(config or load_config(preset, overrides=overrides)[0])
    tracking = TrackingPlace(place.mlflow_uri, place.mlflow_artifacts, place.home)
    with open_run(asked, stage, place.artifacts, tracking, language_model) as run:
        for one in STAGES:
            run(one)
        version = run.register(stages.register)
        return publish_summary(run, version, place.reports)

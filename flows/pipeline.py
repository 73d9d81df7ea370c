"""The `muse` flow: from a catalogue to a registered, exported assistant. The order of work, nothing else.

    muse run --preset quickstart

The order is that of the table (`muse_core/stage_table.py`), where each stage names what it is called with.
Stages exchange receipts. A stage whose fingerprint is known is not run again; one that `stage` does not ask
for is left out.
"""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from pydantic import Field

from flows.bases import with_base
from flows.environment import prepare, team_artifacts, with_language_model
from muse_core.config.load import load_config, preset_names
from muse_core.config.run_config import RunConfig
from muse_core.stage_table import STAGES
from tasks import stages
from tasks.budget import say_budget
from tasks.parts import PARTS, wanted_stages
from tasks.pipeline_run import open_run
from tasks.summary import publish_summary
from tasks.tracking import TrackingPlace

# What the forms of the UI offer.
Preset = Annotated[str, Field(json_schema_extra={"enum": list(preset_names())})]
Part = Annotated[str, Field(json_schema_extra={"enum": list(PARTS)})]
Overrides = Annotated[list[str], Field(json_schema_extra={"examples": [["dpo.beta=0.2", "seed=7"]]})]


@flow(name="muse", description=__doc__, persist_result=False)
def muse(
    preset: Preset = "full",
    overrides: Overrides = [],  # noqa: B006
    stage: Part = "all",
    config: RunConfig | None = None,
) -> dict[str, Any]:
    """The pipeline, or a part of it.

    Args:
        preset: Where the settings start from. `full` needs a GPU; `quickstart` does not.
        overrides: `section.key=value` over the preset, one each; files are looked for on the worker.
        stage: A stage or a group of stages, with what it needs upstream.
        config: The whole configuration, instead of preset and overrides.
    """
    place = prepare()
    asked, language_model = with_language_model(config or load_config(preset, overrides=overrides)[0])
    tracking = TrackingPlace(place.mlflow_uri, place.mlflow_artifacts, place.home)
    sized = say_budget(with_base(asked, place.home), place.home, wanted_stages(stage))
    with open_run(sized, stage, place.artifacts, tracking, language_model, team_artifacts()) as run:
        for one in STAGES:
            run(one)
        version = run.register(stages.register)
        return publish_summary(run, version, place.reports)

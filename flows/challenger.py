"""A challenger: the whole pipeline again, once enough accepted feedback has come in.

    prefect deployment run muse/challenger -p preset=quickstart

counts what a person has accepted (`muse feedback review`) since the newest conversations were made. Below
`feedback.min_new` nothing is run and nothing changes. Else the run is that of `muse run --feedback`, and the
bounds of `[promotion]` decide whether its model becomes champion (`promotion.set_champion`, on here).
"""

from __future__ import annotations

import json
import logging
from typing import Any

from prefect import flow

from flows.environment import prepare
from flows.pipeline import Overrides, Part, Preset, muse
from muse_core.config.load import load_config
from muse_core.feedback.fresh import fresh_feedback
from muse_core.feedback.queue import accepted
from tasks.gate import open_store

log = logging.getLogger(__name__)


@flow(name="muse", description=__doc__, persist_result=False)
def challenger(preset: Preset = "full", overrides: Overrides = [], stage: Part = "all") -> dict[str, Any]:  # noqa: B006
    """Trains with the accepted feedback, where there is enough that is new.

    Args:
        preset: Where the settings start from. `full` needs a GPU; `quickstart` does not.
        overrides: `section.key=value` over the preset, one each; files are looked for on the worker.
        stage: A stage or a group of stages, with what it needs upstream.
    """
    wanted = load_config(preset, overrides=overrides)[0].feedback.min_new
    store = open_store(prepare().artifacts)
    count = len(fresh_feedback(store))
    if count < wanted:
        said = (
            f"no challenger is trained: {count} accepted pieces of feedback are new, expected at least "
            f"{wanted} (feedback.min_new). `muse feedback import` and `muse feedback review` bring more"
        )
        log.info(said)
        return {"is_trained": False, "said": said}
    said = f"a challenger is trained: {count} accepted pieces of feedback are new"
    log.info(said)
    learnt = f"conversations.feedback={json.dumps(accepted(store))}"
    summary = muse.fn(preset, ["promotion.set_champion=true", *overrides, learnt], stage)
    return {"is_trained": True, "said": said} | summary

"""The list of deployments in `deployments/prefect.yaml`, written from the table of stages.

    python -m flows.deployments

rewrites what stands below `deployments:`; what stands above it is written by hand. One deployment for every
stage and group, `full` for all of them, and `challenger` for all of them where feedback has come in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from muse_core.stage_table import STAGE_NAMES, stage_named
from tasks.parts import OF_TABLE

FILE = Path(__file__).resolve().parent.parent / "deployments" / "prefect.yaml"
LIST = "\ndeployments:\n"
RESTART = "restart"  # a crashed run goes on by itself: flows/server_setup.py
SAID = {
    "full": "Every stage. The preset `full` needs a GPU; -p preset=quickstart does not.",
    "data": "Catalogue to augmented conversations.",
}
CHALLENGER = """\
  - <<: *everywhere
    name: challenger
    description: "Every stage, with accepted feedback where enough is new; [promotion] decides."
    entrypoint: flows.challenger.challenger
    tags: [muse, model, restart]
    parameters: {preset: full, overrides: [], stage: all}
"""


def with_list(text: str) -> str:
    """The file's text with the list as the table has it."""
    head = text.partition(LIST)[0]
    return head + LIST + "".join(_entry(*part) for part in parts()) + CHALLENGER


def parts() -> Iterator[tuple[str, str, str, list[str]]]:
    """(name, stage asked for, description, tags) of each deployment."""
    yield "full", "all", SAID["full"], []
    for group in OF_TABLE:
        yield group, group, SAID.get(group, f"The stages of `{group}`, with what they need."), [group]
    for name in STAGE_NAMES:
        stage = stage_named(name)
        yield name, name, stage.does, [stage.group or "model"]


def _entry(name: str, stage: str, description: str, tags: list[str]) -> str:
    return (
        f"  - <<: *everywhere\n    name: {name}\n"
        f"    description: {json.dumps(description, ensure_ascii=False)}\n"
        f"    tags: [{', '.join(['muse', *tags, RESTART])}]\n"
        f"    parameters: {{preset: full, overrides: [], stage: {stage}}}\n"
    )


if __name__ == "__main__":
    FILE.write_text(with_list(FILE.read_text("utf-8")), encoding="utf-8")

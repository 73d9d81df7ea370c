"""The data page: what is known about the data of a run, and conversations to read. The report of a
run that was evaluated holds the same section; a run that stopped after the data stages has this page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.evaluation.report import quality
from muse_core.evaluation.report.inputs import ReportInputs, gather_data
from muse_core.evaluation.report.provenance import provenance, stage_numbers, timings
from muse_core.evaluation.report.reading import shelves
from muse_core.evaluation.report.render import with_code, write
from muse_core.stage_table import STAGES
from muse_core.types import ArtifactRef

DATA = tuple(stage.name for stage in STAGES if stage.group == "data")
COUNTED = (("catalog", "products"), ("profiles", "shoppers"), ("conversations", "conversations"))
NOT_COVERED = (
    "Realism against human text: `python -m tests.benchmarks.realism` measures it where the human sets are.",
    "Preference pairs and every figure of a model: they come with the stages after the data.",
)


def write_data_report(store: ArtifactStore, conversations: ArtifactRef, folder: Path) -> Path:
    """The page on these conversations, in `folder`, named after their digest; and the same as `data.html`."""
    content = _content(gather_data(store, conversations))
    write(folder / "data.html", "data.html.jinja", content)
    return write(folder / f"data-{conversations.digest[:12]}.html", "data.html.jinja", content)


def _content(inputs: ReportInputs) -> dict[str, Any]:
    sizes = [
        (name, (inputs.manifests.get(stage, {}).get("ref") or {}).get("rows")) for stage, name in COUNTED
    ]
    created = max((str(one.get("created", "")) for one in inputs.manifests.values()), default="")
    return {
        "title": inputs.title,
        "created": created[:16].replace("T", " "),
        "counts": [(name, f"{rows:,}") for name, rows in sizes if rows],
        "quality": quality_content(inputs),
        "data": stage_numbers(inputs, DATA),
        "timings": timings(inputs),
        "provenance": provenance(inputs),
        "not_covered": [with_code(text) for text in NOT_COVERED],
    }


def quality_content(inputs: ReportInputs) -> Mapping[str, Any]:
    """The section "Data quality" and the conversations to read."""
    groups = quality.groups(inputs)
    about = inputs.about("augment")
    return {
        "groups": groups,
        "verdict": quality.verdict(groups),
        "kept_calls": quality.kept_calls(inputs),
        "about": {name: about.get(name) for name in ("scorer", "filter", "judged_on", "anchor")},
        "shelves": shelves(inputs.conversations),
    }

"""The report page: everything about one run on one HTML file, readable on a phone, with no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.evaluation.report import figures
from muse_core.evaluation.report.data_page import quality_content
from muse_core.evaluation.report.inputs import ReportInputs, gather
from muse_core.evaluation.report.provenance import plain, provenance, stage_numbers, timings
from muse_core.evaluation.report.render import with_code, write
from muse_core.evaluation.table import results_table
from muse_core.types import ArtifactRef

STAGES = ("catalog", "profiles", "conversations", "base", "sft", "dpo")

SFT_CURVES = (
    ("dev_loss", "dev loss"),
    ("dev_tool_accuracy", "tool accuracy, teacher-forced"),
    ("dev_exact_call", "exact call, teacher-forced"),
    ("dev_position", "position BCE"),
    ("dev_fluency", "reply loss (nats a token)"),
)
DPO_CURVES = (
    ("dev_dpo_loss", "held-out loss"),
    ("dev_accuracy", "held-out implicit-reward accuracy"),
    ("dev_margin", "held-out margin"),
    ("dev_chosen_drift", "chosen drift, nats a token"),
)
NOT_COVERED = (
    "Ratings by people: none in this report (`muse human-eval`); fluency and response quality are measured "
    "by formula, not by readers.",
    "Cases that no simulator made: `muse eval --cases FILE` measures them; they are not part of this page.",
    "The test cases, the reward and the metrics share one simulator and one scoring code: a figure here says "
    "how well the model does in the simulator's world.",
)


def write_report(
    store: ArtifactStore, metrics: ArtifactRef, folder: Path, budget_s: Mapping[str, float] | None = None
) -> Path:
    """The report on these metrics, in `folder`, named after their digest; and the same as `latest.html`."""
    inputs = gather(store, metrics)
    if budget_s:
        inputs = replace(inputs, budget_s=budget_s)
    path = folder / f"report-{metrics.digest[:12]}.html"
    write_page(path, inputs)
    write_page(folder / "latest.html", inputs)
    return path


def write_page(path: Path, inputs: ReportInputs) -> Path:
    """Renders and writes one page, whole or not at all."""
    return write(path, "page.html.jinja", _content(inputs))


def _content(inputs: ReportInputs) -> dict[str, Any]:
    rows = figures.keyed(inputs.metrics)
    about = inputs.about("evaluate")
    times = {stage: inputs.stage_seconds(stage) for stage in ("sft", "dpo")}
    return {
        "title": inputs.title,
        "created": str(inputs.manifests.get("evaluate", {}).get("created", ""))[:16].replace("T", " "),
        "about": about,
        "table": results_table(inputs.metrics, times),
        "bars": figures.bars(rows),
        "differences": figures.differences(inputs.metrics),
        "languages": figures.languages(rows),
        "tools": figures.tools(rows),
        "matrices": figures.matrices(about.get("confusion") or {}),
        "sft_curves": figures.curves(inputs.about("sft").get("history") or [], SFT_CURVES),
        "dpo_curves": figures.curves(inputs.about("dpo").get("history") or [], DPO_CURVES),
        "examples": [_example(one) for one in about.get("examples") or []],
        "quality": quality_content(inputs),
        "pairs": _pairs(inputs),
        "data": stage_numbers(inputs, STAGES),
        "timings": timings(inputs),
        "provenance": provenance(inputs),
        "not_covered": [with_code(text) for text in NOT_COVERED],
    }


def _example(one: Mapping[str, Any]) -> dict[str, Any]:
    given = one.get("answers") or {}
    answers = [
        {"name": name, **given[model]} for model, name in figures.MODEL_NAMES.items() if model in given
    ]
    return {**one, "answers": answers}


def _pairs(inputs: ReportInputs) -> dict[str, Any]:
    """Counts of train and test pairs, and what the lint had to say."""
    return {
        "train": [[name.replace("_", " "), plain(value)] for name, value in inputs.numbers("pairs").items()],
        "test": inputs.about("evaluate").get("test_pair_counts") or {},
        "warnings": inputs.about("pairs").get("warnings") or [],
    }

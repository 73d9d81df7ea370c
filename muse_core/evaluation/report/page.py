"""The report page: everything about one run on one HTML file, readable on a phone, with no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import PromotionConfig, ReadyConfig
from muse_core.durable import explained, write_text
from muse_core.evaluation.report import figures, plots
from muse_core.evaluation.report.coverage import leaks, not_covered
from muse_core.evaluation.report.data_page import quality_content
from muse_core.evaluation.report.exported import exported
from muse_core.evaluation.report.failures import failures
from muse_core.evaluation.report.inputs import ReportInputs, gather
from muse_core.evaluation.report.loop import closed_loop
from muse_core.evaluation.report.people import people
from muse_core.evaluation.report.provenance import plain, provenance, stage_numbers, timings
from muse_core.evaluation.report.ratings import ratings
from muse_core.evaluation.report.render import with_code, write
from muse_core.evaluation.report.verdict import verdict
from muse_core.evaluation.score.promotion import called_better, judge
from muse_core.evaluation.score.table import after_sft, only_metrics, results_table
from muse_core.types import ArtifactRef

STAGES = ("catalog", "profiles", "conversations", "base", "sft", "dpo", "export")
AFTER_SFT = after_sft("dpo")

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
ON_POLICY_CURVES = (
    ("dev_reward", "held-out reward"),
    ("dev_reward_decision", "its part: right decision"),
    ("dev_reward_arguments", "its part: arguments"),
    ("dev_reward_grounded", "its part: grounded reply"),
)
MARKS = {
    "passed": "met", "blocked": "missed", "not enough cases": "open",
    "holds": "met", "fails": "missed",
}  # fmt: skip
DEFAULT_RULE = "The rule of the defaults; `muse run` judges by the run’s own configuration."
READY = (
    "Bounds of `[ready]`. One holds when the whole interval does, is open when only the figure does. "
    "Better or worse than a baseline is said when the whole interval of the paired difference is on one side "
    "of zero."
)


def write_report(
    store: ArtifactStore,
    metrics: ArtifactRef,
    folder: Path,
    rule: PromotionConfig | None = None,
    ready: ReadyConfig | None = None,
    shown: Sequence[str] = (),
) -> Path:
    """The report on these metrics, in `folder`, named after their digest; and the same as `latest.html`."""
    inputs = replace(gather(store, metrics), rule=rule, ready=ready, shown=shown)
    path = folder / f"report-{metrics.digest[:12]}.html"
    write_page(path, inputs)
    with explained(folder):
        write_text(folder / "latest.html", path.read_bytes().decode("utf-8"))
    return path


def write_page(path: Path, inputs: ReportInputs) -> Path:
    """Renders and writes one page, whole or not at all."""
    content = _content(inputs)
    named = content if inputs.method == "dpo" else _called(content, after_sft(inputs.method))
    return write(path, "page.html.jinja", named)


def _called(content: Any, name: str) -> Any:
    """The same with the model behind SFT under the name of the method that has made it."""
    if isinstance(content, str):
        return name + content.removeprefix(AFTER_SFT) if content.startswith(AFTER_SFT) else content
    if isinstance(content, Mapping):
        return {key: _called(value, name) for key, value in content.items()}
    return [_called(value, name) for value in content] if isinstance(content, list | tuple) else content


def _content(inputs: ReportInputs) -> dict[str, Any]:
    rows = figures.keyed(inputs.metrics)
    about, is_dpo = inputs.about("evaluate"), inputs.method == "dpo"
    said = verdict(inputs.metrics, inputs.ready or ReadyConfig())
    return {
        "said": said,
        "ready_note": with_code(READY if inputs.ready else f"{READY} {DEFAULT_RULE}"),
        "people": people(rows, about.get("people") or {}, said),
        "languages_named": figures.NAMES,
        "title": inputs.title,
        "created": str(inputs.manifests.get("evaluate", {}).get("created", ""))[:16].replace("T", " "),
        "about": about,
        "names": figures.MODEL_NAMES,
        "post": after_sft(inputs.method),
        "post_curves_title": "DPO, after each epoch on held-out pairs"
        if is_dpo
        else f"{inputs.method.upper()}, most probable turns on held-out requests",
        "marks": MARKS,
        **_results(inputs, rows),
        "talks": closed_loop(rows, about.get("closed_loop")),
        "failures": failures(inputs.predictions, inputs.utterances),
        "examples": [_example(one) for one in about.get("examples") or []],
        "ratings": ratings(inputs.studies),
        "exported": exported(inputs.about("export")),
        "leaks": leaks(rows, about.get("leaks")),
        "quality": quality_content(inputs),
        "pairs": _pairs(inputs),
        "data": stage_numbers(inputs, STAGES),
        "timings": timings(inputs),
        "provenance": provenance(inputs),
        "not_covered": [with_code(text) for text in not_covered(inputs)],
    }


def _results(inputs: ReportInputs, rows: Mapping[figures.Key, Any]) -> dict[str, Any]:
    """Tables and plots of the metrics."""
    times = {stage: inputs.stage_seconds(stage) for stage in ("sft", "dpo")}
    return {
        "table": results_table(only_metrics(inputs.metrics, inputs.shown), times, inputs.method),
        "promotion": _promotion(inputs),
        "significance": _significance(inputs),
        "world_heads": [title for _, title in figures.WORLD],
        "worlds": figures.worlds(rows),
        "bars": figures.bars(rows),
        "forest": plots.forest(inputs.metrics),
        "languages": figures.languages(rows),
        "tools": figures.tools(rows),
        "kinds": figures.kinds_of_case(rows),
        "matrices": figures.matrices(inputs.about("evaluate").get("confusion") or {}),
        "sft_curves": plots.curves(inputs.about("sft").get("history") or [], SFT_CURVES),
        "dpo_curves": plots.curves(
            inputs.about("dpo").get("history") or [],
            DPO_CURVES if inputs.method == "dpo" else ON_POLICY_CURVES,
        ),
        "calibration": plots.calibration(inputs.predictions),
    }


def _promotion(inputs: ReportInputs) -> dict[str, Any]:
    """The verdict with every condition, those that do not hold first."""
    if not inputs.metrics:
        return {}
    found = judge(inputs.metrics, inputs.rule or PromotionConfig())
    order = sorted(found.conditions, key=lambda one: one.outcome == "passed")
    note = "" if inputs.rule else with_code(DEFAULT_RULE)
    return {"outcome": found.outcome, "conditions": [vars(one) for one in order], "note": note}


def _significance(inputs: ReportInputs) -> dict[str, Any]:
    """p of DPO against SFT in each headline figure, plain and corrected; and what could have been found."""
    found = inputs.about("evaluate").get("significance") or {}
    names = figures.TITLES
    lines = [
        [names.get(name, name), _p(value), _p(found["holm"][name])]
        for name, value in (found.get("p") or {}).items()
    ]
    better = (
        [called_better(inputs.metrics, name)[1] for name in ("tool_accuracy", "exact_call")] if lines else []
    )
    return {"detectable": found.get("detectable"), "lines": lines, "better": better}


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


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

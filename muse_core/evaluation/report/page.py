"""The report page: everything about one run on one HTML file, readable on a phone, with no network."""

from __future__ import annotations

import html
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.durable import explained, write_text
from muse_core.evaluation.report import figures
from muse_core.evaluation.report.inputs import ReportInputs, gather
from muse_core.evaluation.table import DASH, duration, results_table
from muse_core.types import ArtifactRef

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
    "User satisfaction and every other closed-loop figure: not measured in this version.",
    "Ratings by people: none yet; fluency and response quality are measured by formula, not by readers.",
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
        inputs = ReportInputs(inputs.metrics, inputs.manifests, inputs.title, budget_s)
    path = folder / f"report-{metrics.digest[:12]}.html"
    write_page(path, inputs)
    write_page(folder / "latest.html", inputs)
    return path


def write_page(path: Path, inputs: ReportInputs) -> Path:
    """Renders and writes one page, whole or not at all."""
    page = render_page(inputs)
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, page)
    return path


def render_page(inputs: ReportInputs) -> str:
    """The page as text."""
    from jinja2 import Environment

    text = (
        resources.files("muse_core.evaluation.report").joinpath("page.html.jinja").read_text(encoding="utf-8")
    )
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["ci"] = _with_interval
    return environment.from_string(text).render(**_content(inputs))


def _with_interval(text: str) -> Any:
    """`4.2 [4.1, 4.3]` with the interval as a unit that does not break."""
    from markupsafe import Markup, escape

    value, bracket, rest = str(text).partition(" [")
    interval, closed, after = rest.partition("]")
    if not (bracket and closed):
        return text
    return Markup("{} <span class=ci>[{}]</span>{}").format(escape(value), interval, after)


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
        "augmentation": _augmentation(inputs),
        "pairs": _pairs(inputs),
        "data": _data(inputs),
        "timings": _timings(inputs),
        "provenance": _provenance(inputs),
        "not_covered": [_with_code(text) for text in NOT_COVERED],
    }


def _with_code(text: str) -> str:
    """Escaped text in which `words` in backquotes are code."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def _example(one: Mapping[str, Any]) -> dict[str, Any]:
    given = one.get("answers") or {}
    answers = [
        {"name": name, **given[model]} for model, name in figures.MODEL_NAMES.items() if model in given
    ]
    return {**one, "answers": answers}


_GUARD = (
    ("rows", "candidate calls"),
    ("kept", "kept"),
    ("yield", "yield"),
    ("auc", "AUC, gold against perturbed"),
    ("dev/auc", "AUC on dev"),
    ("from_call/auc", "AUC with weights from the call (the paper's start)"),
    ("median_gold", "median utility of gold calls, nats"),
    ("median_perturbed", "median utility of perturbed calls, nats"),
    ("precision", "precision at the threshold"),
    ("recall", "recall at the threshold"),
)


def _augmentation(inputs: ReportInputs) -> dict[str, Any]:
    """Yields per tool at the thresholds, and the guard's figures, as far as the manifest has them."""
    numbers = inputs.numbers("augment")
    limits = sorted({name.split("/")[0] for name in numbers if name.startswith("yield_at_")}, key=_threshold)
    tools = [name.split("/", 1)[1] for name in numbers if name.startswith("yield/")]
    lines = [
        [
            tool,
            f"{numbers.get(f'rows/{tool}', 0):.0f}",
            *(_percent(numbers.get(f"{one}/{tool}")) for one in limits),
        ]
        for tool in tools
    ]
    return {
        "heads": ["tool", "calls", *(f"kept at ≥ {_threshold(one):g} nats" for one in limits)],
        "lines": lines,
        "numbers": [[title, _plain(numbers[name])] for name, title in _GUARD if name in numbers],
        "dropped": {
            name.split("/", 1)[1]: value for name, value in numbers.items() if name.startswith("dropped/")
        },
        "about": {
            key: inputs.about("augment").get(key) for key in ("scorer", "filter", "judged_on", "anchor")
        },
    }


def _threshold(name: str) -> float:
    return float(name.removeprefix("yield_at_"))


def _percent(share: float | None) -> str:
    return DASH if share is None else f"{100 * share:.1f} %"


def _plain(value: float | None) -> str:
    """A manifest number as people read it."""
    if value is None:
        return DASH
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3f}"


def _pairs(inputs: ReportInputs) -> dict[str, Any]:
    """Counts of train and test pairs, and what the lint had to say."""
    return {
        "train": [[name.replace("_", " "), _plain(value)] for name, value in inputs.numbers("pairs").items()],
        "test": inputs.about("evaluate").get("test_pair_counts") or {},
        "warnings": inputs.about("pairs").get("warnings") or [],
    }


def _data(inputs: ReportInputs) -> dict[str, list[list[str]]]:
    """Numbers of the stages that make data and models, by stage."""
    stages = ("catalog", "profiles", "conversations", "base", "sft", "dpo")
    found = {stage: inputs.numbers(stage) for stage in stages}
    return {
        stage: [[name.replace("_", " "), _plain(value)] for name, value in numbers.items()]
        for stage, numbers in found.items()
        if numbers
    }


def _timings(inputs: ReportInputs) -> dict[str, Any]:
    lines, total, limit = [], 0.0, 0.0
    for stage in inputs.manifests:
        seconds, budget = inputs.stage_seconds(stage), inputs.budget_s.get(stage)
        total, limit = total + (seconds or 0.0), limit + (budget or 0.0)
        share = None if not budget or seconds is None else round(100 * seconds / budget)
        lines.append(
            {"stage": stage, "seconds": duration(seconds), "budget": duration(budget), "share": share}
        )
    return {"lines": lines, "total": duration(total), "budget": duration(limit) if limit else None}


def _provenance(inputs: ReportInputs) -> dict[str, Any]:
    lines = []
    for stage, manifest in inputs.manifests.items():
        ref = manifest.get("ref") or {}
        lines.append(
            {
                "stage": stage,
                "artifact": str(ref.get("path", "")).rpartition("/")[0],
                "digest": str(ref.get("digest", ""))[:12],
                "rows": ref.get("rows") or "",
                "validated": manifest.get("validated_by", ""),
            }
        )
    parts = {
        name.removeprefix("config "): value
        for stage in inputs.manifests
        for name, value in (inputs.about(stage).get("key_parts") or {}).items()
        if name.startswith("config ") or name == "seed"
    }
    newest = inputs.manifests.get("evaluate", {})
    return {
        "artifacts": lines,
        "config": dict(sorted(parts.items())),
        "libraries": newest.get("libraries") or {},
        "platform": newest.get("platform", ""),
        "fluency_judge": str(inputs.about("evaluate").get("fluency_judge", ""))[:12],
    }

"""What a run leaves behind: results and timings as Prefect artifacts, the report, one JSON object.

The JSON object is what `muse run --json` prints: `{"stages", "people", "results", "report", "model", …}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from muse_core.evaluation.report import write_data_report, write_report
from muse_core.evaluation.report.people import people_table
from muse_core.evaluation.report.verdict import verdict
from muse_core.evaluation.score.promotion import Promotion, judge
from muse_core.evaluation.score.table import only_metrics, results_table
from muse_core.records import Row
from muse_core.stage_table import POST, summed, whole_of
from tasks.champion import set_champion_alias
from tasks.pipeline_run import PipelineRun, StageOutcome
from tasks.registered_model import RegisteredVersion

STAGE_KEY = "muse-stages"
PEOPLE_KEY = "muse-people"
RESULTS_KEY = "muse-results"
REPORT_KEY = "muse-report"
PROMOTION_KEY = "muse-promotion"


def publish_summary(run: PipelineRun, version: RegisteredVersion | None, reports: Path) -> dict[str, Any]:
    """Shows the finished run in the Prefect UI and returns what it did."""
    rows = _metric_rows(run)
    shown = only_metrics(rows, run.config.evaluation.metrics)
    report = _report(run, rows, reports)
    promotion = judge(rows, run.config.promotion) if rows else None
    model = run.made.get("export") or run.post_trained or run.made.get("sft")
    summary: dict[str, Any] = {
        "stages": _stages(run.outcomes),
        "people": _people(run, rows),
        "results": _results(shown),
        "report": str(report) if report else None,
        "model": str(run.store.root / model.path) if model else None,
        "registered": version and asdict(version) | {"uri": version.uri},
        "table": results_table(shown, _training_seconds(run), run.config.post.method) if rows else None,
        "promotion": promotion and promotion.as_json(),
        "seconds": _seconds(run.outcomes) | run.extra_seconds,
        "estimate": run.estimate and run.estimate.as_json(),
        "started": run.started,
    }
    if promotion is not None:
        summary["table"]["notes"] += promotion.lines() + _alias_lines(run, version, promotion)
    _show(summary, [_line(one) for one in run.outcomes])
    return summary


def _stages(outcomes: Sequence[StageOutcome]) -> list[dict[str, Any]]:
    """The stages as users know them, each with its parts where it has some: it ran when one of them did."""
    found: dict[str, list[StageOutcome]] = {}
    for one in outcomes:
        found.setdefault(whole_of(one.name), []).append(one)
    return [_stage(name, parts) for name, parts in found.items()]


def _stage(name: str, parts: Sequence[StageOutcome]) -> dict[str, Any]:
    status = "ran" if any(one.status == "ran" for one in parts) else "cached"
    whole = {"name": name, "status": status, "seconds": round(sum(one.seconds for one in parts), 2)}
    return whole | ({"parts": [_line(one) for one in parts]} if len(parts) > 1 else {})


def _line(one: StageOutcome) -> dict[str, Any]:
    return {"name": one.name, "status": one.status, "seconds": round(one.seconds, 2)}


def _seconds(outcomes: Sequence[StageOutcome]) -> dict[str, float]:
    found = summed({one.name: one.seconds for one in outcomes})
    return {name: round(seconds, 2) for name, seconds in found.items()}


def _alias_lines(run: PipelineRun, version: RegisteredVersion | None, promotion: Promotion) -> list[str]:
    """Sets the alias `champion` where it was asked for and the rule allows it; says what was done."""
    if not run.config.promotion.set_champion or version is None:
        return []
    return [set_champion_alias(run.tracker.parent.client, version, promotion.outcome == "passed")]


def _metric_rows(run: PipelineRun) -> list[Row]:
    metrics = run.made.get("evaluate")
    return run.store.read_table(metrics).to_pylist() if metrics else []


def _people(run: PipelineRun, rows: list[Row]) -> dict[str, Any] | None:
    """`{"verdict", "columns", "rows"}` on requests of people, all of text; None where none were measured."""
    said = verdict(rows, run.config.ready)
    return {"verdict": said.sentence, **people_table(rows)} if said else None


def _results(rows: list[Row]) -> dict[str, dict[str, float]]:
    """model -> metric -> value over all cases."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["slice"] == "all":
            found.setdefault(row["model"], {})[row["metric"]] = row["value"]
    return found


def _training_seconds(run: PipelineRun) -> dict[str, float | None]:
    """As measured when the model was trained, cached or not."""
    models = {"sft": run.made.get("sft"), POST: run.post_trained}
    return {name: run.store.manifest(ref)["seconds"] for name, ref in models.items() if ref is not None}


def _report(run: PipelineRun, rows: list[Row], reports: Path) -> Path | None:
    """The page of the run: its report, or what is known of its data when nothing was evaluated."""
    if rows:
        config = run.config
        path = write_report(
            run.store,
            run.made["evaluate"],
            reports,
            config.promotion,
            config.ready,
            config.evaluation.metrics,
        )
    elif "conversations" in run.made:
        path = write_data_report(run.store, run.made["conversations"], reports)
    else:
        return None
    run.tracker.parent.attach(path)
    return path


def _show(summary: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    create_table_artifact(lines, key=STAGE_KEY, description="Stages of this run")
    if summary["people"]:
        columns, rows = summary["people"]["columns"], summary["people"]["rows"]
        shown = [dict(zip(columns, row, strict=True)) for row in rows]
        create_table_artifact(shown, key=PEOPLE_KEY, description=summary["people"]["verdict"])
    if summary["table"]:
        columns, rows = summary["table"]["columns"], summary["table"]["rows"]
        shown = [dict(zip(columns, row, strict=True)) for row in rows]
        create_table_artifact(shown, key=RESULTS_KEY, description="Results on the test side")
    if summary["promotion"]:
        conditions = summary["promotion"]["conditions"]
        outcome = f"Promotion: {summary['promotion']['outcome']}"
        create_table_artifact(conditions, key=PROMOTION_KEY, description=outcome)
    if summary["report"]:
        text = f"Report: `{summary['report']}`\n\nModel: `{summary['model']}`"
        create_markdown_artifact(text, key=REPORT_KEY, description="Where to look")

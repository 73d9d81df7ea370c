"""Prefect, MLflow and the report show the same figures of one evaluation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import RunConfig
from muse_core.evaluation.report.figures import keyed
from muse_core.evaluation.score.scorecard import flat_metrics
from muse_core.evaluation.score.table import DASH, DPO_METRICS, SFT_METRICS, STAGES, number
from muse_core.records import Row, to_table
from muse_core.types import ArtifactRef
from tests.unit.evaluation.builders_report import report_inputs

TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Shown:
    """What each place shows: MLflow's metrics by name, Prefect's table, the page's tables as cells."""

    rows: list[Row]
    mlflow: dict[str, float]
    prefect: list[dict[str, str]]
    page: dict[str, list[list[str]]]


def published(folder: Path) -> tuple[ArtifactStore, dict[str, ArtifactRef]]:
    """A store as a run leaves it: models, and metrics whose manifest carries the headline."""
    store, inputs = ArtifactStore(folder / "artifacts"), report_inputs()
    made: dict[str, ArtifactRef] = {}
    for name in ("sft", "dpo"):
        made[name] = store.write_folder(
            "model", lambda at, n=name: (at / "w").write_text(n) and None, name, metrics={}
        )
    behind = {"inputs": {name: ref.digest for name, ref in made.items()}}
    about = {**inputs.about("evaluate"), **behind}
    table = to_table("metrics", inputs.metrics)
    made["evaluate"] = store.write_table(
        "metrics", table, "m", metrics=flat_metrics(inputs.metrics), about=about
    )
    return store, made


@pytest.fixture(scope="module")
def shown(prefect_server: None, home: Path) -> Iterator[Shown]:
    from prefect.artifacts import Artifact

    from tasks.pipeline_run import PipelineRun
    from tasks.summary import RESULTS_KEY, publish_summary
    from tasks.tracking import TrackingPlace, tracked_run

    store, made = published(home)
    place = TrackingPlace(f"sqlite:///{home}/mlflow.db", str(home / "mlruns"), home)
    with tracked_run(place, "a run", {}, ("mlflow",)) as tracker:
        run = PipelineRun(RunConfig(), store, tracker, frozenset(), "cpu", place, made=made)
        tracker.parent.log(run.headline())
        summary = publish_summary(run, None, home / "reports")
    logged = tracker.client.get_run(tracker.parent.run_id).data.metrics
    artifact = Artifact.get(RESULTS_KEY)
    assert artifact is not None
    page = Path(summary["report"]).read_text("utf-8")
    yield Shown(
        store.read_table(made["evaluate"]).to_pylist(), logged, json.loads(str(artifact.data)), tables(page)
    )


def tables(page: str) -> dict[str, list[list[str]]]:
    """Section id -> the rows of its first tables, as text."""
    found = {}
    for name, body in re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.S):
        lines = re.findall(r"<tr>(.*?)</tr>", body, re.S)
        found[name] = [
            [text(cell) for cell in re.findall(r"<td.*?>(.*?)</td>", line, re.S)] for line in lines
        ]
    return found


def text(cell: str) -> str:
    return unescape(" ".join(TAG.sub("", cell).split()))


def test_prefect_shows_the_reports_results(shown: Shown) -> None:
    page = [line for line in shown.page["results"] if line and line[0] in dict(STAGES).values()]
    assert [list(line.values()) for line in shown.prefect] == page
    assert len(page) == len(STAGES)


def test_mlflow_has_every_figure_of_the_table(shown: Shown) -> None:
    overall = [row for row in shown.rows if row["slice"] == "all"]
    assert len(overall) > 100
    for row in overall:
        assert shown.mlflow[f"{row['model']}.{row['metric']}"] == pytest.approx(row["value"], abs=1e-12)


@pytest.mark.parametrize(("metric", "label"), [*SFT_METRICS, *DPO_METRICS])
def test_the_page_shows_what_mlflow_has(shown: Shown, metric: str, label: str) -> None:
    lines = [line for line in shown.page["metrics"] if line and line[0] == label]
    rows: Any = keyed(shown.rows)
    known = [rows.get((model, metric, "all")) for model, _ in STAGES]
    if not any(known):
        assert not lines
        return
    (line,) = lines
    for (model, _), row, cell in zip(STAGES, known, line[1:4], strict=True):
        wanted = DASH if row is None else number(shown.mlflow[f"{model}.{metric}"], row["unit"])
        assert cell.split(" ")[0] == wanted


def test_the_results_stand_on_mlflows_figures(shown: Shown) -> None:
    for (model, _), line in zip(STAGES, shown.prefect, strict=True):
        value = shown.mlflow[f"{model}.tool_accuracy"]
        low, high = (shown.mlflow[f"{model}.tool_accuracy.{end}"] for end in ("low", "high"))
        cell = f"{100 * value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
        assert line["Tool accuracy"].startswith(cell)

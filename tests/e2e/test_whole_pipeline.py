"""`muse run` from a catalogue to a registered model, tiny but whole, as a user starts it.

The model is far too small to be any good: what is tested is that every stage meets the next one, that
a second run computes nothing, and that one changed key runs exactly what depends on it.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.unit.documents.metrics_page import without_entry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TINY = [
    "catalog.synthetic_products=150",
    "profiles.count=80",
    "conversations.count=160",
    "base.vocab_size=1200",
    "base.hidden_size=48",
    "base.num_layers=2",
    "base.intermediate_size=96",
    "base.max_tokens=8000",
    "sft.single_turn_tokens=60000",
    "sft.max_tokens=60000",
    "pairs.contexts=40",
    "pairs.samples_per_context=4",
    "pairs.pairing=extremes",  # so small a model has no turn right
    "dpo.num_epochs=2",
    "dpo.batch_size=1",  # several steps: after one alone, Adam's weights do not depend on beta
    "dpo.learning_rate=1e-3",
    "evaluation.max_cases=40",
    "evaluation.unseen_shop_cases=24",
    "evaluation.anonymous_cases=20",
    "evaluation.cases_per_rate=20",
    "evaluation.max_new_tokens=32",  # so small a model writes until it is stopped
    "evaluation.pair_contexts=40",
    "evaluation.bootstrap_resamples=100",
    "evaluation.closed_loop_goals=2",
    "export.parity_cases=4",
    "export.int8_max_drop=1.0",
    "export.latency=false",
    "execution.workers=1",
]
STAGES = [
    "catalog",
    "profiles",
    "conversations",
    "base",
    "augment",
    "sft",
    "pairs",
    "dpo",
    "evaluate",
    "export",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole")


def muse(home: Path, *overrides: str) -> dict[str, Any]:
    settings = [word for setting in (*TINY, *overrides) for word in ("--set", setting)]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "MLFLOW_", "MUSE_"))}
    env["PREFECT_PROFILES_PATH"] = str(home / "no-profiles.toml")
    command = [sys.executable, "-c", "from flows.cli import app; app(prog_name='muse')", "run"]
    done = subprocess.run(
        [*command, "--preset", "quickstart", "--home", str(home), "--json", *settings],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


@pytest.fixture(scope="module")
def first(home: Path) -> dict[str, Any]:
    return muse(home)


def statuses(summary: dict[str, Any]) -> dict[str, str]:
    return {stage["name"]: stage["status"] for stage in summary["stages"]}


def evaluation(summary: dict[str, Any]) -> dict[str, Any]:
    return next(stage for stage in summary["stages"] if stage["name"] == "evaluate")


def test_every_stage_runs_and_leaves_what_it_promises(first: dict[str, Any]) -> None:
    assert statuses(first) == dict.fromkeys(STAGES, "ran")
    assert {"base", "sft", "dpo", "linear"} <= set(first["results"])
    assert 0 <= first["results"]["sft"]["tool_accuracy"] <= 1
    assert "<html" in Path(first["report"]).read_text("utf-8")[:2000]
    folder = Path(first["model"])
    exported = next(folder.rglob("model.onnx"))
    assert (exported.parent / "MODEL_CARD.md").exists()
    assert first["registered"]["created"]


def test_the_card_names_the_run_its_configuration_and_what_was_made(
    first: dict[str, Any], home: Path
) -> None:
    with closing(sqlite3.connect(home / "mlflow.db")) as store:
        version = "select run_id, source from model_versions where version = ?"
        run, source = store.execute(version, (first["registered"]["version"],)).fetchone()
        asked = "select value from params where run_uuid = ? and key = 'config_digest'"
        (config,) = store.execute(asked, (run,)).fetchone()
    card = (Path(source.removeprefix("file://")) / "MODEL_CARD.md").read_text("utf-8")
    assert f"- run: `{run}`\n- configuration: `{config}`\n" in card
    made = {
        json.loads(path.read_text("utf-8"))["ref"]["digest"]
        for path in home.glob("artifacts/*/*/manifest.json")
    }
    named = re.findall(r"^- (?:dpo|export|evaluate): `(\w+)`$", card, re.MULTILINE)
    assert len(named) == 3 and set(named) <= made


def test_a_second_run_computes_nothing(first: dict[str, Any], home: Path) -> None:
    again = muse(home)
    assert statuses(again) == dict.fromkeys(STAGES, "cached")
    assert again["registered"] == first["registered"] | {"created": False}
    assert again["results"] == first["results"]


def test_one_changed_key_runs_what_depends_on_it(first: dict[str, Any], home: Path) -> None:
    changed = muse(home, "dpo.beta=0.2")
    ran = [name for name, status in statuses(changed).items() if status == "ran"]
    assert ran == ["dpo", "evaluate", "export"]
    assert changed["registered"]["created"]
    parts = {part["name"]: part["status"] for part in evaluation(changed)["parts"]}
    assert {name for name, status in parts.items() if status == "ran"} == {
        "predict_dpo", "talk_dpo", "evaluate",
    }  # fmt: skip
    assert {"test_cases", "predict_base", "predict_sft", "test_pairs", "talk_expert", "talk_sft"} < set(parts)


@pytest.mark.parametrize("method", ["grpo", "rft"])
def test_another_method_takes_the_place_of_dpo(first: dict[str, Any], home: Path, method: str) -> None:
    """So small a model has hardly a turn right: what is kept need only be half right."""
    small = {
        "grpo": ("grpo.steps=3", "grpo.contexts_per_step=4", "grpo.held_out_contexts=8"),
        "rft": ("rft.contexts=60", "rft.min_reward=0.4", "rft.temperature=0.7", "rft.held_out_contexts=8"),
    }[method]
    other = muse(home, f"post.method={method}", *small)
    ran = [name for name, status in statuses(other).items() if status == "ran"]
    assert ran == [method, "evaluate", "export"] and not {"pairs", "dpo"} & statuses(other).keys()
    assert {"base", "sft", "dpo"} <= set(other["results"])  # `dpo` is the place behind SFT
    assert f"SFT + {method.upper()}" in Path(other["report"]).read_text("utf-8")
    assert other["registered"]["created"]


def test_methods_stand_side_by_side(first: dict[str, Any], home: Path) -> None:
    """After the runs of the other methods: the figures of a run, and differences from the same SFT model."""
    runs = evaluations(home)
    command = [sys.executable, "-c", "from flows.cli import app; app(prog_name='muse')", "compare", "--json"]
    done = subprocess.run(
        [*command, "--home", str(home), *runs.values()],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["models"] == ["SFT", *(f"SFT + {name.upper()}" for name in runs)]
    values = {(row["model"], row["metric"]): row["value"] for row in found["metrics"]}
    for metric in ("tool_accuracy", "slot_rate", "people_tool_accuracy", "closed_loop_turns"):
        assert values["SFT", metric] == pytest.approx(first["results"]["sft"][metric])
        assert values["SFT + DPO", metric] == pytest.approx(first["results"]["dpo"][metric])
    assert ("SFT + RFT-SFT", "people_exact_call") in values and found["not_compared"] == []
    assert all(cost["seconds"] > 0 and cost["tokens"] > 0 for cost in found["cost"].values())
    assert found["cost"]["SFT + GRPO"]["sampled"] > 0 and Path(found["page"]).is_file()


def evaluations(home: Path) -> dict[str, str]:
    """Method -> the key of its first evaluation."""
    made = [json.loads(path.read_text("utf-8")) for path in home.glob("artifacts/model/*/manifest.json")]
    methods = {one["ref"]["digest"]: one["about"].get("trained") for one in made}
    found: dict[str, str] = {}
    kept = [
        (path.parent.name, json.loads(path.read_text("utf-8")))
        for path in home.glob("artifacts/metrics/*/manifest.json")
    ]
    for key, manifest in sorted(kept, key=lambda one: str(one[1]["created"])):
        found.setdefault(methods[manifest["about"]["inputs"]["dpo"]], key)
    return {name: found[name] for name in ("dpo", "grpo", "rft")}


def test_every_figure_of_the_run_is_explained(first: dict[str, Any], home: Path) -> None:
    """What the manifests and MLflow hold has its entry in docs/metrics.md."""
    manifests = [json.loads(path.read_text("utf-8")) for path in home.glob("artifacts/*/*/manifest.json")]
    kept = {name for manifest in manifests for name in manifest["metrics"]}
    with closing(sqlite3.connect(home / "mlflow.db")) as store:
        tracked = {name for (name,) in store.execute("select distinct key from latest_metrics")}
    assert {"sft.tool_accuracy", "replay_rate"} <= kept and {"train_loss", "dev_dpo_loss"} <= tracked
    assert without_entry(kept | tracked) == []

"""The table of stages agrees with the modules that it names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from data_contracts.schemas import SCHEMAS
from muse_core.config.load import all_keys
from muse_core.stage_table import STAGES, Stage, stage_named, summed
from muse_core.types import ArtifactRef

RECEIPT = ArtifactRef("products", "products@1", "p", "d", 1, 1)
FOLDERS = {"model", "export"}  # kinds that are no tables


def signature_problems(stage: Stage) -> Iterator[str]:
    """How a stage's `run` differs from its line."""
    tree = ast.parse(stage.path.read_text("utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run"]
    if len(found) != 1:
        yield f"{stage.module} has no function run"
        return
    arguments = found[0].args
    names = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    if names[0] != "config" or "ctx" not in names:
        yield f"{stage.module}.run({', '.join(names)}): expected config first, and ctx"
    given = set(names) - {"config", "ctx"}
    wanted = set(stage.arguments(dict.fromkeys(stage.inputs, RECEIPT)))
    if given != wanted:
        said = f"takes {', '.join(sorted(given))}, the table says {', '.join(sorted(wanted))}"
        yield f"{stage.module}.run {said}"


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_run_takes_what_the_table_says(stage: Stage) -> None:
    assert list(signature_problems(stage)) == []


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("def run(config, *, products, ctx): ...", "takes products, the table says catalog"),
        (
            "def run(config, *, catalog, profiles, ctx): ...",
            "takes catalog, profiles, the table says catalog",
        ),
        ("def run(config, *, catalog): ...", "expected config first, and ctx"),
        ("def work(config, *, catalog, ctx): ...", "has no function run"),
    ],
)
def test_a_run_that_differs_is_seen(tmp_path: Path, run: str, said: str) -> None:
    folder = tmp_path / "muse_core" / "stages"
    folder.mkdir(parents=True)
    (folder / "reviews.py").write_text(run)
    assert said in "; ".join(signature_problems(Stage("reviews", ("catalog",), root=tmp_path)))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_line_is_whole(stage: Stage) -> None:
    assert stage.does.endswith(".") and (stage.kind in SCHEMAS or stage.kind in FOLDERS)
    keys = set(all_keys())
    for read in stage.reads:
        assert any((key + ".").startswith(read + ".") for key in keys), f"READS of {stage.name}: {read}"


def test_the_table_is_in_the_order_of_the_work() -> None:
    names = [stage.name for stage in STAGES]
    assert len(set(names)) == len(names)
    for stage in STAGES:
        assert all(names.index(name) < names.index(stage.name) for name in stage.inputs), stage.name


def test_what_the_module_declares_is_not_said_twice() -> None:
    """`INPUTS` was a literal of every module once."""
    for stage in STAGES:
        assert "INPUTS" not in stage.path.read_text("utf-8"), stage.module


def test_a_module_that_stages_share_is_given_the_model_and_its_name() -> None:
    receipts = {name: replace(RECEIPT, digest=name) for name in stage_named("predict_dpo").inputs}
    found = stage_named("predict_dpo").arguments(receipts)
    assert found == {
        "catalog": receipts["catalog"], "profiles": receipts["profiles"],
        "test_cases": receipts["test_cases"], "model": receipts["dpo"], "name": "dpo",
    }  # fmt: skip
    modules = {stage_named(f"predict_{name}").module for name in ("base", "sft", "dpo")}
    assert modules == {"muse_core.stages.predict"}


def test_the_parts_of_evaluate_are_headed_and_counted_as_its_parts() -> None:
    parts = [stage for stage in STAGES if stage.whole == "evaluate"]
    assert [stage.label for stage in parts][:3] == [
        "evaluate 1/10 · test cases", "evaluate 2/10 · base", "evaluate 3/10 · SFT",
    ]  # fmt: skip
    assert (parts[-1].name, parts[-1].label) == ("evaluate", "evaluate 10/10 · figures")
    assert stage_named("sft").label == "sft"
    assert summed({"sft": 1.0, "predict_sft": 2.0, "evaluate": 3.0}) == {"sft": 1.0, "evaluate": 5.0}


def test_a_changed_model_leaves_the_parts_of_the_others_alone() -> None:
    """What depends on the DPO model, by the table."""
    behind = {"dpo"}
    for stage in STAGES:
        behind |= {stage.name} if set(stage.inputs) & behind else set()
    assert behind == {"dpo", "predict_dpo", "talk_dpo", "evaluate", "export"}

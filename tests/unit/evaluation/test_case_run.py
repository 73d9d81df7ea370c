"""`muse eval` on a tiny model: the shape that scripts rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.commands.eval import EvalFlags, eval_cases, model_place
from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.errors import ConfigError
from muse_core.evaluation.cases.answers import context_of
from muse_core.evaluation.cases.case import judge_case
from muse_core.evaluation.cases.case_file import load_cases, read_case
from muse_core.evaluation.cases.case_models import OwnModel
from muse_core.evaluation.cases.case_run import EvalOptions, run_cases
from muse_core.evaluation.cases.case_summary import summary
from muse_core.models.loading import save_model
from muse_core.types import ToolCall
from tests import builders
from tests.unit.evaluation.builders_evaluation import conversation
from tests.unit.models.builders_models import tiny_model

LINES: list[dict[str, Any]] = [
    {
        "id": "a",
        "language": "en",
        "utterance": "red shirts",
        "expected_tool": "search",
        "expected_args": {"query": ["shirt"]},
    },
    {
        "id": "b",
        "language": "hi",
        "utterance": "नमस्ते",
        "expected_tool": "none",
        "acceptable_tools": ["recommend"],
    },
]
KEYS = {"n", "tool_accuracy", "exact_call", "argument_f1", "by_language", "by_tool", "baselines", "cases"}
MORE = {
    "model",
    "arguments_judged",
    "tool_macro_f1",
    "invented_value",
    "abstention",
    "minimum_detectable_difference",
    "leaks",
    "answers",
}
JSON = EvalFlags(as_json=True)


def test_figures() -> None:
    cases = [read_case(line, Path())[0] for line in LINES]
    right = judge_case(cases[0], [ToolCall("c", "search", {"query": "shirts"})], False)  # type: ignore[arg-type]
    wrong = judge_case(cases[1], [ToolCall("c", "recommend", {})], False)  # type: ignore[arg-type]
    found = summary([right, wrong], {"always_none": ["none", "none"]}, seed=1)
    assert found["n"] == 2
    accuracy = found["tool_accuracy"]
    assert accuracy["strict"]["value"] == 0.5 and accuracy["lenient"]["value"] == 1.0  # type: ignore[index,call-overload]
    assert found["exact_call"]["value"] == 1.0 and found["exact_call"]["n"] == 1  # type: ignore[index,call-overload]
    assert set(found["by_language"]) == {"en", "hi"} and set(found["by_tool"]) == {"search", "none"}  # type: ignore[arg-type]
    assert found["by_language"]["hi"]["exact_call"]["value"] is None  # type: ignore[index,call-overload]
    assert found["abstention"]["called"] == found["by_tool"]["none"]["abstention"]["called"]  # type: ignore[index,call-overload]
    assert found["abstention"]["called"]["value"] == 1.0 and found["abstention"]["called"]["n"] == 1  # type: ignore[index,call-overload]
    assert [case["ok"] for case in found["cases"]] == [True, False]  # type: ignore[index,union-attr,call-overload]
    json.dumps(found, allow_nan=False)


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in LINES), encoding="utf-8")
    save_model(tiny_model(), tmp_path / "model")
    eval_cases(path, str(tmp_path / "model"), tmp_path / "home", flags=JSON)
    found = json.loads(capsys.readouterr().out)
    assert set(found) == KEYS | MORE
    assert set(found["cases"][0]) == {"id", "predicted_tool", "predicted_args", "ok", "why"}
    eval_cases(path, str(tmp_path / "model"), tmp_path / "home", flags=EvalFlags())
    assert "2 cases" in capsys.readouterr().out


def test_a_faulty_file_is_refused_before_a_model_is_sought(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="'utterance' is missing"):
        eval_cases(path, "models:/muse@champion", tmp_path, flags=JSON)


def test_names_of_models(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    with pytest.raises(ConfigError, match="no trained model"):
        model_place(store, None, None)
    with pytest.raises(ConfigError, match="no model registry"):
        model_place(store, "models:/muse@champion", None)
    assert model_place(store, "models:/muse@champion", lambda name: tmp_path) == tmp_path
    assert model_place(store, str(tmp_path), None) == tmp_path
    ref = store.for_stage("sft", {}).write_folder("model", lambda f: (f / "x").write_text("1") and None, "k")
    assert model_place(store, None, None) == store.folder(ref) == model_place(store, ref.path, None)


def test_context_has_history_and_language() -> None:
    history = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    line = LINES[0] | {"history": history}
    case, _ = read_case(line, Path())
    assert case is not None
    assert [message.content for message in context_of(case)] == ["en", "hi", "hello", "red shirts"]


def test_leaks_are_told_and_left_out_on_request(tmp_path: Path) -> None:
    train = [conversation(500 + at, side="train") for at in range(6)]
    leaking = {"id": "leak", "language": "en", "utterance": "Shirts under 503!", "expected_tool": "search"}
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in [*LINES, leaking]), encoding="utf-8")
    save_model(tiny_model(), tmp_path / "model")
    index = CatalogIndex(Catalog((builders.product(product_id="p1"),)))
    model, cases = OwnModel(tmp_path / "model", index), load_cases(path)
    told = run_cases(model, cases, train, EvalOptions(tmp_path / "eval"))
    baselines = {"always_none", "always_search", "majority", "linear"}
    assert told["n"] == 3 and set(told["baselines"]) == baselines  # type: ignore[arg-type]
    assert told["leaks"] == {
        "texts": 3, "leaking": 1, "exact": 1, "ngram": 0, "similar": 1, "training_turns": 18, "excluded": 0,
        "examples": [{"id": "leak", "kinds": ["exact", "similar"], "like": "t503.0"}],
    }  # fmt: skip
    without = run_cases(model, cases, train, EvalOptions(tmp_path / "eval", exclude_leaks=True))
    assert without["n"] == 2 and [case["id"] for case in without["cases"]] == ["a", "b"]  # type: ignore[index,union-attr,call-overload]
    assert without["leaks"]["excluded"] == 1 and without["answers"]["asked"] == 0  # type: ignore[index,call-overload]
    with pytest.raises(ConfigError, match="all 1 cases occur in the training turns"):
        run_cases(model, cases[2:], train, EvalOptions(tmp_path / "eval", exclude_leaks=True))


def test_another_model_is_asked_anew(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in LINES), encoding="utf-8")
    index = CatalogIndex(Catalog((builders.product(product_id="p1"),)))
    for seed in (3, 4):
        save_model(tiny_model(seed), tmp_path / f"model{seed}")
        found = run_cases(
            OwnModel(tmp_path / f"model{seed}", index), load_cases(path), [], EvalOptions(tmp_path / "eval")
        )
        assert found["answers"]["asked"] == 2 and found["leaks"] is None  # type: ignore[index,call-overload]
    assert len(list((tmp_path / "eval").iterdir())) == 2

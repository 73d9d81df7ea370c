"""`muse eval` on a tiny model: the shape that scripts rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.commands.eval import eval_cases, model_folder
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.evaluation.case_run import context_of, summary
from muse_core.evaluation.cases import judge_case, read_case
from muse_core.models.loading import save_model
from muse_core.types import ToolCall
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


def test_figures() -> None:
    cases = [read_case(json.dumps(line), Path())[0] for line in LINES]
    right = judge_case(cases[0], [ToolCall("c", "search", {"query": "shirts"})], False)  # type: ignore[arg-type]
    wrong = judge_case(cases[1], [ToolCall("c", "recommend", {})], False)  # type: ignore[arg-type]
    found = summary([right, wrong], {"always_none": ["none", "none"]}, seed=1)
    assert found["n"] == 2
    accuracy = found["tool_accuracy"]
    assert accuracy["strict"]["value"] == 0.5 and accuracy["lenient"]["value"] == 1.0  # type: ignore[index,call-overload]
    assert found["exact_call"]["value"] == 1.0 and found["exact_call"]["n"] == 1  # type: ignore[index,call-overload]
    assert set(found["by_language"]) == {"en", "hi"} and set(found["by_tool"]) == {"search", "none"}  # type: ignore[arg-type]
    assert found["by_language"]["hi"]["exact_call"]["value"] is None  # type: ignore[index,call-overload]
    assert [case["ok"] for case in found["cases"]] == [True, False]  # type: ignore[index,union-attr,call-overload]
    json.dumps(found, allow_nan=False)


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in LINES), encoding="utf-8")
    save_model(tiny_model(), tmp_path / "model")
    eval_cases(path, str(tmp_path / "model"), tmp_path / "home", as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert set(found) == KEYS
    assert set(found["cases"][0]) == {"id", "predicted_tool", "predicted_args", "ok", "why"}
    eval_cases(path, str(tmp_path / "model"), tmp_path / "home", as_json=False)
    assert "2 cases" in capsys.readouterr().out


def test_a_faulty_file_is_refused_before_a_model_is_sought(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="'utterance' is missing"):
        eval_cases(path, "models:/muse@champion", tmp_path, as_json=True)


def test_names_of_models(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    with pytest.raises(ConfigError, match="no trained model"):
        model_folder(store, None, None)
    with pytest.raises(ConfigError, match="no model registry"):
        model_folder(store, "models:/muse@champion", None)
    assert model_folder(store, "models:/muse@champion", lambda name: tmp_path) == tmp_path
    assert model_folder(store, str(tmp_path), None) == tmp_path
    ref = store.for_stage("sft", {}).write_folder("model", lambda f: (f / "x").write_text("1") and None, "k")
    assert model_folder(store, None, None) == store.folder(ref) == model_folder(store, ref.path, None)


def test_context_has_history_and_language() -> None:
    history = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    line = LINES[0] | {"history": history}
    case, _ = read_case(json.dumps(line), Path())
    assert case is not None
    assert [message.content for message in context_of(case)] == ["en", "hi", "hello", "red shirts"]

"""The case file of `muse eval`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.errors import ConfigError
from muse_core.evaluation.cases import judge_case, load_cases
from muse_core.types import ToolCall


def line(**changes: Any) -> str:
    row: dict[str, Any] = {
        "id": "a1", "language": "mixed", "utterance": "black shoes dikhao 2000 tak",
        "expected_tool": "search",
        "acceptable_tools": ["recommend"], "note": "unknown fields are passed over",
        "expected_args": {
            "query": ["shoes"], "color": ["black"], "max_price": [2000, "2k"], "sort_by": ["price_low", ""],
        },
    }  # fmt: skip
    return json.dumps({k: v for k, v in (row | changes).items() if v is not ...}, ensure_ascii=False)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_three_mistakes_are_named_with_their_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        line(id="good"),
        line(id="b", language="fr"),
        "",
        "{not json",
        line(id="c", expected_tool="purchase", utterance=""),
        line(id="good"),
        line(id="d", expected_args={"price": [5], "query": "shoes"}),
    )
    with pytest.raises(ConfigError) as caught:
        load_cases(path)
    text = str(caught.value)
    for expected in (
        "line 2: 'language' is 'fr'",
        "line 4: no JSON",
        "line 5: 'utterance'",
        "line 5: 'expected_tool'",
    ):
        assert expected in text
    assert "line 6: the id 'good' stands in line 1" in text
    assert (
        "line 7: search has no argument 'price'" in text and "line 7: the accepted values of 'query'" in text
    )
    assert len(caught.value.problems) == 7


def test_missing_and_empty_files_are_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_cases(tmp_path / "nowhere.jsonl")
    with pytest.raises(ConfigError, match="holds no case"):
        load_cases(write(tmp_path, ""))


def test_judging(tmp_path: Path) -> None:
    (case,) = load_cases(write(tmp_path, line(attachments={})))
    good = judge_case(
        case, [ToolCall("c", "search", {"query": "shoe", "color": "काला", "max_price": "₹2,000"})], False
    )
    assert good.strict and good.lenient and good.as_json()["ok"] and good.as_json()["why"] == ""
    other = judge_case(case, [ToolCall("c", "recommend", {})], False)
    assert not other.strict and other.lenient and "called recommend" in other.as_json()["why"]
    silent = judge_case(case, [], False)
    assert silent.tool == "none" and not silent.lenient and silent.match.f1 == 0
    broken = judge_case(case, [], True)
    assert not broken.as_json()["ok"] and "cannot be read" in broken.as_json()["why"]
    twice = judge_case(case, [good.predicted, good.predicted], False)  # type: ignore[list-item]
    assert not twice.as_json()["ok"] and twice.strict


def test_none_cases_and_history(tmp_path: Path) -> None:
    history = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    path = write(
        tmp_path, line(expected_tool="none", acceptable_tools=..., expected_args={}, history=history, id=7)
    )
    (case,) = load_cases(path)
    assert case.case_id == "7" and len(case.history) == 2
    assert judge_case(case, [], False).as_json()["ok"]
    assert not judge_case(case, [], True).as_json()["ok"]


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 1: the attachment 'att1' is no file"):
        load_cases(write(tmp_path, line(attachments={"att1": "no.png"})))

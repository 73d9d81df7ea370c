"""The case file of `muse eval`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.errors import ConfigError
from muse_core.evaluation.cases.case import judge_case
from muse_core.evaluation.cases.case_file import load_cases
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
        "line 4: it is not JSON",
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
        case, [ToolCall("c", "search", {"query": "shoe", "color": "काला", "max_price": 2000})], False
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


def problems_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_cases(path)
    return caught.value.problems


def test_lines_of_another_encoding_are_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    good, dear = line(id="good").encode(), line(id="dear", utterance="शर्ट under £20")
    path.write_bytes(b"\n".join([good, dear.encode("utf-8")[:-30] + "£".encode("cp1252"), good]))
    first, second = problems_of(path)
    assert first.startswith("line 2: it is not UTF-8 (byte ") and first.endswith(
        "is 0xa3); save the whole file as UTF-8"
    )
    assert second == "line 3: the id 'good' stands in line 1 already; ids must differ"
    path.write_bytes(line().encode("utf-16")[:-1])
    with pytest.raises(ConfigError, match="is UTF-16 and broken or cut off"):
        load_cases(path)


def test_byte_order_marks_and_odd_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    lines = [line(id="a", utterance="one\u2028line"), "", line(id="b"), line(id="c")]
    path.write_bytes(
        b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\n\xef\xbb\xbf" + line(id="d").encode()
    )
    found = load_cases(path)
    assert [(case.case_id, case.line) for case in found] == [("a", 1), ("b", 3), ("c", 4), ("d", 5)]
    assert found[0].utterance == "one\u2028line"


def test_what_json_allows_and_a_case_does_not(tmp_path: Path) -> None:
    lines = [
        line()[:-1] + ', "id": "twice"}',
        line(id="x", utterance="\ud800"),
        line(id="y", expected_args={"max_price": [float("nan")]}),
        line(id="z", expected_args={"color": ["red"], "colour": ["red"]}),
        "[" * 100_000,
        line(id=["x"], language=["en"], expected_tool=None, acceptable_tools="search"),
    ]
    path = tmp_path / "cases.jsonl"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    said = "\n".join(problems_of(path))
    for expected in (
        "line 1: it is not JSON: 'id' given twice",
        "line 2: it is not UTF-8 (byte ",
        "line 3: it is not JSON: NaN is no value",
        "line 4: 'color' and 'colour' are one argument",
        "line 5: it is nested too deeply",
        "line 6: 'id' is ['x']",
        "line 6: 'language' is ['en']",
        "line 6: 'acceptable_tools' is 'search', expected a list",
    ):
        assert expected in said


def test_half_a_character_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps(json.loads(line()) | {"utterance": "\ud83d"}), encoding="ascii")
    assert "holds half a character" in problems_of(path)[0]


def test_a_number_that_no_float_holds_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    huge = json.loads(line()) | {"expected_args": {"max_price": [10**400]}}
    path.write_text(json.dumps(huge), encoding="ascii")
    assert "a whole number of more than 308 digits" in problems_of(path)[0]


def test_a_call_of_no_tool_is_malformed(tmp_path: Path) -> None:
    (case,) = load_cases(write(tmp_path, line(expected_tool="none", acceptable_tools=..., expected_args={})))
    verdict = judge_case(case, [ToolCall("c", "buy", {})], False)
    assert verdict.malformed and not verdict.strict and verdict.as_json()["why"] == "buy is no tool"

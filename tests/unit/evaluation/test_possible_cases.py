"""Cases that no call can pass are refused; exact is what a tool takes; what is not stated is not judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.errors import ConfigError
from muse_core.evaluation.cases.case import EvalCase, judge_case
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.cases.case_summary import summary
from muse_core.scoring.call_match import match_accepted
from muse_core.types import ToolCall


def case(tool: str = "search", args: Any = ..., **fields: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": "a",
        "language": "en",
        "utterance": "kurta under 2000",
        "expected_tool": tool,
    }
    return row | ({} if args is ... else {"expected_args": args}) | fields


def write(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "cases.jsonl"
    path.write_text(
        "\n".join(json.dumps(row | {"id": str(n)}) for n, row in enumerate(rows)), encoding="utf-8"
    )
    return path


def load(folder: Path, *rows: dict[str, Any]) -> list[EvalCase]:
    return load_cases(write(folder, *rows))


IMPOSSIBLE: dict[str, tuple[dict[str, Any], str]] = {
    "a range": (case(args={"query": ["kurta"], "max_price": ["1000-2000"]}), "max_price"),
    "two numbers": (case(args={"query": ["kurta"], "max_price": ["1000 to 2000"]}), "max_price"),
    "a sign": (case(args={"query": ["kurta"], "max_price": ["-5"]}), "max_price"),
    "a price in words": (case(args={"query": ["kurta"], "max_price": ["cheap"]}), "max_price"),
    "a negative price": (case(args={"query": ["kurta"], "max_price": [-5]}), "max_price"),
    "yes for a price": (case(args={"query": ["kurta"], "max_price": [True]}), "max_price"),
    "nine stars": (case(args={"query": ["kurta"], "min_rating": [9]}), "min_rating"),
    "stars in words": (case(args={"query": ["kurta"], "min_rating": ["very good"]}), "min_rating"),
    "an order that nobody knows": (case(args={"query": ["kurta"], "sort_by": ["newest"]}), "sort_by"),
    "a list for a text": (case(args={"query": [["kurta", "blue"]]}), "query"),
    "an object": (case(args={"query": ["kurta"], "colour": [{"a": 1}]}), "colour"),
    "five brands in one": (case(args={"query": ["kurta"], "brand": [[*"ABCDE"]]}), "brand"),
    "only the absent query": (case(args={"query": [""]}), "query"),
    "no query": (case(args={"colour": ["red"]}), "query is missing"),
    "none at all": (case(args={}), "query is missing"),
    "a filter by nothing": (case("filter", {}), "no argument was given"),
    "a filter by nothing much": (case("filter", {"size": [None, ""]}), "no argument was given"),
    "flat positions": (case("compare", {"items": [1, 2]}), "items"),
    "one position": (case("compare", {"items": [[1]]}), "items"),
    "one position twice": (case("compare", {"items": [[2, 2]]}), "items"),
    "position 0": (case("compare", {"items": [[0, 1]]}), "items"),
    "five positions": (case("compare", {"items": [[1, 2, 3, 4, 5]]}), "items"),
    "positions in words": (case("compare", {"items": ["first two"]}), "items"),
    "a target that is none": (case("translate", {"text": ["kurta"], "target": ["french"]}), "target"),
    "no target": (case("translate", {"text": ["kurta"]}), "target is missing"),
    "an attribute": (case("compare", {"items": [[1, 2]], "attribute": ["looks"]}), "attribute"),
    "a long colour": (case(args={"query": ["kurta"], "colour": ["x" * 201]}), "colour"),
    "blank": (case(args={"query": ["  "]}), "query"),
}

POSSIBLE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a price as text": (
        case(args={"query": ["kurta"], "max_price": ["2000"]}),
        {"query": "kurta", "max_price": 2000},
    ),
    "a written price": (
        case(args={"query": ["kurta"], "max_price": ["Rs. 2,000/-"]}),
        {"query": "kurtas", "max_price": 2000},
    ),
    "a Hindi price": (
        case(args={"query": ["kurta"], "max_price": ["२०००"]}),
        {"query": "kurta", "max_price": 2000},
    ),
    "stars with a plus": (
        case(args={"query": ["kurta"], "min_rating": ["4+"]}),
        {"query": "kurta", "min_rating": 4},
    ),
    "one of two": (
        case(args={"query": ["kurta"], "max_price": ["cheap", 2000]}),
        {"query": "kurta", "max_price": 2000},
    ),
    "an impossible optional": (
        case(args={"query": ["kurta"], "sort_by": ["newest", ""]}),
        {"query": "kurta"},
    ),
    "a size that is a number": (case(args={"query": ["shoes"], "size": [8]}), {"query": "shoe", "size": "8"}),
    "positions": (case("compare", {"items": [[1, 2]]}), {"items": [2, 1]}),
    "two lists of positions": (case("compare", {"items": [[1, 2], [1, 3]]}), {"items": [1, 3]}),
    "positions as text": (case("compare", {"items": [["1", "2"]]}), {"items": [1, 2]}),
    "an order spelled otherwise": (
        case(args={"query": ["kurta"], "sort_by": ["Price-Low"]}),
        {"query": "kurta", "sort_by": "price_low"},
    ),
    "a Hindi colour": (
        case(args={"query": ["kurta"], "color": ["laal"]}),
        {"query": "kurta", "colour": "red"},
    ),
    "an optional only": (case("filter", {"colour": ["red", ""]}), {"colour": "red"}),
    "nothing to suggest by": (case("recommend", {}), {}),
    "absent or absent": (case(args={"query": ["kurta"], "size": [None, ""]}), {"query": "kurta"}),
    "a picture": (case("visual_search", {"image": ["att1"]}), {"image": "att1"}),
}


@pytest.mark.parametrize(("row", "why"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_case_that_no_call_can_pass_is_refused(row: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, row)
    (problem,) = caught.value.problems
    assert problem.startswith("line 1: ") and why in problem and len(problem) < 300


@pytest.mark.parametrize(("row", "call"), POSSIBLE.values(), ids=POSSIBLE)
def test_a_case_that_a_call_can_pass_is_kept(
    row: dict[str, Any], call: dict[str, Any], tmp_path: Path
) -> None:
    (found,) = load(tmp_path, row)
    assert judge_case(found, [ToolCall("c", found.expected_tool, call)], False).exact


def test_the_acceptable_tools_do_not_matter(tmp_path: Path) -> None:
    assert load(tmp_path, case(args={"query": ["kurta"]}, acceptable_tools=["filter", "none"]))


# ---- exact is only what the tool takes -------------------------------------------------------------

REFUSED_CALLS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("search", {"query": ["kurta"], "max_price": [2000]}, {"query": "kurta", "max_price": "2000"}),
    ("search", {"query": ["kurta"], "max_price": ["2000"]}, {"query": "kurta", "max_price": "2000"}),
    ("search", {"query": ["kurta"], "max_price": ["cheap"]}, {"query": "kurta", "max_price": "cheap"}),
    ("search", {"query": ["kurta"], "max_price": [2000]}, {"query": "kurta", "max_price": "₹2,000"}),
    ("search", {"query": ["kurta"], "max_price": [2000]}, {"query": "kurta", "max_price": "२०००"}),
    ("search", {"query": ["kurta"], "max_price": [1]}, {"query": "kurta", "max_price": True}),
    ("search", {"query": ["kurta"], "sort_by": ["price_low"]}, {"query": "kurta", "sort_by": "Price Low"}),
    ("search", {"query": ["8"]}, {"query": 8}),
    ("search", {"query": ["kurta"]}, {"query": ["kurta"]}),
    ("compare", {"items": [[1, 2]]}, {"items": ["1", "2"]}),
    ("compare", {"items": [[1, 2]]}, {"items": [1, 2, 2]}),
    ("compare", {"items": [[1, 2]]}, {"items": [1.0, 2.0]}),
    ("translate", {"text": ["x"], "target": ["hi"]}, {"text": "x", "target": "HI"}),
]


@pytest.mark.parametrize(("tool", "accepted", "said"), REFUSED_CALLS)
def test_a_call_that_the_tool_refuses_is_not_exact(
    tool: str, accepted: dict[str, Any], said: dict[str, Any]
) -> None:
    match = match_accepted(tool, accepted, ToolCall("c", tool, said))
    assert match.tool_right and not match.exact and match.why and match.f1 < 1


def test_the_refused_argument_alone_is_wrong() -> None:
    accepted = {"query": ["kurta"], "max_price": [2000]}
    match = match_accepted(
        "search", accepted, ToolCall("c", "search", {"query": "kurta", "max_price": "2000"})
    )
    assert (match.tp, match.fp, match.fn) == (1, 1, 1) and "the tool refuses max_price='2000'" in match.why


@pytest.mark.parametrize(
    "said", [{"query": "Kurtas", "max_price": 2000}, {"query": "kurta", "max_price": 2000.0, "colour": None}]
)
def test_what_the_tool_takes_stays_exact(said: dict[str, Any]) -> None:
    accepted = {"query": ["kurta"], "max_price": ["2k"]}
    assert match_accepted("search", accepted, ToolCall("c", "search", said)).exact


# ---- what is not stated is not judged -----------------------------------------------------------------


@pytest.mark.parametrize("args", [..., None])
def test_arguments_that_are_not_stated_are_not_judged(args: Any, tmp_path: Path) -> None:
    rows = [case(args=args), case(args={"query": ["kurta"]}), case("recommend", {})]
    cases = load(tmp_path, *rows)
    calls = [
        ToolCall("c", "search", {"query": "anything", "colour": "red"}),
        ToolCall("c", "search", {"query": "kurta"}),
        ToolCall("c", "recommend", {"query": "kurta"}),
    ]
    verdicts = [judge_case(one, [call], False) for one, call in zip(cases, calls, strict=True)]
    assert [one.exact for one in verdicts] == [None, True, False]  # `{}` says: no arguments
    assert [one.as_json()["ok"] for one in verdicts] == [True, True, False]
    found: Any = summary(verdicts, {}, seed=1)
    assert (found["exact_call"]["value"], found["exact_call"]["n"]) == (0.5, 2)
    assert (found["argument_f1"]["value"], found["argument_f1"]["n"]) == (0.5, 2)
    assert found["tool_accuracy"]["strict"]["n"] == 3 and found["arguments_judged"] == 2


def test_the_decision_is_judged_all_the_same(tmp_path: Path) -> None:
    (one,) = load(tmp_path, case())
    search, wrong = ToolCall("c", "search", {"query": "x"}), ToolCall("c", "recommend", {})
    for calls, ok in (([search], True), ([wrong], False), ([], False), ([search, search], False)):
        verdict = judge_case(one, calls, False)
        assert verdict.exact is None and verdict.as_json()["ok"] == ok and bool(verdict.why) != ok


def test_no_call_is_judged_without_arguments(tmp_path: Path) -> None:
    (one,) = load(tmp_path, case("none"))
    assert judge_case(one, [], False).as_json()["ok"]
    assert not judge_case(one, [ToolCall("c", "search", {"query": "x"})], False).as_json()["ok"]


# ---- files ----------------------------------------------------------------------------------------

ROWS = [case(args={"query": ["kurta"]}, id="a"), case("none", id="b", utterance="धन्यवाद\u2028!")]
ROW_LINES = [json.dumps(row, ensure_ascii=False) for row in ROWS]
FILES: dict[str, bytes] = {
    "CRLF": "\r\n".join(ROW_LINES).encode(),
    "CR": "\r".join(ROW_LINES).encode(),
    "mark": "\n".join(ROW_LINES).encode("utf-8-sig"),
    "UTF-16": "\n".join(ROW_LINES).encode("utf-16"),
    "array": json.dumps(ROWS, indent=1, ensure_ascii=False).encode(),
    "array, a case a line": ("[\n" + ",\n".join(ROW_LINES) + "\n]").encode(),
    "objects, indented": "\n".join(json.dumps(row, indent=1) for row in ROWS).encode(),
    "envelope": json.dumps({"cases": ROWS}).encode(),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_the_same_two_cases(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(content)
    assert [(one.case_id, one.utterance) for one in load_cases(path)] == [
        ("a", "kurta under 2000"),
        ("b", "धन्यवाद\u2028!"),
    ]


def test_a_bad_case_of_an_array_is_named_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([ROWS[0], {"id": "x"}, ROWS[1]], indent=1))
    with pytest.raises(ConfigError, match="case 2: 'language' is missing"):
        load_cases(path)


def test_deep_values_are_one_problem(tmp_path: Path) -> None:
    for depth in (70, 900, 100_000):
        deep = "[" * depth + "]" * depth
        path = tmp_path / "cases.jsonl"
        path.write_text(
            json.dumps(case(args={"query": ["DEEP"]})).replace('"DEEP"', deep) + "\n" + ROW_LINES[1]
        )
        with pytest.raises(ConfigError) as caught:
            load_cases(path)
        assert len(caught.value.problems) == 1 and caught.value.problems[0].startswith("line 1: ")

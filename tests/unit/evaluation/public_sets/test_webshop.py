from __future__ import annotations

from pathlib import Path

from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.public_sets.registry import as_lines, convert_files
from tests.unit.evaluation.public_sets.made_up import SHARED, needs_shared, written

MAP = {"i want a blue kite with a long tail": ["blue kite long tail", "Blue kite, long tail"], "a drum": []}


def test_goals_and_queries_are_searches_of_which_only_the_decision_is_judged(tmp_path: Path) -> None:
    harvest = convert_files("webshop", [written(tmp_path, "goal_query_map.json", MAP)])
    assert [case["utterance"] for case in harvest.cases] == [
        "i want a blue kite with a long tail",
        "blue kite long tail",
        "a drum",
    ]
    assert all(case["expected_tool"] == "search" and "expected_args" not in case for case in harvest.cases)
    assert harvest.left_out == {"the same words again": 1}


def test_the_other_shapes(tmp_path: Path) -> None:
    goals = written(tmp_path, "human_goals.json", ["a red drum", "a kite"])
    items = {"B0": [{"instruction": "find a tin whistle", "instruction_options": {"color": "tin"}}]}
    both = convert_files("webshop", [goals, written(tmp_path, "items_human_ins.json", items)])
    assert [case["utterance"] for case in both.cases] == ["a red drum", "a kite", "find a tin whistle"]


@needs_shared
def test_the_real_part_converts_and_is_read_back(tmp_path: Path) -> None:
    harvest = convert_files("webshop", [SHARED / "utterances" / "webshop_goal_to_human_query.jsonl"])
    path = tmp_path / "cases.jsonl"
    path.write_text(as_lines(harvest.cases), "utf-8")
    cases = load_cases(path)
    assert len(cases) == len(harvest.cases) > 3000
    assert {case.expected_tool for case in cases} == {"search"}
    assert not any(case.judges_arguments for case in cases)

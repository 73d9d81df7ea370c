from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.errors import ConfigError
from muse_core.evaluation.cases.case import judge_case
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.public_sets.harvest import Harvest
from muse_core.evaluation.public_sets.registry import as_lines, convert_files
from muse_core.types import ToolCall
from tests.unit.evaluation.public_sets.made_up import (
    SHARED,
    computers,
    dialogues,
    needs_shared,
    spellings,
    turn,
    written,
)

WANTS = [["Inform", "PC", "computer type", "laptop"], ["Inform", "PC", "memory capacity", "16GB"]]


def converted(folder: Path, *turns: dict[str, Any], shop: bool = True) -> Harvest:
    paths = [written(folder, "talk.json", dialogues(*turns)), written(folder, "names.json", spellings())]
    return convert_files("xrisawoz", [*paths, *([written(folder, "pc.json", computers())] if shop else [])])


def test_what_is_wanted_is_a_search_with_the_shops_facets(tmp_path: Path) -> None:
    harvest = converted(tmp_path, turn("A laptop with 16 GB, please.", "Take the Kite 3.", WANTS))
    (case,) = harvest.cases
    assert (case["expected_tool"], case["acceptable_tools"]) == ("search", ["recommend"])
    arguments = case["expected_args"]
    assert arguments["memory_capacity"] == [16]
    assert {"laptop", "laptop computer"} <= set(arguments["query"])


def test_the_file_is_read_and_judged_by_muse_eval(tmp_path: Path) -> None:
    harvest = converted(tmp_path, turn("A laptop with 16 GB, please.", "Take the Kite 3.", WANTS))
    path = tmp_path / "cases.jsonl"
    path.write_text(as_lines(harvest.cases), "utf-8")
    (case,) = load_cases(path, harvest.schema)
    right = ToolCall("c0.0", "search", {"query": "laptop", "memory_capacity": 16})
    wrong = ToolCall("c0.0", "search", {"query": "laptop", "memory_capacity": 8})
    assert judge_case(case, [right], False).exact
    assert not judge_case(case, [wrong], False).exact


def test_a_value_in_other_words_is_the_databases(tmp_path: Path) -> None:
    said = [["Inform", "PC", "usage", "gaming machines"]]
    (case,) = converted(tmp_path, turn("Any gaming machines?", "Kite 3.", said)).cases
    assert set(case["expected_args"]["usage"]) == {"gaming", "gaming machines"}


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ("<5,000", {"max_price": [5000]}),
        ("more than 8,000 yuan", {"min_price": [8000]}),
        ("5,000-10,000", {"min_price": [5000], "max_price": [10000]}),
    ],
)
def test_a_price_range_is_two_limits(tmp_path: Path, said: str, ends: dict[str, Any]) -> None:
    acts = [["Inform", "PC", "pricerange", said]]
    (case,) = converted(tmp_path, turn("Something in that range.", "Kite 3.", acts)).cases
    assert {name: case["expected_args"].get(name) for name in ends} == ends


def test_what_was_answered_to_a_question_repeats_what_was_said_before(tmp_path: Path) -> None:
    first = turn("I want a laptop.", "How much memory?", [WANTS[0]], does="Request")
    case = converted(tmp_path, first, turn("16 GB.", "Kite 3.", [WANTS[1]])).cases[1]
    assert case["expected_tool"] == "search"
    assert case["expected_args"]["memory_capacity"] == [16] and "laptop" in case["expected_args"]["query"]
    assert [message["content"] for message in case["history"]] == ["I want a laptop.", "How much memory?"]


def test_what_only_adds_to_shown_results_is_a_filter(tmp_path: Path) -> None:
    first = turn("I want a laptop.", "Kite 1 and Kite 3.", [WANTS[0]])
    case = converted(tmp_path, first, turn("With 16 GB.", "Kite 3.", [WANTS[1]])).cases[1]
    assert (case["expected_tool"], case["acceptable_tools"]) == ("filter", ["search"])
    assert case["expected_args"] == {"memory_capacity": [16]}


def test_what_is_changed_after_results_is_a_search_again(tmp_path: Path) -> None:
    first = turn("I want 8 GB.", "Kite 1.", [["Inform", "PC", "memory capacity", "8GB"]])
    case = converted(tmp_path, first, turn("No, 16 GB.", "Kite 3.", [WANTS[1]])).cases[1]
    assert case["expected_tool"] == "search"
    assert case["expected_args"]["memory_capacity"] == [16]


@pytest.mark.parametrize(
    ("acts", "domain", "also"),
    [
        ([["Bye", "General", "", ""], ["General", "PC", "", ""]], "PC", None),
        ([["Request", "PC", "screen size", ""]], "PC", ["search"]),
        ([["Inform", "PC", "product name", "Kite 3"], ["Request", "PC", "price", ""]], "PC", ["search"]),
        ([["Inform", "Weather", "city", "Ambleton"]], "Weather", None),
    ],
)
def test_where_no_call_is_due(
    tmp_path: Path, acts: list[list[str]], domain: str, also: list[str] | None
) -> None:
    (case,) = converted(tmp_path, turn("Well then.", "Indeed.", acts, domain)).cases
    assert (case["expected_tool"], case.get("acceptable_tools")) == ("none", also)


def test_what_becomes_no_case_is_counted_by_reason(tmp_path: Path) -> None:
    hotel = turn("A room near the lake.", "Lake Inn.", [["Inform", "Hotel", "area", "lake"]], "Hotel")
    car = turn("A van.", "Which?", [["Inform", "Car", "classification", "van"]], "Car")
    more = turn("Another one?", "Kite 5.", [["Request", "PC", "product name", ""]])
    bare = turn("Hm.", "Yes?", [])
    harvest = converted(tmp_path, turn("Bye.", "Bye.", [["Bye", "General", "", ""]]), hotel, car, more, bare)
    assert len(harvest.cases) == 1
    assert sorted(harvest.left_out.values()) == [1, 1, 1, 1]
    said = " ".join(harvest.left_out)
    assert all(word in said for word in ("hotel", "no database of car", "another product", "no annotation"))


def test_a_slot_that_is_no_argument_leaves_only_the_decision(tmp_path: Path) -> None:
    acts = [["Inform", "PC", "CPU model", "Zed-11"]]
    harvest = converted(tmp_path, turn("One with a Zed-11.", "Kite 3.", acts))
    assert harvest.cases[0]["expected_tool"] == "search" and "expected_args" not in harvest.cases[0]
    assert "cpu model" in next(iter(harvest.unjudged))


def test_the_side_by_side_file_takes_its_values_from_the_english(tmp_path: Path) -> None:
    side = {
        "user": "16 GB वाला laptop दिखाओ", "system": "Kite 3", "state": {"PC-memory capacity": "सोलह"},
        "turn_inform": {}, "acts": [["Inform", "PC", "memory capacity", "सोलह"]],
    }  # fmt: skip
    english = side | {"user": "Show laptops with 16 GB", "acts": WANTS, "state": {}}
    row = {"dialogue": "d", "turn": 0, "domain": ["PC"], "en": english, "mixed": side}
    paths = [written(tmp_path, "rows.json", [row]), written(tmp_path, "pc.json", computers())]
    cases = convert_files("xrisawoz", paths).cases
    assert [case["language"] for case in cases] == ["en", "mixed"]
    assert cases[0]["expected_args"] == cases[1]["expected_args"]


def test_products_alone_are_no_cases(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file of dialogues"):
        convert_files("xrisawoz", [written(tmp_path, "pc.json", computers())])


def test_a_dialogue_of_another_shape_is_one_error(tmp_path: Path) -> None:
    broken = dialogues(turn("A laptop.", "Kite.", WANTS))
    del broken[0]["dialogue"][0]["belief_state"]
    with pytest.raises(ConfigError, match=r"another shape.*belief_state"):
        convert_files("xrisawoz", [written(tmp_path, "talk.json", broken)])


@needs_shared
@pytest.mark.parametrize("domain", ["tv", "car"])
def test_the_real_part_converts_and_is_read_back(tmp_path: Path, domain: str) -> None:
    real = SHARED / "utterances" / "xrisawoz_fewshot_parallel_en_hi_mixed.jsonl"
    harvest = convert_files("xrisawoz", [real, SHARED / "catalogs" / f"xrisawoz_{domain}_en.json"])
    path = tmp_path / "cases.jsonl"
    path.write_text(as_lines(harvest.cases), "utf-8")
    cases = load_cases(path, harvest.schema)
    rows = sum(1 for _ in real.open("rb")) * 3
    assert len(cases) + sum(harvest.left_out.values()) == rows
    searches = [case for case in cases if case.expected_tool == "search" and case.judges_arguments]
    assert len({case.case_id for case in cases}) == len(cases)
    assert len(searches) >= 9 and all(case.accepted["query"] for case in searches)
    assert {case.language for case in cases} == {"en", "hi", "mixed"}
    assert json.loads(as_lines(harvest.shop).split("\n")[0])

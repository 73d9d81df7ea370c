"""The sets of which only requests without a call become cases: Hinglish-TOP, BFCL, tau2 retail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.errors import ConfigError
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.public_sets.registry import as_lines, convert_files
from tests.unit.evaluation.public_sets.made_up import SHARED, needs_shared, written


def read_back(folder: Path, cases: list[dict[str, Any]]) -> int:
    path = folder / "cases.jsonl"
    path.write_text(as_lines(cases), "utf-8")
    return len(load_cases(path))


def test_both_texts_of_a_row_of_hinglish_top_expect_no_call(tmp_path: Path) -> None:
    table = tmp_path / "test.tsv"
    rows = [
        ("en_query", "cs_query", "en_parse", "cs_parse", "domain"),
        ("ring a bell at noon", "dopahar ko ghanti bajao", "[…]", "[…]", "alarm"),
        ("ring a bell at noon", "dopahar mein ghanti bajao", "[…]", "[…]", "alarm"),
        ("buy a bell", "ghanti kharido", "[…]", "[…]", "bells"),
    ]
    table.write_text("\n".join("\t".join(row) for row in rows), "utf-8")
    harvest = convert_files("hinglish-top", [table])
    told = [(case["language"], case["expected_tool"]) for case in harvest.cases]
    assert told == [("mixed", "none"), ("en", "none"), ("mixed", "none")]
    assert sorted(harvest.left_out.values()) == [1, 1]
    assert read_back(tmp_path, harvest.cases) == 3


@needs_shared
def test_the_real_part_of_hinglish_top(tmp_path: Path) -> None:
    harvest = convert_files("hinglish-top", [SHARED / "utterances" / "hinglish_top_human.parquet"])
    assert len(harvest.cases) + sum(harvest.left_out.values()) == 2 * 10873
    assert harvest.tools().keys() == {"none"} and harvest.languages().keys() == {"mixed", "en"}
    assert read_back(tmp_path, harvest.cases[:200]) == 200


def question(name: str, *messages: tuple[str, str]) -> dict[str, Any]:
    asked = [[{"role": role, "content": text} for role, text in messages]]
    return {"id": name, "question": asked, "function": [{"name": "moon.phase", "parameters": {}}]}


def test_irrelevance_of_bfcl_expects_no_call_and_the_rest_is_left_out(tmp_path: Path) -> None:
    lines = [
        question("live_irrelevance_0-0-0", ("user", "बताओ आज तारीख क्या है")),
        question("irrelevance_1", ("user", "Hello."), ("assistant", "Yes?"), ("user", "Boil an egg.")),
        question("irrelevance_2", ("system", "You are a cook."), ("user", "Boil an egg.")),
        question("irrelevance_3", ("user", "One."), ("user", "Two.")),
        question("simple_python_0", ("user", "What is the phase of the moon?")),
    ]
    path = tmp_path / "BFCL_v4_mixed.json"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    harvest = convert_files("bfcl", [path])
    assert [(case["language"], case["expected_tool"]) for case in harvest.cases] == [
        ("hi", "none"),
        ("en", "none"),
    ]
    assert [message["role"] for message in harvest.cases[1]["history"]] == ["user", "assistant"]
    assert sorted(harvest.left_out.values()) == [1, 1, 1]
    assert read_back(tmp_path, harvest.cases) == 2


def results(domain: str = "retail", actions: tuple[str, ...] = ("cancel_pending_order",)) -> dict[str, Any]:
    words = [("assistant", "How can I help?"), ("user", "Please cancel my kite."), ("assistant", "Which?")]
    messages: list[dict[str, Any]] = [{"role": role, "content": text} for role, text in words]
    called = {"role": "assistant", "content": None, "tool_calls": [{"name": "find", "arguments": {}}]}
    messages += [called, {"role": "tool", "content": "{}"}, {"role": "user", "content": "The blue one."}]
    return {
        "info": {"environment_info": {"domain_name": domain}},
        "tasks": [{"id": "4", "evaluation_criteria": {"actions": [{"name": name} for name in actions]}}],
        "simulations": [{"task_id": "4", "messages": messages}, {"task_id": "4", "messages": messages}],
    }


@pytest.mark.parametrize(
    ("actions", "tool", "also"),
    [
        (("cancel_pending_order",), "none", None),
        (("list_all_product_types", "get_product_details"), "search", ["recommend"]),
        (("get_product_details", "exchange_delivered_order_items"), "none", ["search"]),
    ],
)
def test_the_first_words_of_a_tau2_customer(
    tmp_path: Path, actions: tuple[str, ...], tool: str, also: list[str] | None
) -> None:
    harvest = convert_files("tau2", [written(tmp_path, "results.json", results(actions=actions))])
    (case,) = harvest.cases
    assert (case["utterance"], case["expected_tool"]) == ("Please cancel my kite.", tool)
    assert case.get("acceptable_tools") == also and len(case["history"]) == 1
    assert harvest.left_out == {"a later turn, about an order of that shop": 2, "the same words again": 1}
    assert read_back(tmp_path, harvest.cases) == 1


def test_tasks_and_other_domains_of_tau2_are_no_cases(tmp_path: Path) -> None:
    tasks = written(tmp_path, "tasks.json", [{"id": "0", "user_scenario": {"instructions": {}}}])
    airline = written(tmp_path, "airline.json", results("airline"))
    with pytest.raises(ConfigError) as caught:
        convert_files("tau2", [tasks, airline])
    assert "simulated customer" in str(caught.value) and "airline" in str(caught.value)

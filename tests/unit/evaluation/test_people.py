"""Requests of people: which there are, their cuts, the rows of the metrics table, ten failures by rule."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.errors import ConfigError
from muse_core.evaluation.cases.answers import Answer
from muse_core.evaluation.cases.case import EvalCase, judge_case
from muse_core.evaluation.people.asked import Asked
from muse_core.evaluation.people.cuts import columns_of, nouns_searched, script_of, words_of
from muse_core.evaluation.people.failures import (
    KINDS,
    argument_faults,
    expected_call,
    failure_counts,
    invented_values,
    kind_of,
    worst,
)
from muse_core.evaluation.people.measure import measure_people
from muse_core.evaluation.people.rows import people_rows
from muse_core.evaluation.people.sets import people_sets
from muse_core.evaluation.score.baselines import learn_baselines, turns_of
from muse_core.records import Row, to_table
from muse_core.scoring.normal import query_tokens
from muse_core.tools.shop_schema import PLAIN
from muse_core.types import Conversation, Message, ToolCall
from muse_core.utterances.origin import family_of
from tests import builders
from tests.unit.evaluation.builders_cases import case_path
from tests.unit.evaluation.builders_evaluation import conversation
from tests.unit.models.builders_models import tiny_model


def case(name: str, tool: str = "search", language: str = "en", **accepted: Any) -> EvalCase:
    found = {key: value if isinstance(value, list) else [value] for key, value in accepted.items()}
    return EvalCase(name, language, f"words of {name}", tool, (tool,), found)


def call(tool: str = "search", **arguments: Any) -> Answer:
    return Answer((ToolCall("c", tool, arguments),), text=f"<tool>{tool}(…)</tool>")


SILENT = Answer(text="Hello!")


def asked(pairs: list[tuple[EvalCase, Answer]], **decided: list[str]) -> Asked:
    cases, answers = [one for one, _ in pairs], [one for _, one in pairs]
    return Asked("people_", cases, {"dpo": answers, "sft": [SILENT] * len(cases)}, decided)


def logged(by: str) -> Conversation:
    """A held-out request of a log."""
    talk = conversation(500, side="test")
    return replace(talk, labels=(replace(talk.labels[0], family=family_of(by, "search", "en", "d")),))


# ---- which there are, and how they are cut ---------------------------------------------------------


def test_the_sets(tmp_path: Path) -> None:
    sizes = {one.prefix: len(one.cases) for one in people_sets(PLAIN)}
    assert sizes == {"people_": 172, "handwritten_": 60}
    more = people_sets(PLAIN, str(case_path(tmp_path)), [logged("rules"), logged("people"), logged("rules")])
    assert [(one.prefix, len(one.cases)) for one in more] == [
        ("cases_", 6), ("people_", 172), ("handwritten_", 60), ("labelled_", 1), ("logged_", 2),
    ]  # fmt: skip
    (tmp_path / "bad.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError, match=r"bad\.jsonl has"):
        people_sets(PLAIN, str(tmp_path / "bad.jsonl"))


def test_length_and_script() -> None:
    assert [words_of("w " * n) for n in (1, 4, 5, 8, 9, 12, 13, 40)] == [
        "1–4", "1–4", "5–8", "5–8", "9–12", "9–12", "13 or more", "13 or more",
    ]  # fmt: skip
    assert [script_of(text) for text in ("red shoes 42", "लाल जूते 42", "red जूते", "₹ 500")] == [
        "latin", "devanagari", "both", "latin",
    ]  # fmt: skip


def test_a_noun_is_seen_when_a_training_call_searched_for_it() -> None:
    train = [conversation(500)]
    known = nouns_searched(train)
    (query,) = {str(made.arguments["query"]) for message in train[0].messages for made in message.tool_calls}
    assert known == {query_tokens(query)}
    cases = [
        case("a", query=["loveseat", query]),
        case("b", query="loveseat"),
        case("c", "compare", items=[[1, 2]]),
    ]
    assert columns_of(cases, known)["noun"] == ["seen", "new", "none"]


# ---- rows ---------------------------------------------------------------------------------------


def rows_by_key(rows: list[Row]) -> dict[tuple[str, str, str], Row]:
    to_table("metrics", rows)
    found = {(row["model"], row["metric"], row["slice"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_rows_of_models_and_baselines_and_their_differences() -> None:
    pairs = [
        (case(f"s{at}", query="shirt", language=("en", "hi")[at % 2]), call(query="shirt"))
        for at in range(12)
    ]
    pairs += [(case(f"n{at}", "none"), SILENT) for at in range(4)]
    one = asked(pairs, always_search=["search"] * 16, always_none=["none"] * 16)
    known = rows_by_key(people_rows(one, {"sft"}, frozenset({query_tokens("shirt")}), 200, 3))
    assert known["dpo", "people_tool_accuracy", "all"]["value"] == 1.0
    assert known["dpo", "people_exact_call", "language=hi"]["n"] == 6
    assert known["dpo", "people_tool_accuracy", "noun=seen"]["n"] == 12
    assert known["sft", "people_tool_accuracy", "all"]["value"] == 0.25
    assert ("sft", "people_exact_call", "all") not in known  # it cannot call
    assert known["always_search", "people_tool_accuracy", "all"]["value"] == 0.75
    assert ("always_search", "people_exact_call", "all") not in known  # it only decides
    gap = known["dpo-always_search", "people_tool_accuracy", "all"]
    assert gap["value"] == 0.25 and 0 < gap["low"] < gap["high"]
    assert known["dpo-sft", "people_tool_accuracy", "all"]["value"] == 0.75
    assert ("dpo-sft", "people_tool_accuracy", "words=1–4") not in known


def test_a_real_model_is_measured_beside_the_classifier() -> None:
    index = CatalogIndex(Catalog((builders.product(product_id="p1"),)))
    train = [conversation(500 + at) for at in range(12)]
    baselines = learn_baselines(turns_of(train), 1)
    sixty = people_sets(PLAIN)[1:]
    found = measure_people({"dpo": tiny_model()}, baselines, sixty, train, index, 50, 1)
    known = rows_by_key(found.table)
    names = {model for model, metric, _ in known if metric == "handwritten_tool_accuracy"}
    baselines_asked = {"linear", "always_search", "always_none"}
    assert {"dpo", *baselines_asked, *(f"dpo-{name}" for name in baselines_asked)} == names
    assert known["linear", "handwritten_tool_accuracy", "all"]["n"] == 60
    about = found.about["handwritten_"]
    assert about["cases"] == 60 and len(about["failures"]) == 10
    assert 10 <= sum(count for _, count in about["kinds"]) <= 60
    json.dumps(about, allow_nan=False)


# ---- what goes wrong --------------------------------------------------------------------------------

PAIRS = [
    (case("ok", query="shirt"), call(query="shirt")),
    (case("unreadable", query="shirt"), Answer(malformed=True, text="<tool>search(")),
    (case("needless", "none"), call(query="shirt")),
    (case("silent", query="shirt"), SILENT),
    (case("tool", query="shirt"), call("recommend")),
    (case("noun", query="loveseat"), call(query="rug")),
    (case("price", query="shirt"), call(query="shirt", max_price=500)),
    (case("colour", query="shirt", colour="red"), call(query="shirt", colour="blue")),
    (case("less", query="shirt", colour="red"), call(query="shirt")),
    (case("twice", query="shirt"), Answer((*call(query="shirt").calls, *call(query="cap").calls))),
]  # fmt: skip


@pytest.mark.parametrize(("at", "kind"), list(enumerate([None, *(name for name, _ in KINDS)])))
def test_the_kind_of_a_failure(at: int, kind: str | None) -> None:
    one, answer = PAIRS[at]
    assert kind_of(judge_case(one, answer.calls, answer.malformed)) == kind


def test_what_a_case_accepts_is_no_failure() -> None:
    lenient = EvalCase(
        "a", "en", "gift for her", "recommend", ("recommend", "search"), {"occasion": ["gift"]}
    )
    assert kind_of(judge_case(lenient, call(query="gift").calls, False)) is None
    nothing = EvalCase("b", "en", "hm", "none", ("none", "recommend"))
    assert kind_of(judge_case(nothing, call("recommend").calls, False)) is None


def test_arguments_are_told_apart() -> None:
    wanted = case("a", query="shirt", colour=["red", ""], size="m", max_price=500)
    made = call(query="shirts", size="xl", max_price="500", brand="nadi")
    verdict = judge_case(wanted, made.calls, False)
    assert argument_faults(verdict) == {
        "query": "right", "size": "another value", "max_price": "another value",
        "brand": "not asked for", "colour": "left out",
    }  # fmt: skip
    faults = Counter(argument_faults(verdict).values())
    assert (verdict.match.tp, verdict.match.fp) == (
        faults["right"],
        faults["another value"] + faults["not asked for"],
    )
    assert argument_faults(judge_case(wanted, call("recommend").calls, False)) == {}


def test_invented_values_are_counted_over_calls_of_the_right_tool() -> None:
    verdicts = [judge_case(one, answer.calls, answer.malformed) for one, answer in PAIRS]
    found = invented_values(verdicts)
    assert found["calls"] == 6
    assert found["arguments"]["max_price"] == {"not asked for": 1}
    assert found["arguments"]["colour"] == {"another value": 1, "missing": 1}
    assert found["arguments"]["query"] == {"right": 5, "another value": 1}
    assert failure_counts(verdicts) == [(name, 1) for name, _ in KINDS]


def test_ten_failures_take_turns_by_kind() -> None:
    many = [(case(f"silent{at}", query="shirt", language="hi"), SILENT) for at in range(20)]
    entries = worst(asked([*many, *PAIRS]), "dpo")
    assert [one["kind"] for one in entries] == [*(name for name, _ in KINDS), KINDS[2][0]]
    assert {one["id"] for one in entries} > {"unreadable", "needless", "noun", "price", "colour", "less"}
    shown = next(one for one in entries if one["id"] == "noun")
    assert shown["expected"] == "search(query='loveseat')" and shown["wrote"] == "<tool>search(…)</tool>"
    assert shown["why"] == "query='rug'; expected 'loveseat'"
    assert worst(asked([*many, *PAIRS]), "dpo", 3) == entries[:3]
    assert worst(asked(PAIRS[:1]), "dpo") == []


def test_the_most_faulty_comes_first_then_another_language_then_the_id() -> None:
    extra = {"colour": "red", "brand": "nadi"}
    pairs = [
        (case("b", query="shirt"), call(query="shirt", colour="red")),
        (case("a", query="shirt"), call(query="shirt", colour="red")),
        (case("c", query="shirt", language="hi"), call(query="shirt", colour="red")),
        (case("d", query="shirt"), call(query="shirt", **extra)),
    ]
    assert [one["id"] for one in worst(asked(pairs), "dpo")] == ["d", "c", "a", "b"]


def test_what_is_due_is_said() -> None:
    assert expected_call(case("a", "none")) == "no call"
    optional = case("a", query=["shirt", "shirts"], sort_by=["price_low", ""])
    assert expected_call(optional) == "search(query='shirt')"
    open_ = EvalCase("a", "en", "x", "search", ("search",), judges_arguments=False)
    assert expected_call(open_) == "search(…)"
    long = EvalCase(
        "a", "en", "x " * 900, "search", ("search",), {"query": ["x"]}, history=(Message("user", "y"),)
    )
    (entry,) = worst(asked([(long, SILENT)]), "dpo")
    assert (
        str(entry["utterance"]).endswith("…")
        and len(str(entry["utterance"])) < 420
        and entry["before"] == "y"
    )

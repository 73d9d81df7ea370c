"""The sixty hand-written cases: valid, balanced, in nobody else's words; our scorer and a hand count."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from muse_core.evaluation.cases import handwritten
from muse_core.evaluation.cases.answers import context_of
from muse_core.evaluation.cases.case import EvalCase, Verdict, judge_case
from muse_core.evaluation.cases.case_summary import summary
from muse_core.evaluation.cases.handwritten.one_shop import handwritten_cases
from muse_core.evaluation.cases.handwritten.three_shops import people_cases
from muse_core.language.scripts import detect_language
from muse_core.scoring.normal import comparable, normal_text
from muse_core.tools.call_syntax import parse_call
from muse_core.tools.toolbox import ALL_TOOLS, TOOL_NAMES
from muse_core.types import LANGUAGES, ToolCall
from tests.unit.dialogue.test_no_human_text import HUMAN, grams, human_texts, sentences

CASES = handwritten_cases()
HERE = Path(handwritten.__file__).parent
HAND = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "cases" / "hand_count.jsonl").read_text("utf-8").splitlines()
]


def gold_call(case: EvalCase) -> list[ToolCall]:
    """The first accepted value of every argument."""
    if case.expected_tool == "none":
        return []
    return [ToolCall("c", case.expected_tool, {name: values[0] for name, values in case.accepted.items()})]


def judged(cases: list[EvalCase], calls: list[list[ToolCall]]) -> list[Verdict]:
    return [judge_case(case, made, False) for case, made in zip(cases, calls, strict=True)]


def test_twenty_per_language_and_every_decision() -> None:
    assert len(CASES) == 60
    counts = Counter((case.language, case.expected_tool) for case in CASES)
    for language in LANGUAGES:
        assert counts[language, "none"] == 7 and counts[language, "search"] == 3
        assert all(counts[language, tool] == 2 for tool in TOOL_NAMES if tool != "search")
    rows = [json.loads(line) for line in (HERE / "cases.jsonl").read_text("utf-8").splitlines()]
    kinds = Counter((row["language"], row["kind"]) for row in rows if row["expected_tool"] == "none")
    for language in LANGUAGES:
        wanted = {"ask_back": 3, "out_of_scope": 2, "small_talk": 2}
        assert {kind: counts for (of, kind), counts in kinds.items() if of == language} == wanted


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_the_case(case: EvalCase) -> None:
    assert detect_language(case.utterance) == case.language
    assert (
        ("[image:att1]" in case.utterance)
        == (case.expected_tool == "visual_search")
        == bool(case.attachments)
    )
    assert (case.expected_tool in ("filter", "compare")) == bool(case.history)
    for name, values in case.accepted.items():  # canonical values: English, or the words to translate
        assert name == "text" or all(str(value).isascii() for value in values)
        assert all(value == "" or comparable(name, value) is not None for value in values)
    for call in gold_call(case):
        tool = next(tool for tool in ALL_TOOLS if tool.name == call.name)
        tool.Arguments.model_validate(call.arguments)


def test_no_words_of_our_templates() -> None:
    said = {normal_text(case.utterance) for case in CASES}
    assert len(said) == 60
    ours = {normal_text(text) for text in sentences()}
    assert len(ours) > 1000 and not said & ours
    runs = {gram for text in sentences() for gram in grams(text)}
    assert not [case.case_id for case in CASES if runs & set(grams(case.utterance))]


@pytest.mark.skipif(not HUMAN.is_dir(), reason="the human utterances are not beside this project")
def test_no_six_words_of_other_people() -> None:
    mine = {gram: case.case_id for case in CASES for gram in grams(case.utterance)}
    assert len(mine) > 100
    assert not {mine[gram] for text in human_texts() for gram in grams(text) if gram in mine}


# ---- the scorer ---------------------------------------------------------------------------------


def test_gold_against_gold_is_a_hundred_percent() -> None:
    found = summary(judged(CASES, [gold_call(case) for case in CASES]), {}, seed=1)
    for name in ("exact_call", "argument_f1", "tool_macro_f1"):
        assert found[name]["value"] == 1.0, name  # type: ignore[index,call-overload]
    assert found["tool_accuracy"]["strict"]["value"] == 1.0  # type: ignore[index,call-overload]
    assert found["abstention"]["abstained"]["value"] == 1.0  # type: ignore[index,call-overload]
    assert found["exact_call"]["n"] == 39 and found["abstention"]["called"]["n"] == 21  # type: ignore[index,call-overload]
    assert all(case["ok"] and case["why"] == "" for case in found["cases"])  # type: ignore[index,union-attr,call-overload]


def test_shuffled_gold_is_near_chance() -> None:
    shares = np.array(list(Counter(case.expected_tool for case in CASES).values())) / len(CASES)
    accuracy, exact = [], []
    for seed in range(50):
        order = np.random.default_rng(seed).permutation(len(CASES))
        verdicts = judged(CASES, [gold_call(CASES[at]) for at in order])
        accuracy.append(np.mean([one.strict for one in verdicts]))
        exact.append(np.mean([one.exact for one in verdicts if one.case.expected_tool != "none"]))
    assert np.mean(accuracy) == pytest.approx(float((shares**2).sum()), abs=0.02)  # chance: 0.195
    assert np.mean(exact) < 0.05


@pytest.mark.parametrize("hand", HAND, ids=lambda hand: hand["id"])
def test_the_verdict_is_the_hand_count(hand: dict[str, object]) -> None:
    verdict = verdict_of(hand)
    assert {"strict": verdict.strict, "lenient": verdict.lenient, "exact": verdict.exact} == {
        name: hand[name] for name in ("strict", "lenient", "exact")
    }
    assert [verdict.match.tp, verdict.match.fp, verdict.match.fn] == hand["slots"]
    assert bool(verdict.why) != verdict.exact


def verdict_of(hand: dict[str, object]) -> Verdict:
    case = next(case for case in CASES if case.case_id == hand["id"])
    calls = [ToolCall("c", *parse_call(str(hand["call"])))] if hand["call"] else []
    return judge_case(case, calls, bool(hand["malformed"]))


def test_the_sums_are_the_hand_count() -> None:
    assert len(HAND) == 20 and {hand["id"].split("-")[0] for hand in HAND} == set(LANGUAGES)
    found = summary([verdict_of(hand) for hand in HAND], {}, seed=1)
    accuracy, abstention = found["tool_accuracy"], found["abstention"]
    assert accuracy["strict"]["value"] == 13 / 20 and accuracy["lenient"]["value"] == 14 / 20  # type: ignore[index,call-overload]
    assert found["exact_call"]["value"] == pytest.approx(2 / 15, abs=1e-6)  # type: ignore[index,call-overload]
    f1 = (4 / 7 + 2 / 3 + 1 + 1 + 2 / 3 + 1 / 2 + 4 / 5) / 15
    assert found["argument_f1"]["value"] == pytest.approx(f1, abs=1e-6)  # type: ignore[index,call-overload]
    shares = {name: one["value"] for name, one in abstention.items()}  # type: ignore[union-attr,index,call-overload]
    assert shares == {"abstained": 2 / 5, "malformed": 1 / 5, "called": 2 / 5}


# ---- three shops with facets of their own ---------------------------------------------------------


def test_requests_in_three_shops_cover_languages_and_tools() -> None:
    cases = people_cases()
    assert len({case.case_id for case in cases}) == len(cases) == 172
    languages = Counter(case.language for case in cases)
    assert set(languages) == set(LANGUAGES) and min(languages.values()) >= 50
    assert {"search", "filter", "recommend", "compare", "translate", "none"} == {
        case.expected_tool for case in cases
    }
    own = [case for case in cases if set(case.accepted) & {facet.name for facet in case.schema.facets}]
    assert len(own) >= 40  # that only a facet of the shop can express exactly


def test_a_case_is_asked_with_its_own_shops_list() -> None:
    case = next(case for case in people_cases() if "min_memory" in case.accepted)
    told = context_of(case)[0].content
    assert told.startswith("also: ") and "memory (gb)" in told and "heel_height" not in told


def test_a_value_that_nobody_asked_for_is_counted() -> None:
    case = next(case for case in people_cases() if case.case_id == "phones-en-search-1")
    right = ToolCall("c", "search", {"query": "phone", "min_memory": 8, "max_price": 25000})
    more = ToolCall("c", "search", {**right.arguments, "min_rating": 4})
    found = summary([judge_case(case, [one], False) for one in (right, more)], {}, seed=1)
    assert found["invented_value"]["value"] == 0.5  # type: ignore[index,call-overload]

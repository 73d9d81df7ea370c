"""For every rule of every suite: one change to good rows that breaks it.

Simple rules on stored columns are broken by their type; rules on derived columns and patterns have
their own entry. `tests/contract/test_suites.py` demands that no rule is without one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from data_contracts.schemas import SCHEMAS
from data_contracts.validate import Rule
from muse_core import records
from muse_core.types import Message, ToolCall, TurnLabel
from tests import builders

Rows = list[dict[str, Any]]
Break = Callable[[Rows], object]


def good_rows(kind: str) -> Rows:
    """Three valid rows of a kind."""
    return GOOD[kind]()


def table_of(kind: str, rows: Rows) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCHEMAS[kind])


def _rows(kind: str, objects: list[Any]) -> Rows:
    found: Rows = records.to_table(kind, objects).to_pylist()
    return found


TRAIN_IDS = [name for name in (f"u{n}" for n in range(99)) if records.side_of(name) == "train"][:3]


def _conversations() -> Rows:
    quiet = (Message("user", "नमस्ते"), Message("assistant", "नमस्ते!"))
    labels = (
        TurnLabel(0, "complete", "complete/en/plain", "search", plans=(("search",),), position=25),
        TurnLabel(1, "chit_chat", "chit_chat/hi/hello", "none"),
    )
    two_turns = builders.conversation(
        conversation_id="c2",
        profile_id=TRAIN_IDS[1],
        messages=(Message("system", "en | women"), *builders.search_turn(), *quiet),
        labels=labels,
    )
    both = (ToolCall("c0.0", "search", {"query": "a"}), ToolCall("c0.1", "search", {"query": "b"}))
    answers = [records.tool_message(records.ToolResult(call.call_id, None, "no")) for call in both]
    parallel = builders.conversation(
        conversation_id="c3",
        profile_id=TRAIN_IDS[2],
        messages=(
            Message("system", "en"),
            Message("user", "show me shirts under 2000"),
            Message("assistant", "", both),
            *answers,
            Message("assistant", "Nothing."),
        ),
    )
    one = builders.conversation(conversation_id="c1", profile_id=TRAIN_IDS[0])
    return _rows("conversations", [one, two_turns, parallel])


def _augmented() -> Rows:
    tricky = builders.augmented(
        row_id="c2.0.0",
        original_text="price < 2000 वाली shirt, \\u003c please",
        augmented_text=(
            "price \\u003c 2000 वाली <tool>search(query='shirt')</tool> shirt, \\u005cu003c please"
        ),
        tool_calls=(builders.PlacedCall("search", {"query": "shirt"}, 17, 2.0, None),),
    )
    dropped = builders.augmented(row_id="c3.0.0", kept=False, drop_reason="no_anchor", quality_score=0.0)
    return _rows("augmented", [builders.augmented(row_id="c1.0.0"), tricky, dropped])


def _references() -> Rows:
    row = {"chosen": -21.5, "rejected": -30.0, "chosen_tokens": 31, "rejected_tokens": 12}
    return [{"pair_id": f"c{n}.0.0", **row} for n in range(3)]


def _test_cases() -> Rows:
    row = records.conversation_row(builders.conversation(side="test")) | {
        "part": "test", "case_id": "c1.0", "turn": 0, "families": "new", "products": "seen", "drawn_for": "",
        "leaks": [], "like": "",
    }  # fmt: skip
    leaking = {
        "part": "left_out",
        "conversation_id": "c2",
        "case_id": "c2.0",
        "leaks": ["exact"],
        "like": "c9.1",
    }
    further = {"part": "further", "conversation_id": "c3", "case_id": "c3.0", "drawn_for": "multi_step"}
    return [row, {**row, **leaking}, {**row, **further}, {**row, "part": "unknown"}]


def _talks() -> Rows:
    turn = {"user": "काले जूते", "calls_json": '[{"name":"search","arguments":{}}]', "assistant": "[1]",
            "faults": [], "repair": None}  # fmt: skip
    row = {
        "player": "dpo", "case_id": "g0001.0", "goal_id": "g0001", "talk": 0, "profile_id": "u1",
        "language": "hi", "family": "f", "goal_json": "{}", "ending": "accepted", "turns": [turn, turn],
        "success": True, "soft": 1.0, "excess": 0.0, "language_share": 0.5, "no_faults": True,
        "recommended": True, "simulator_json": '[["repeats", 1]]',
    }  # fmt: skip
    lost = {"ending": "gave up", "success": False, "recommended": False, "case_id": "g0001.1", "talk": 1}
    repaired = {**turn, "faults": ["tag"], "repair": "sentence"}
    return [row, {**row, **lost, "turns": [repaired]}, {**row, "player": "sft"}]


def _predictions() -> Rows:
    row = {
        "part": "test", "model": "sft", "model_digest": "d", "case_id": "c1.0", "conversation_id": "c1",
        "profile_id": "u1", "family": "complete/en/plain", "turn_type": "complete", "language": "en",
        "gold_decision": "search", "predicted_decision": "search", "malformed": False,
        "gold_call_json": '{"name":"search"}', "predicted_call_json": '{"name":"search"}', "exact_call": True,
        "argument_f1": 1.0, "reply": "", "facts_json": "{}",
    }  # fmt: skip
    quiet = {"gold_decision": "none", "predicted_decision": "none", "gold_call_json": None}
    return [row, {**row, **quiet, "case_id": "c2.0"}, {**row, "part": "unknown"}]


def _lessons() -> Rows:
    row = {
        "lesson_id": "c1/0/user", "conversation_id": "c1", "turn": 0, "side": "train", "language": "en",
        "script": "en", "intent": "search", "model": "m", "request_digest": "0" * 64, "request": "{}",
        "answer": "{}", "failure": None, "tokens_in": 5, "tokens_out": 7, "seconds": 0.5,
        "texts": [{"text": "a blue shirt?", "reason": None, "position": 12},
                  {"text": "<b>", "reason": "markup", "position": None}],
    }  # fmt: skip
    silent = {"lesson_id": "c2/0/user", "answer": None, "failure": "budget", "texts": [], "seconds": 0.0}
    cut = {"lesson_id": "c3/0/reply", "intent": "reply", "failure": "truncated", "tokens_in": None}
    return [row, {**row, **silent, "tokens_out": None}, {**row, **cut}]


def _metrics() -> Rows:
    row = {
        "model": "sft", "metric": "tool_accuracy", "slice": "all", "value": 0.9, "low": 0.85, "high": 0.95,
        "n": 400, "unit": "share",
    }  # fmt: skip
    bare = {"metric": "drift", "value": -0.2, "low": None, "high": None, "n": 0}
    return [row, {**row, "slice": "language=hi"}, {**row, **bare}]


def _ratings() -> Rows:
    criteria = ("tool_appropriateness", "argument_quality", "fluency", "helpfulness")
    row = {
        "rating_id": "s/r1/i001", "study_id": "s", "pack_digest": "d", "rater_id": "r1", "item_id": "i001",
        "case_id": "c1.0", "conversation_id": "c1", "profile_id": "u1", "turn": 0, "side": "test",
        "language": "en", "turn_type": "complete", "model_a": "sft", "model_b": "dpo", "same_answer": False,
        **{f"{name}_a": 3 for name in criteria}, **{f"{name}_b": 4 for name in criteria},
        "preference": "B", "preferred_model": "dpo", "seconds": 40, "comment": "",
    }  # fmt: skip
    same = {f"{name}_{letter}": 5 for name in criteria for letter in "ab"} | {"same_answer": True}
    same |= {"preference": "tie", "preferred_model": "tie", "rating_id": "s/r1/i002", "item_id": "i002"}
    return [row, {**row, **same}, {**row, "rating_id": "s/r2/i001", "rater_id": "r2", "comment": "अच्छा"}]


def _feedback() -> Rows:
    asked, reply = '[{"role":"user","content":"red kurta"}]', '[{"role":"assistant","content":"Hm."}]'
    row = {
        "feedback_id": "f1", "time": "2026-11-30T05:00:00+00:00", "completion": "chatcmpl-1", "model": "muse",
        "thumb": "down", "wish": "values", "wish_text": "under 1500", "language": "en", "profile": "",
        "asked_json": asked, "answer_json": reply, "better_json": reply, "personal": [], "overlaps": None,
        "status": "waiting", "reason": None,
    }  # fmt: skip
    masked = asked.replace("kurta", "[email] 4111")
    gone = {"feedback_id": "f2", "status": "refused", "reason": "personal data", "personal": ["email"]}
    plain = {"wish": "nothing", "wish_text": "", "thumb": "up", "status": "accepted", "feedback_id": "f3"}
    return [row, {**row, **gone, "asked_json": masked, "better_json": None}, {**row, **plain}]


def _accepted() -> Rows:
    return [{**row, "status": "accepted"} for row in _feedback() if row["status"] != "refused"]


GOOD: dict[str, Callable[[], Rows]] = {
    "products": lambda: _rows(
        "products",
        [
            builders.product(),
            builders.product(product_id="p2", price=None, rating=None, brand=None, colour=None, gender=None),
            builders.product(product_id="p3", price=0.0, rating=5.0, product_type="t-shirt", title="शर्ट"),
        ],
    ),
    "profiles": lambda: _rows(
        "profiles",
        [
            builders.profile(profile_id=TRAIN_IDS[0]),
            builders.profile(profile_id=TRAIN_IDS[1], budget_min=None, budget_max=None),
            builders.profile(profile_id=TRAIN_IDS[2], budget_min=None),
        ],
    ),
    "conversations": _conversations,
    "augmented": _augmented,
    "preference_pairs": lambda: _rows(
        "preference_pairs", [builders.pair(pair_id=f"c{n}.0.0", conversation_id=f"c{n}") for n in range(3)]
    ),
    "references": _references,
    "lessons": _lessons,
    "test_cases": _test_cases,
    "predictions": _predictions,
    "talks": _talks,
    "metrics": _metrics,
    "ratings": _ratings,
    "feedback": _feedback,
    "accepted_feedback": _accepted,
}


def _put(**values: Any) -> Break:
    """Sets cells of the first row."""
    return lambda rows: rows[0].update(values)


def _message(which: int, **values: Any) -> Break:
    return lambda rows: rows[0]["messages"][which].update(values)


def _call(**values: Any) -> Break:
    return lambda rows: rows[0]["messages"][2]["tool_calls"][0].update(values)


def _label(**values: Any) -> Break:
    return lambda rows: rows[0]["labels"][0].update(values)


def _said(**values: Any) -> Break:
    return lambda rows: rows[0]["turns"][0].update(values)


def _text(**values: Any) -> Break:
    return lambda rows: rows[0]["texts"][0].update(values)


def _placed(**values: Any) -> Break:
    return lambda rows: rows[0]["tool_calls"][0].update(values)


def _response(side: str, **values: Any) -> Break:
    return lambda rows: rows[0][f"{side}_response"].update(values)


def _turn(side: str, which: int, **values: Any) -> Break:
    return lambda rows: rows[0][f"{side}_response"]["messages"][which].update(values)


def _cut_off(side: str) -> Break:
    """A turn that calls and never hears what came of it."""

    def take(rows: Rows) -> None:
        call, _, reply = rows[0]["chosen_response"]["messages"]
        rows[0][f"{side}_response"].update(
            messages=[call, {**reply, "content": "x"}], tool_sequence=["search"]
        )

    return take


def _answering(side: str, call_id: str) -> Break:
    """A result of a call that nobody made."""

    def take(rows: Rows) -> None:
        call, result, reply = rows[0]["chosen_response"]["messages"]
        messages = [call, result, {**result, "answers_call": call_id}, reply]
        rows[0][f"{side}_response"].update(messages=messages, tool_sequence=["search"])

    return take


BETWEEN, IN_SET = "expect_column_values_to_be_between", "expect_column_values_to_be_in_set"
NOT_NULL, EQUAL = "expect_column_values_to_not_be_null", "expect_column_pair_values_to_be_equal"
MATCH, NO_MATCH = "expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex"
GREATER = "expect_column_pair_values_a_to_be_greater_than_b"

FEEDBACK: dict[str, Break] = {
    f"asked_ok: {IN_SET}": _put(asked_json="{}"),
    f"answer_ok: {IN_SET}": _put(answer_json=None),
    f"better_ok: {IN_SET}": _put(better_json="{"),
    f"wish_agrees: {IN_SET}": _put(wish_text=""),
    f"ends_with_user: {IN_SET}": _put(asked_json='[{"role":"assistant","content":"Hm."}]'),
    f"ends_with_assistant: {IN_SET}": _put(better_json='[{"role":"user","content":"red kurta"}]'),
    f"personal_left: {BETWEEN}": _put(wish_text="write to asha.k@example.org"),
}
PLANTED: dict[str, dict[str, Break]] = {
    "products": {
        f"title: {MATCH}": _put(title=" "),
        f"product_type: {MATCH}": _put(product_type="Shirt"),
        f"brand: {NO_MATCH}": _put(brand="NaN"),
        f"colour: {NO_MATCH}": _put(colour=""),
        f"currency: {MATCH}": _put(currency="₹"),
        f"attributes_ok: {IN_SET}": _put(attributes_json="[1]"),
        f"facets_ok: {IN_SET}": _put(facets_json='{"Memory (GB)": ["16 gb"]}'),
    },
    "profiles": {
        f"side_matches_id: {IN_SET}": _put(side="test"),
        f"budget_max and budget_min: {GREATER}": _put(budget_max=1.0),
    },
    "conversations": {
        f"side_matches_profile: {IN_SET}": _put(side="dev"),
        f"n_messages: {BETWEEN}": lambda rows: rows[0]["messages"].__delitem__(slice(1, None)),
        f"user_turns and n_user_messages: {EQUAL}": _put(user_turns=2),
        f"n_labels and n_user_messages: {EQUAL}": _put(labels=[]),
        f"first_role: {IN_SET}": _message(0, role="user"),
        f"second_role: {IN_SET}": _message(1, role="assistant"),
        f"last_role: {IN_SET}": _message(-1, role="tool"),
        f"empty_user_texts: {BETWEEN}": _message(1, content=" \n"),
        f"unanswered_calls: {BETWEEN}": lambda rows: rows[0]["messages"].pop(3),
        f"orphan_results: {BETWEEN}": _message(3, answers_call="c9.9"),
        f"repeated_call_ids: {BETWEEN}": lambda rows: rows[2]["messages"][2]["tool_calls"][1].update(
            call_id="c0.0"
        ),
        f"unknown_tools: {BETWEEN}": _call(name="buy"),
        f"bad_arguments: {BETWEEN}": _call(arguments_json='{"query":"shirt","colour":null}'),
        f"repeated_labels: {BETWEEN}": lambda rows: rows[1]["labels"][1].update(turn=0),
        f"bad_positions: {BETWEEN}": _label(position=26),
        f"mislabelled_turns: {BETWEEN}": _label(decision="none"),
        f"unknown_turn_types: {BETWEEN}": _label(turn_type="small talk"),
        f"goal_ok: {IN_SET}": _put(goal_json="{"),
        f"attachments_ok: {IN_SET}": _put(attachments_json="null"),
        f"shop_ok: {IN_SET}": _put(shop="17-test-5"),
    },
    "augmented": {
        f"original_text: {MATCH}": _put(original_text=" "),
        f"kept_agrees_with_reason: {IN_SET}": _put(drop_reason="low_utility"),
        f"kept_without_call: {IN_SET}": _put(tool_calls=[]),
        f"removal_ok: {IN_SET}": _put(original_text="show me shirts under 3000"),
        f"positions_match: {IN_SET}": _placed(position=4),
        f"bad_positions: {BETWEEN}": _placed(position=45),
        f"unknown_tools: {BETWEEN}": _placed(tool_name="buy"),
        f"bad_arguments: {BETWEEN}": _placed(arguments="query='shirt'"),
        f"bad_results: {BETWEEN}": _placed(result="{"),
        f"missing_utilities: {BETWEEN}": _placed(utility_score=None),
    },
    "preference_pairs": {
        f"input_matches_prompt: {IN_SET}": _put(input="hello"),
        f"prompt_first_role: {IN_SET}": lambda rows: rows[0]["prompt"][0].update(role="user"),
        f"prompt_last_role: {IN_SET}": lambda rows: rows[0]["prompt"][-1].update(role="assistant"),
        f"prompt_last_role: {NOT_NULL}": _put(prompt=[]),
        f"chosen_first_role: {NOT_NULL}": _response("chosen", messages=[]),
        f"chosen_first_role: {IN_SET}": _turn("chosen", 0, role="user"),
        f"chosen_last_role: {IN_SET}": _turn("chosen", -1, role="tool"),
        f"rejected_first_role: {NOT_NULL}": _response("rejected", messages=[]),
        f"rejected_first_role: {IN_SET}": _turn("rejected", 0, role="tool"),
        f"rejected_last_role: {IN_SET}": lambda rows: rows[0]["rejected_response"].update(
            messages=rows[0]["chosen_response"]["messages"][:2], tool_sequence=["search"]
        ),
        f"rejected_unanswered_calls: {BETWEEN}": _cut_off("rejected"),
        f"rejected_orphan_results: {BETWEEN}": _answering("rejected", "c9.9"),
        f"chosen_unanswered_calls: {BETWEEN}": lambda rows: rows[0]["chosen_response"]["messages"].pop(1),
        f"chosen_orphan_results: {BETWEEN}": _turn("chosen", 1, answers_call="c9.9"),
        f"chosen_score: {NOT_NULL}": _response("chosen", quality_score=None),
        f"chosen_score: {BETWEEN}": _response("chosen", quality_score=5.1),
        f"rejected_score: {NOT_NULL}": _response("rejected", quality_score=None),
        f"rejected_score: {BETWEEN}": _response("rejected", quality_score=0.9),
        f"chosen_score and rejected_score: {GREATER}": _response("rejected", quality_score=4.2),
        f"strength_error: {BETWEEN}": _put(strength=0.9),
        f"sides_differ: {IN_SET}": lambda rows: rows[0].update(rejected_response=rows[0]["chosen_response"]),
        f"sequences_match: {IN_SET}": _response("chosen", tool_sequence=["search", "filter"]),
        f"evidence_ok: {IN_SET}": _put(evidence_json=json.dumps("good")),
    },
    "references": {},
    "lessons": {
        f"request_digest: {MATCH}": _put(request_digest="sha"),
        f"has_answer_or_failure: {IN_SET}": _put(failure="tired"),
        f"texts_without_answer: {IN_SET}": _put(answer=None, failure="timeout"),
        f"blank_texts: {BETWEEN}": _text(text=" "),
        f"unknown_reasons: {BETWEEN}": _text(reason="ugly", position=None),
        f"misplaced_texts: {BETWEEN}": _text(reason="markup"),
    },
    "test_cases": {
        "part and case_id: expect_compound_columns_to_be_unique": lambda rows: rows.append(rows[0]),
        f"case_matches: {IN_SET}": _put(turn=1),
        f"own_labels: {BETWEEN}": _label(turn=1),
        f"drawn_agrees: {IN_SET}": _put(drawn_for="multi_step"),
        f"leaks_agree: {IN_SET}": _put(like="c9.1"),
        f"left_out_leaks: {IN_SET}": lambda rows: rows[1].update(leaks=[], like=""),
        f"first_role: {NOT_NULL}": _put(messages=[]),
        f"first_role: {IN_SET}": _message(0, role="user"),
        f"unanswered_calls: {BETWEEN}": lambda rows: rows[0]["messages"].pop(3),
        f"orphan_results: {BETWEEN}": _message(3, answers_call="c9.9"),
        f"unknown_tools: {BETWEEN}": _call(name="buy"),
        f"bad_arguments: {BETWEEN}": _call(arguments_json="null"),
        f"goal_ok: {IN_SET}": _put(goal_json="{"),
        f"attachments_ok: {IN_SET}": _put(attachments_json="null"),
        f"shop_ok: {IN_SET}": _put(shop="a shop"),
        f"unseen_agrees: {IN_SET}": _put(shop="17-test-5"),
    },
    "talks": {
        "player and case_id: expect_compound_columns_to_be_unique": _put(player="sft"),
        f"n_turns: {BETWEEN}": _put(turns=[]),
        f"silent_turns: {BETWEEN}": _said(user=" "),
        f"bad_calls: {BETWEEN}": _said(calls_json="{}"),
        f"success_recommends: {IN_SET}": _put(recommended=False),
        f"goal_ok: {IN_SET}": _put(goal_json="[]"),
        f"simulator_ok: {IN_SET}": _put(simulator_json="{}"),
    },
    "predictions": {
        "model and part and case_id: expect_compound_columns_to_be_unique": lambda rows: rows.append(rows[0]),
        f"exact_is_right: {IN_SET}": _put(predicted_decision="filter"),
        f"gold_call_ok: {IN_SET}": _put(gold_call_json="search()"),
        f"predicted_call_ok: {IN_SET}": _put(predicted_call_json="[]"),
        f"facts_ok: {IN_SET}": _put(facts_json=None),
    },
    "metrics": {
        "model and metric and slice: expect_compound_columns_to_be_unique": lambda rows: rows.append(rows[0]),
        f"value and low: {GREATER}": _put(low=0.91),
        f"high and value: {GREATER}": _put(high=0.89),
    },
    "ratings": {
        "study_id and rater_id and item_id: expect_compound_columns_to_be_unique": _put(rater_id="r2"),
        f"models_differ: {IN_SET}": _put(model_a="dpo"),
        f"preferred_is_shown: {IN_SET}": _put(preferred_model="sft"),
        f"same_answers_rated_alike: {IN_SET}": lambda rows: rows[1].update(fluency_b=4),
    },
    "feedback": FEEDBACK
    | {
        f"better_agrees: {IN_SET}": _put(better_json=None),
        f"reason_agrees: {IN_SET}": lambda rows: rows[1].update(reason=None),
        f"unclean_is_refused: {IN_SET}": _put(overlaps="c000017.2"),
    },
    "accepted_feedback": FEEDBACK | {f"is_clean: {IN_SET}": _put(personal=["phone"])},
}


def planted(kind: str, rule: Rule) -> Break | None:
    """The change that breaks a rule: its own entry, or one that follows from its type."""
    own = PLANTED[kind].get(rule.name)
    if own is not None:
        return own
    if rule.type == "expect_table_row_count_to_be_between":
        return lambda rows: rows.clear()
    if rule.column not in SCHEMAS[kind].names:
        return None
    return _by_type(rule)


def _by_type(rule: Rule) -> Break | None:
    if rule.type == NOT_NULL:
        return _put(**{rule.column: None})
    if rule.type == IN_SET:
        return _put(**{rule.column: "nonsense"})
    if rule.type == "expect_column_values_to_be_unique":
        return lambda rows: rows[1].update({rule.column: rows[0][rule.column]})
    if rule.type == BETWEEN:
        low, high = rule.arguments.get("min_value"), rule.arguments.get("max_value")
        return _put(**{rule.column: low - 1 if low is not None else (high or 0) + 1})
    return None

"""Flat facts about nested rows: what a suite can put a rule on.

Great Expectations checks columns of plain values. Lists of messages, calls and labels are therefore
counted here, vectorised, into columns such as `unanswered_calls` or `positions_match`; the suites
(`<kind>.yaml`) say what those must be. Nothing of muse_core is imported: a contract that used the code
it checks would follow that code's mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data_contracts.feedback import feedback_facts
from data_contracts.lessons import lesson_facts
from data_contracts.nested import (
    Items,
    Messages,
    all_of,
    are_arguments,
    are_facets,
    blank,
    conversation_facts,
    is_json,
    is_list,
    is_object,
    known_tools,
    sides_match,
)  # fmt: skip

Frame = pd.DataFrame

ROWS_AT_ONCE = 8192
_PLACED_CALL = re.compile(r" <tool>[^<]*</tool>")
_ESCAPED = re.compile(r"\\u003c|\\u005c(?=u00[35]c)")


def flat_frame(kind: str, table: pa.Table) -> Frame:
    """The plain columns of a table, with the derived ones of its kind. Every derived column is a fact
    about its own row, so that some thousand rows at a time need little memory."""
    starts = range(0, max(table.num_rows, 1), ROWS_AT_ONCE)
    frames = [_frame(kind, table.slice(start, ROWS_AT_ONCE)) for start in starts]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _frame(kind: str, table: pa.Table) -> Frame:
    plain = [field.name for field in table.schema if not _nested(field.type)]
    frame = table.select(plain).to_pandas()
    derive = DERIVED.get(kind)
    return frame.assign(**derive(table)) if derive else frame


def _nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind))


def _products(table: pa.Table) -> dict[str, Any]:
    return {
        "attributes_ok": all_of(table["attributes_json"], is_object),
        "facets_ok": all_of(table["facets_json"], are_facets),
    }


def _profiles(table: pa.Table) -> dict[str, Any]:
    return {"side_matches_id": sides_match(table, "profile_id")}


def _conversations(table: pa.Table) -> dict[str, Any]:
    messages = Messages(table["messages"])
    users = messages.role == "user"
    return {
        "n_messages": messages.items.count(),
        "n_user_messages": messages.items.count(users),
        "first_role": messages.items.at("role", 0),
        "second_role": messages.items.at("role", 1),
        "last_role": messages.items.at("role", -1),
        "empty_user_texts": messages.items.count(users & blank(messages.items.field("content"))),
        "side_matches_profile": sides_match(table, "profile_id"),
        **conversation_facts(table),
        **messages.call_facts(),
        **_label_facts(table, messages),
    }


def _label_facts(table: pa.Table, messages: Messages) -> dict[str, Any]:
    """Whether each user turn has one label, and each label agrees with the turn it is about."""
    labels, users = Items(table["labels"]), messages.role == "user"
    turn = messages.turn()
    key = ["row", "turn"]
    spoken = pd.DataFrame(
        {
            "row": messages.items.row[users],
            "turn": turn[users],
            "length": pc.utf8_length(messages.items.field("content")).to_pandas()[users].to_numpy(),
        }
    )
    called = pd.DataFrame(
        {
            "row": messages.call_row,
            "turn": turn[messages.call_message],
            "tool": messages.calls.field("name").to_pandas().to_numpy(),
        }
    ).drop_duplicates(key)
    said = pd.DataFrame(
        {
            "row": labels.row,
            "turn": labels.field("turn").to_pandas().to_numpy(),
            "decision": labels.field("decision").to_pandas().to_numpy(),
            "position": labels.field("position").to_pandas().to_numpy(dtype=float),
        }
    )
    joined = said.merge(spoken, "left", key).merge(called, "left", key)
    outside = joined["length"].isna() | (joined["position"] < 0) | (joined["position"] > joined["length"])
    wrong = joined["decision"] != joined["tool"].fillna("none")
    return {
        "n_labels": labels.count(),
        "repeated_labels": labels.count(said.duplicated(key).to_numpy()),
        "bad_positions": labels.count(outside.to_numpy()),
        "mislabelled_turns": labels.count(wrong.to_numpy()),
        "unknown_turn_types": labels.count(
            ~labels.field("turn_type").to_pandas().isin(TURN_TYPES).to_numpy()
        ),
    }


TURN_TYPES = (
    "complete", "missing_slot", "out_of_scope", "refinement", "comparison", "chit_chat", "multi_step",
    "recommendation", "translation", "picture",
)  # fmt: skip


def _augmented(table: pa.Table) -> dict[str, Any]:
    calls = Items(table["tool_calls"])
    kept, reason = table["kept"].to_pandas(), table["drop_reason"].to_pandas()
    removed, placed = _without_calls(table["augmented_text"].to_pylist())
    positions: list[list[int]] = [[] for _ in range(calls.rows)]
    for row, position in zip(calls.row.tolist(), calls.field("position").to_pylist(), strict=True):
        positions[row].append(-1 if position is None else position)
    length = pc.utf8_length(table["original_text"]).to_pandas().to_numpy()[calls.row]
    position = calls.field("position").to_pandas().to_numpy(dtype=float)
    score = calls.field("utility_score").to_pandas()
    return {
        "n_calls": calls.count(),
        "removal_ok": [a == b for a, b in zip(removed, table["original_text"].to_pylist(), strict=True)],
        "positions_match": [
            not keep or sorted(a) == b for keep, a, b in zip(kept, positions, placed, strict=True)
        ],
        "bad_positions": calls.count(~((position >= 0) & (position <= length))),
        "unknown_tools": calls.count(~calls.field("tool_name").to_pandas().isin(known_tools()).to_numpy()),
        "bad_arguments": calls.count(~all_of(calls.field("arguments"), are_arguments)),
        "bad_results": calls.count(~all_of(calls.field("result"), is_json)),
        "missing_utilities": calls.count(
            (score.isna() & kept.iloc[calls.row].eq(True).to_numpy()).to_numpy()
        ),
        "kept_agrees_with_reason": kept.eq(True) == reason.isna(),
        "kept_without_call": kept.eq(True) & (calls.count() == 0),
    }


def _without_calls(texts: Iterable[str | None]) -> tuple[list[str], list[list[int]]]:
    """Each text without its calls, and the offsets in that text at which they stood."""
    originals, places = [], []
    for text in texts:
        parts = [_unescaped(part) for part in _PLACED_CALL.split(text or "")]
        originals.append("".join(parts))
        places.append(np.cumsum([len(part) for part in parts[:-1]], dtype=int).tolist())
    return originals, places


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: "<" if found.group().endswith("3c") else "\\", text)


def _preference_pairs(table: pa.Table) -> dict[str, Any]:
    chosen, rejected = _response(table, "chosen_response"), _response(table, "rejected_response")
    prompt = Messages(table["prompt"])
    chosen_messages, rejected_messages = Messages(chosen["messages"]), Messages(rejected["messages"])
    gap = chosen["quality_score"].to_pandas() - rejected["quality_score"].to_pandas()
    last_user = prompt.items.at("content", -1)
    return {
        "prompt_first_role": prompt.items.at("role", 0),
        "prompt_last_role": prompt.items.at("role", -1),
        "input_matches_prompt": last_user.to_numpy() == table["input"].to_pandas().to_numpy(),
        "chosen_first_role": chosen_messages.items.at("role", 0),
        "chosen_last_role": chosen_messages.items.at("role", -1),
        "rejected_first_role": rejected_messages.items.at("role", 0),
        "rejected_last_role": rejected_messages.items.at("role", -1),
        "chosen_unanswered_calls": chosen_messages.call_facts()["unanswered_calls"],
        "chosen_orphan_results": chosen_messages.call_facts()["orphan_results"],
        "rejected_unanswered_calls": rejected_messages.call_facts()["unanswered_calls"],
        "rejected_orphan_results": rejected_messages.call_facts()["orphan_results"],
        "chosen_score": chosen["quality_score"].to_pandas(),
        "rejected_score": rejected["quality_score"].to_pandas(),
        "strength_error": (1 / (1 + np.exp(-gap)) - table["strength"].to_pandas()).abs(),
        "sides_differ": [
            a != b
            for a, b in zip(chosen["messages"].to_pylist(), rejected["messages"].to_pylist(), strict=True)
        ],
        "sequences_match": _sequences_match(chosen) & _sequences_match(rejected),
        "evidence_ok": all_of(table["evidence_json"], is_object),
    }


def _response(table: pa.Table, name: str) -> dict[str, pa.Array]:
    struct = table[name].combine_chunks()
    return {part.name: pc.struct_field(struct, part.name) for part in struct.type}


def _sequences_match(response: dict[str, pa.Array]) -> np.ndarray:
    """`tool_sequence` names the calls of the messages, in order."""
    rows = zip(response["tool_sequence"].to_pylist(), response["messages"].to_pylist(), strict=True)
    return np.array(
        [
            (names or []) == [call["name"] for message in turn or [] for call in message["tool_calls"] or []]
            for names, turn in rows
        ],
        dtype=bool,
    )


def _predictions(table: pa.Table) -> dict[str, Any]:
    exact, gold = table["exact_call"].to_pandas(), table["gold_decision"].to_pandas()

    def object_or_none(column: str) -> np.ndarray:
        return table[column].is_null().to_numpy() | all_of(table[column], is_object)

    return {
        "exact_is_right": ~exact.eq(True) | (gold == table["predicted_decision"].to_pandas()),
        "gold_call_ok": object_or_none("gold_call_json"),
        "predicted_call_ok": object_or_none("predicted_call_json"),
        "facts_ok": all_of(table["facts_json"], is_object),
    }


def _test_cases(table: pa.Table) -> dict[str, Any]:
    messages, labels, leaks = Messages(table["messages"]), Items(table["labels"]), Items(table["leaks"])
    rows = zip(table["conversation_id"].to_pylist(), table["turn"].to_pylist(), strict=True)
    own = labels.field("turn").to_pandas().to_numpy() == table["turn"].to_pandas().to_numpy()[labels.row]
    part, drawn = table["part"].to_pandas(), table["drawn_for"].to_pandas()
    return {
        "case_matches": [f"{name}.{turn}" for name, turn in rows] == table["case_id"].to_pandas(),
        "own_labels": labels.count(own),
        "first_role": messages.items.at("role", 0),
        "drawn_agrees": part.eq("further") == drawn.ne(""),
        "leaks_agree": (leaks.count() > 0) == table["like"].to_pandas().ne(""),
        "left_out_leaks": part.ne("left_out") | (leaks.count() > 0),
        "unseen_agrees": part.eq("unseen") == table["shop"].to_pandas().notna(),
        **conversation_facts(table),
        **messages.call_facts(),
    }


def _talks(table: pa.Table) -> dict[str, Any]:
    turns = Items(table["turns"])
    success, recommended = table["success"].to_pandas(), table["recommended"].to_pandas()
    return {
        "n_turns": turns.count(),
        "silent_turns": turns.count(blank(turns.field("user"))),
        "bad_calls": turns.count(~all_of(turns.field("calls_json"), is_list)),
        "goal_ok": all_of(table["goal_json"], is_object),
        "simulator_ok": all_of(table["simulator_json"], is_list),
        "success_recommends": ~success.eq(True) | recommended.eq(True),
    }


CRITERIA = ("tool_appropriateness", "argument_quality", "fluency", "helpfulness")


def _ratings(table: pa.Table) -> dict[str, Any]:
    frame = table.drop_columns(["comment"]).to_pandas()
    preferred = frame["model_a"].where(frame["preference"] == "A", frame["model_b"])
    preferred = preferred.mask(frame["preference"] == "tie", "tie")
    equal = [frame[f"{name}_a"].eq(frame[f"{name}_b"]) for name in CRITERIA]
    alike = np.logical_and.reduce([frame["preference"].eq("tie"), *equal])
    return {
        "models_differ": frame["model_a"] != frame["model_b"],
        "preferred_is_shown": preferred.eq(frame["preferred_model"]),
        "same_answers_rated_alike": frame["same_answer"].ne(True) | alike,
    }


DERIVED: dict[str, Callable[[pa.Table], dict[str, Any]]] = {
    "products": _products,
    "profiles": _profiles,
    "conversations": _conversations,
    "lessons": lesson_facts,
    "augmented": _augmented,
    "preference_pairs": _preference_pairs,
    "test_cases": _test_cases,
    "predictions": _predictions,
    "talks": _talks,
    "ratings": _ratings,
    **dict.fromkeys(("feedback", "accepted_feedback"), feedback_facts),
}

"""The pyarrow schema of every table kind: what `records.py` writes and every reader may rely on.

Light on purpose (no Great Expectations): `muse_core` may import this module and nothing else of
`data_contracts`. The rules on the values are the suites beside it (`<kind>.yaml`). JSON columns are
canonical JSON text: as a struct, Arrow would merge keys across rows and fill absent ones with nulls.
"""

from __future__ import annotations

import pyarrow as pa

VERSION = 1  # of every contract but these
VERSIONS = {"conversations": 2, "predictions": 2, "preference_pairs": 2, "products": 2, "test_cases": 2}

_text = pa.string()
_texts = pa.list_(pa.string())

_product = [
    ("product_id", _text), ("title", _text), ("product_type", _text), ("category", _text),
    ("brand", _text), ("colour", _text), ("gender", _text), ("sizes", _texts), ("material", _text),
    ("occasion", _text), ("price", pa.float64()), ("rating", pa.float64()), ("description", _text),
    ("currency", _text), ("attributes_json", _text), ("facets_json", _text), ("image", pa.binary()),
]  # fmt: skip

_profile = [
    ("profile_id", _text), ("side", _text), ("language", _text), ("name", _text), ("gender", _text),
    ("age_group", _text), ("city", _text), ("formality", _text), ("style", _text),
    ("budget_min", pa.float64()), ("budget_max", pa.float64()), ("occasions", _texts),
    ("favourite_brands", _texts), ("favourite_colours", _texts), ("size", _text), ("history", _texts),
]  # fmt: skip

_message = pa.struct(
    [
        ("role", _text),
        ("content", _text),
        (
            "tool_calls",
            pa.list_(pa.struct([("call_id", _text), ("name", _text), ("arguments_json", _text)])),
        ),
        ("answers_call", _text),
        ("reading_json", _text),
    ]
)

_label = pa.struct(
    [
        ("turn", pa.int32()), ("turn_type", _text), ("family", _text), ("decision", _text),
        ("acceptable", _texts), ("optional_arguments", _texts), ("plans", pa.list_(_texts)),
        ("missing_slot", _text), ("position", pa.int32()),
    ]
)  # fmt: skip

_conversation = [
    ("conversation_id", _text), ("profile_id", _text), ("language", _text), ("side", _text),
    ("user_turns", pa.int32()), ("messages", pa.list_(_message)), ("goal_json", _text),
    ("labels", pa.list_(_label)), ("attachments_json", _text), ("shop", _text),
]  # fmt: skip

_judged = pa.struct([("text", _text), ("reason", _text), ("position", pa.int32())])

_lesson = [
    ("lesson_id", _text), ("conversation_id", _text), ("turn", pa.int32()), ("side", _text),
    ("language", _text), ("script", _text), ("intent", _text), ("model", _text), ("request_digest", _text),
    ("request", _text), ("answer", _text), ("failure", _text), ("tokens_in", pa.int32()),
    ("tokens_out", pa.int32()), ("seconds", pa.float64()), ("texts", pa.list_(_judged)),
]  # fmt: skip

_placed_call = pa.struct(
    [
        ("tool_name", _text), ("arguments", _text), ("position", pa.int32()),
        ("utility_score", pa.float64()), ("result", _text),
    ]
)  # fmt: skip

_augmented = [
    ("row_id", _text), ("conversation_id", _text), ("turn", pa.int32()), ("act", pa.int32()),
    ("side", _text), ("language", _text), ("original_text", _text), ("augmented_text", _text),
    ("tool_calls", pa.list_(_placed_call)), ("quality_score", pa.float64()), ("continuation", _text),
    ("kept", pa.bool_()), ("drop_reason", _text),
]  # fmt: skip

_response = pa.struct(
    [
        ("tool_sequence", _texts),
        ("quality_score", pa.float64()),
        ("reasoning", _text),
        ("messages", pa.list_(_message)),
    ]
)

_preference_pair = [
    ("pair_id", _text), ("conversation_id", _text), ("turn", pa.int32()), ("side", _text),
    ("language", _text), ("input", _text), ("prompt", pa.list_(_message)),
    ("chosen_response", _response), ("rejected_response", _response),
    ("strength", pa.float64()), ("kind", _text), ("evidence_json", _text),
]  # fmt: skip

_reference = [
    ("pair_id", _text), ("chosen", pa.float64()), ("rejected", pa.float64()),
    ("chosen_tokens", pa.int32()), ("rejected_tokens", pa.int32()),
]  # fmt: skip

_prediction = [
    ("part", _text), ("model", _text), ("model_digest", _text), ("case_id", _text),
    ("conversation_id", _text), ("profile_id", _text), ("family", _text), ("turn_type", _text),
    ("language", _text),
    ("gold_decision", _text), ("predicted_decision", _text), ("malformed", pa.bool_()),
    ("gold_call_json", _text), ("predicted_call_json", _text), ("exact_call", pa.bool_()),
    ("argument_f1", pa.float64()), ("reply", _text), ("facts_json", _text),
]  # fmt: skip

_test_case = [
    ("part", _text), ("case_id", _text), ("turn", pa.int32()), ("families", _text), ("products", _text),
    ("drawn_for", _text), ("leaks", _texts), ("like", _text), *_conversation,
]  # fmt: skip

_heard = pa.struct(
    [
        ("user", _text), ("calls_json", _text), ("assistant", _text), ("faults", _texts),
        ("repair", _text),
    ]
)  # fmt: skip

_talk = [
    ("player", _text), ("case_id", _text), ("goal_id", _text), ("talk", pa.int32()), ("profile_id", _text),
    ("language", _text), ("family", _text), ("goal_json", _text), ("ending", _text),
    ("turns", pa.list_(_heard)), ("success", pa.bool_()), ("soft", pa.float64()), ("excess", pa.float64()),
    ("language_share", pa.float64()), ("no_faults", pa.bool_()), ("recommended", pa.bool_()),
    ("simulator_json", _text),
]  # fmt: skip

_metric = [
    ("model", _text), ("metric", _text), ("slice", _text), ("value", pa.float64()),
    ("low", pa.float64()), ("high", pa.float64()), ("n", pa.int64()), ("unit", _text),
]  # fmt: skip

_rating = [
    ("rating_id", _text), ("study_id", _text), ("pack_digest", _text), ("rater_id", _text),
    ("item_id", _text), ("case_id", _text), ("conversation_id", _text), ("profile_id", _text),
    ("turn", pa.int32()), ("side", _text), ("language", _text), ("turn_type", _text),
    ("model_a", _text), ("model_b", _text), ("same_answer", pa.bool_()),
    ("tool_appropriateness_a", pa.int32()), ("argument_quality_a", pa.int32()), ("fluency_a", pa.int32()),
    ("helpfulness_a", pa.int32()), ("tool_appropriateness_b", pa.int32()), ("argument_quality_b", pa.int32()),
    ("fluency_b", pa.int32()), ("helpfulness_b", pa.int32()),
    ("preference", _text), ("preferred_model", _text), ("seconds", pa.int32()), ("comment", _text),
]  # fmt: skip

_feedback = [
    ("feedback_id", _text), ("time", _text), ("completion", _text), ("model", _text), ("thumb", _text),
    ("wish", _text), ("wish_text", _text), ("language", _text), ("profile", _text), ("asked_json", _text),
    ("answer_json", _text), ("better_json", _text), ("personal", _texts), ("overlaps", _text),
    ("status", _text), ("reason", _text),
]  # fmt: skip

SCHEMAS: dict[str, pa.Schema] = {
    "products": pa.schema(_product),
    "profiles": pa.schema(_profile),
    "conversations": pa.schema(_conversation),
    "lessons": pa.schema(_lesson),
    "augmented": pa.schema(_augmented),
    "preference_pairs": pa.schema(_preference_pair),
    "references": pa.schema(_reference),
    "test_cases": pa.schema(_test_case),
    "predictions": pa.schema(_prediction),
    "talks": pa.schema(_talk),
    "metrics": pa.schema(_metric),
    "ratings": pa.schema(_rating),
    "feedback": pa.schema(_feedback),
    "accepted_feedback": pa.schema(_feedback),
}


def contract_name(kind: str) -> str:
    """`preference_pairs` -> `preference_pairs@1`; folders (`model`, `export`) have one too."""
    return f"{kind}@{VERSIONS.get(kind, VERSION)}"

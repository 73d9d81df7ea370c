"""Flat facts about a teacher's lessons: whether every text has its verdict and its place."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_contracts.nested import Items, blank

# Stated a second time on purpose: tests/contract/test_lists.py compares it with the code.
REASONS = (
    "unchanged", "markup", "too_long", "too_short", "language", "lost_argument", "added_argument",
    "wrong_value", "invented", "references", "no_topic", "own_wording", "repeated", "held_out", "replay",
)  # fmt: skip
FAILURES = (
    "timeout", "unreachable", "rate_limited", "server_error", "http_error", "not_json", "too_large",
    "refused", "secret", "stopped", "budget", "truncated", "nonsense",
)  # fmt: skip


def lesson_facts(table: pa.Table) -> dict[str, Any]:
    """One value a row; counts of faults must be 0."""
    texts = Items(table["texts"])
    reason = texts.field("reason").to_pandas()
    position = texts.field("position").to_pandas().to_numpy(dtype=float)
    length = pc.utf8_length(texts.field("text")).to_pandas().to_numpy(dtype=float)
    placed = position == position
    misplaced = placed & (reason.notna().to_numpy() | (position < 0) | (position > length))
    has_answer, failure = table["answer"].is_valid().to_pandas(), table["failure"].to_pandas()
    return {
        "n_texts": texts.count(),
        "blank_texts": texts.count(blank(texts.field("text"))),
        "unknown_reasons": texts.count((reason.notna() & ~reason.isin(REASONS)).to_numpy()),
        "misplaced_texts": texts.count(misplaced),
        "texts_without_answer": ~has_answer & (texts.count() > 0),
        "has_answer_or_failure": (has_answer | failure.notna()) & (failure.isna() | failure.isin(FAILURES)),
    }

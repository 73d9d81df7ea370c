"""Flat facts about feedback: whether a row's parts agree, and what must not be in it."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pyarrow as pa

from data_contracts.nested import Items, all_of, is_list

# Stated a second time on purpose, and more broadly than the code that masks: what is left must not look so.
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_CLOSED = ("refused", "unclear")  # statuses that say why


def feedback_facts(table: pa.Table) -> dict[str, Any]:
    """One value a row."""
    frame = table.select(["status", "reason", "better_json", "wish", "wish_text", "overlaps"]).to_pandas()
    personal = Items(table["personal"]).count()
    better, status = frame["better_json"], frame["status"]
    return {
        "asked_ok": all_of(table["asked_json"], is_list),
        "answer_ok": all_of(table["answer_json"], is_list),
        "better_ok": better.isna() | all_of(table["better_json"], is_list),
        "better_agrees": status.eq("rejected") | (status.isin(_CLOSED) == better.isna()),
        "reason_agrees": ~status.isin(_CLOSED) | frame["reason"].notna(),
        "wish_agrees": frame["wish"].eq("nothing") == frame["wish_text"].eq(""),
        "is_clean": (personal == 0) & frame["overlaps"].isna(),
        "unclean_is_refused": ((personal == 0) & frame["overlaps"].isna()) | status.eq("refused"),
        "ends_with_user": _ends_with("user", table["asked_json"]),
        "ends_with_assistant": better.isna() | _ends_with("assistant", table["better_json"]),
        "personal_left": _personal(table),
    }


def _ends_with(role: str, chats: pa.ChunkedArray) -> np.ndarray:
    return np.array([_last_role(text) == role for text in chats.to_pylist()], dtype=bool)


def _last_role(text: str | None) -> str | None:
    """The role of the last message of a chat; None where there is none."""
    try:
        messages = json.loads(text or "[]")
        return str(messages[-1]["role"])
    except (ValueError, LookupError, TypeError):
        return None


def _personal(table: pa.Table) -> np.ndarray:
    """How often a mail address or a card's number stands in what people typed."""
    columns = (table[name].to_pylist() for name in ("asked_json", "wish_text", "profile"))
    texts = ("\n".join(one or "" for one in row) for row in zip(*columns, strict=True))
    return np.array([len(_EMAIL.findall(text)) + len(_CARD.findall(text)) for text in texts], dtype=int)

"""BFCL v3 and v4 (ShishirPatil/gorilla) and BFCL-Hi (nvidia): questions for which no given function helps.

A file is a category; a line is `{"id": "live_irrelevance_3-0-0", "question": [[{"role", "content"}]],
"function": […]}`. In the categories of irrelevance no function fits, and a shop's tools fit no better: no
call. Every other category is about functions of its own, which a case file does not carry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from muse_core.evaluation.public_sets.harvest import Harvest, case_row
from muse_core.records import Row

KEPT = "irrelevance"


def knows(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and {"id", "question"} <= first.keys()


def convert(files: Sequence[tuple[Path, Any]]) -> Harvest:
    """The lines of irrelevance; of several messages the last is asked and the others are its history."""
    harvest, seen = Harvest(), set[str]()
    lines = [(path, row) for path, value in files for row in (value if isinstance(value, list) else [value])]
    for path, row in lines:
        name = str(row.get("id", ""))
        if KEPT not in name and KEPT not in path.stem:
            harvest.left_out["it asks for functions of its own, which a case file does not carry"] += 1
            continue
        spoken, why = _spoken(row)
        why = why or ("an id stands twice" if name in seen else "")
        if why:
            harvest.left_out[why] += 1
            continue
        seen.add(name)
        harvest.cases.append(case_row(f"bfcl-{name}", spoken[-1]["content"], "none", history=spoken[:-1]))
    return harvest


def _spoken(row: Mapping[str, Any]) -> tuple[list[Row], str]:
    """(the messages, why they are no case)."""
    question = row.get("question")
    if isinstance(question, str):  # as tables hold it
        try:
            question = json.loads(question)
        except ValueError:
            question = [[{"role": "user", "content": question}]]
    turns = question[0] if isinstance(question, list) and len(question) == 1 else None
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns) or not turns:
        return [], "its question is not one list of messages"
    spoken = [{"role": turn.get("role"), "content": turn.get("content")} for turn in turns]
    if any(turn["role"] == "system" for turn in spoken):
        return [], "it brings a system prompt of its own"
    roles = [turn["role"] for turn in spoken]
    if roles != [("user", "assistant")[at % 2] for at in range(len(roles))] or len(roles) % 2 == 0:
        return [], "its messages do not alternate up to the user's"
    if not all(isinstance(turn["content"], str) and turn["content"].strip() for turn in spoken):
        return [], "a message has no text"
    return spoken, ""

"""Cases for tests of `muse eval`, and a language model behind a real HTTP server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.cases.case_file import load_cases

WORDS = ("red shirts", "blue caps", "नमस्ते", "green kurta dikhao", "thanks a lot", "sasti ghadi")


def case_lines(count: int = len(WORDS)) -> list[dict[str, Any]]:
    """Case `n` says WORDS[n]; greetings expect no call, the others a search for their last word."""
    rows: list[dict[str, Any]] = []
    for place, said in enumerate(WORDS[:count]):
        row: dict[str, Any] = {
            "id": f"k{place}",
            "language": "mixed",
            "utterance": said,
            "expected_tool": "none",
        }
        if said not in ("नमस्ते", "thanks a lot"):
            row |= {"expected_tool": "search", "expected_args": {"query": [said.split()[1]]}}
        rows.append(row)
    return rows


def case_path(folder: Path, count: int = len(WORDS)) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in case_lines(count)), "utf-8")
    return path


def cases(folder: Path, count: int = len(WORDS)) -> list[EvalCase]:
    return load_cases(case_path(folder, count))


def tool_reply(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """A model that searches for the last word, and returns a greeting."""
    said = body["messages"][-1]["content"]
    message: dict[str, Any] = {"role": "assistant", "content": "Hello!"}
    if said not in ("नमस्ते", "thanks a lot"):
        call = {"name": "search", "arguments": json.dumps({"query": said.split()[1]})}
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"type": "function", "function": call}],
        }
    return 200, {}, json.dumps({"choices": [{"message": message}]}).encode()

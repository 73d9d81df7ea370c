"""Hinglish-TOP (google-research-datasets): what people ask a phone's assistant, in Hinglish and English.

The table of a split has `en_query`, `cs_query`, `en_parse`, `cs_parse`, `domain`. Alarms, events, messages,
music, navigation, reminders, timers and the weather are no shop's business: every text expects no call.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muse_core.evaluation.public_sets.harvest import Harvest, case_row
from muse_core.scoring.normal import normal_text

DOMAINS = frozenset({"alarm", "event", "messaging", "music", "navigation", "reminder", "timer", "weather"})
_COLUMNS = (("cs_query", "en_query"), ("cs", "en"))  # the set's own; a shortened copy


def knows(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, dict) and "domain" in first and _columns(first) is not None


def _columns(row: dict[str, Any]) -> tuple[str, str] | None:
    return next((pair for pair in _COLUMNS if row.keys() >= set(pair)), None)


def convert(files: Sequence[tuple[Path, Any]]) -> Harvest:
    """Both texts of a row, each once; the Hinglish one first."""
    harvest, seen = Harvest(), set[str]()
    for row in (row for _, value in files for row in value):
        columns = _columns(row)
        if columns is None or row.get("domain") not in DOMAINS:
            harvest.left_out[f"a row of another domain: {row.get('domain')!r}"] += 1
            continue
        for side, column in zip(("cs", "en"), columns, strict=True):
            text = " ".join(str(row[column]).split())
            if not text or normal_text(text) in seen:
                harvest.left_out["the same words again" if text else "the text is empty"] += 1
                continue
            seen.add(normal_text(text))
            name = f"hinglish-top-{side}-{len(seen)}"
            case = case_row(name, text, "none", language="en" if side == "en" else None)
            harvest.cases.append(case | {"domain": row["domain"]})
    return harvest

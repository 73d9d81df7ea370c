"""Pairs in the founding guide's row shape, and only that (docs/seed.md#preference-pairs).

    {"input": "red shirts under 1500",
     "chosen_response": {"tool_sequence": ["search"], "quality_score": 5.0, "reasoning": "better: …"},
     "rejected_response": {"tool_sequence": [], "quality_score": 2.6, "reasoning": "worse: …"},
     "strength": 0.92, "kind": "contrast", "evidence": {…}}

Our own table has the same columns with more in them: the prompt, and each side's messages, without
which nothing can be trained on.
"""

from __future__ import annotations

import json

from muse_core.records import Row

RESPONSE = ("tool_sequence", "quality_score", "reasoning")


def seed_row(row: Row) -> Row:
    """A row of the table `preference_pairs` as the guide writes it."""
    return {
        "input": row["input"],
        **{
            side: {key: row[side][key] for key in RESPONSE}
            for side in ("chosen_response", "rejected_response")
        },
        "strength": row["strength"],
        "kind": row["kind"],
        "evidence": json.loads(row["evidence_json"]),
    }

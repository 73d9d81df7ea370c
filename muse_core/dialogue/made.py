"""Conversations as rows, with what is counted of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from muse_core.records import to_table
from muse_core.tools.toolbox import DECISIONS
from muse_core.types import LANGUAGES, SIDES, TURN_TYPES, Conversation


@dataclass(frozen=True)
class Made:
    """Some rows with their counts, and the ids of those that do not replay."""

    table: pa.Table
    counts: Counter[str]
    broken: tuple[str, ...] = ()


def made_of(conversations: Sequence[Conversation], broken: Sequence[str] = ()) -> Made:
    """Their rows; `broken`: the ids of those that do not replay."""
    return Made(to_table("conversations", conversations), _counts(conversations), tuple(broken))


def _counts(conversations: Sequence[Conversation]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for conversation in conversations:
        counts[f"language_{conversation.language}"] += 1
        counts[f"side_{conversation.side}"] += 1
        counts["other_shops"] += conversation.shop is not None
        for label in conversation.labels:
            counts[f"decision_{label.decision}"] += 1
            counts[f"turn_{label.turn_type}"] += 1
    return counts


def metrics_of(made: Sequence[Made]) -> dict[str, float]:
    """Of all parts together."""
    counts = sum((part.counts for part in made), Counter[str]())
    conversations = sum(part.table.num_rows for part in made)
    turns = sum(counts[f"decision_{name}"] for name in DECISIONS)
    broken = sum(len(part.broken) for part in made)
    metrics = {"conversations": float(conversations), "user_turns": float(turns)}
    metrics |= {"replayed": float(conversations), "replay_rate": 1 - broken / conversations}
    metrics["share_other_shops"] = counts["other_shops"] / conversations
    metrics |= {f"share_{name}": counts[f"language_{name}"] / conversations for name in LANGUAGES}
    metrics |= {f"share_{name}": counts[f"side_{name}"] / conversations for name in SIDES}
    metrics |= {f"decision_{name}": counts[f"decision_{name}"] / turns for name in DECISIONS}
    return metrics | {f"turn_{name}": counts[f"turn_{name}"] / turns for name in TURN_TYPES}

"""Tiny models and conversations for tests of models and training."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast

from muse_core import records
from muse_core.config.run_config import BaseConfig
from muse_core.models import chat_format
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.tokenizer import train_tokenizer
from muse_core.types import Conversation, Message, ToolCall, ToolResult, TurnLabel
from tests import builders

TINY = BaseConfig(
    vocab_size=700, hidden_size=32, num_layers=2, num_heads=2, intermediate_size=64, max_positions=512
)


def chain() -> tuple[Message, ...]:
    """Two parallel calls, then a third that fails, then a reply in Hindi."""
    calls = (
        ToolCall("c1.0", "search", {"query": "कुर्ता <set>", "colour": "navy blue", "max_price": 1499.5}),
        ToolCall("c1.1", "recommend", {}),
    )
    again = ToolCall("c1.2", "compare", {"items": [1, 2]})
    items = [{"id": "p1", "title": "Kurta | A", "price": 999}, {"id": "p2", "title": "Kurta < B"}]
    return (
        Message("user", "नीला कुर्ता 1,499 तक और कुछ <tool>अच्छा</tool> भी"),
        Message("assistant", "", calls),
        records.tool_message(ToolResult("c1.0", {"items": items, "total": 2})),
        records.tool_message(ToolResult("c1.1", {"items": [], "total": 0})),
        Message("assistant", "", (again,)),
        records.tool_message(ToolResult("c1.2", None, "items 1..1 only")),
        Message("assistant", "ये देखिए: [1] सिर्फ [1:price] में।"),
    )


def talk(number: int = 0, turns: int = 2, line: str = "en | women | 25-34", **changes: Any) -> Conversation:
    """A conversation whose texts depend on `number`: a search, then small talk, then a chain in Hindi. An
    empty `line` makes it one example where the third turn would have another."""
    price = 500 + 37 * number
    parts = [
        builders.search_turn(f"show me shirts under {price} please", max_price=price),
        (Message("user", f"thanks {number}"), Message("assistant", "You are welcome!")),
        chain(),
    ]
    messages = (Message("system", line), *chat_format.join(*parts[:turns]))
    label = TurnLabel(0, "complete", "complete/en/a", "search", position=len(f"show me shirts under {price}"))
    values = {"conversation_id": f"c{number}", "messages": messages, "labels": (label,)}
    return builders.conversation(**values | changes)


@lru_cache(maxsize=1)
def tokenizer() -> PreTrainedTokenizerFast:
    return train_tokenizer([chat_format.render(talk(n, 3).messages) for n in range(30)], TINY.vocab_size)


def tiny_model(seed: int = 3) -> LoadedModel:
    """Random weights, larger than HF's initial ones, so that differences show."""
    loaded = from_scratch(TINY, tokenizer(), seed)
    with torch.no_grad():
        for parameter in loaded.model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(4)
    loaded.model.eval()
    return loaded

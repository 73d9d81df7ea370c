"""Log-probabilities of whole assistant turns and of plain text, batched and without gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from muse_core.models.loading import LoadedModel
from muse_core.models.packed_sequences import (
    by_tokens,
    hidden_states,
    logits_at,
    pack,
    packed_attention,
    target_log_probs,
)
from muse_core.models.tokenizer import encode_text, encode_turn
from muse_core.types import Message

MICRO_BATCH_TOKENS = 8192


@dataclass(frozen=True)
class LogProb:
    """`total` in nats over `tokens` supervised tokens (tool results masked out); `mean` per token."""

    total: float
    tokens: int

    @property
    def mean(self) -> float:
        return self.total / max(1, self.tokens)


@dataclass(frozen=True)
class Document:
    """Token ids and the indices (> 0) of those that count."""

    ids: Sequence[int]
    counted: Sequence[int]


def turn_log_probs(
    loaded: LoadedModel, items: Sequence[tuple[Sequence[Message], Sequence[Message]]]
) -> list[LogProb]:
    """log p(turn | prompt) of each (prompt, turn): every token the model writes itself, `<|end|>`
    included; what the tools return is context."""
    limit = loaded.model.config.max_position_embeddings
    documents = []
    for prompt, turn in items:
        code = encode_turn(loaded.tokenizer, prompt, turn, limit)
        documents.append(Document(code.ids, [at for at, part in enumerate(code.parts) if part]))
    return [LogProb(float(sum(found)), len(found)) for found in document_log_probs(loaded, documents)]


def text_nll(loaded: LoadedModel, prefix: str, continuation: str) -> list[float]:
    """Nats of each token of `continuation` after `prefix`; the two are tokenised separately."""
    return text_nlls(loaded, [(prefix, continuation)])[0]


def text_nlls(loaded: LoadedModel, items: Sequence[tuple[str, str]]) -> list[list[float]]:
    """`text_nll` of many (prefix, continuation) in batches; an over-long prefix loses its beginning."""
    limit = loaded.model.config.max_position_embeddings
    documents = []
    for prefix, continuation in items:
        after = encode_text(loaded.tokenizer, continuation)[: limit - 1]
        before = encode_text(loaded.tokenizer, prefix) or [loaded.end_id]
        before = before[-(limit - len(after)) :]
        documents.append(Document([*before, *after], range(len(before), len(before) + len(after))))
    return [[-value for value in found] for found in document_log_probs(loaded, documents)]


@torch.no_grad()
def document_log_probs(
    loaded: LoadedModel, documents: Sequence[Document], max_tokens: int = MICRO_BATCH_TOKENS
) -> list[list[float]]:
    """log p of each counted token of each document, in order."""
    loaded.model.eval()
    found: list[list[float]] = []
    with packed_attention(loaded.model):
        for group in by_tokens(documents, [len(document.ids) for document in documents], max_tokens):
            found += _group_log_probs(loaded, group)
    return found


def _group_log_probs(loaded: LoadedModel, group: Sequence[Document]) -> list[list[float]]:
    packed = pack([document.ids for document in group], loaded.device)
    targets = [
        start + at
        for start, document in zip(packed.cu_seqlens, group, strict=False)
        for at in document.counted
    ]
    where = torch.tensor(targets, dtype=torch.long, device=loaded.device)
    if not targets:
        return [[] for _ in group]
    logits = logits_at(loaded.model, hidden_states(loaded.model, packed), where - 1)
    values = iter(target_log_probs(logits, packed.ids[where]).tolist())
    return [[next(values) for _ in document.counted] for document in group]

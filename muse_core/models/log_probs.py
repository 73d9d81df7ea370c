"""Log-probabilities of whole assistant turns and of plain text, batched and without gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from muse_core.models.loading import LoadedModel
from muse_core.models.packed_sequences import (
    Fork,
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
    """Token ids and the indices (> 0) of those that count; `fork`: where branches begin, if it has some."""

    ids: Sequence[int]
    counted: Sequence[int]
    fork: Fork | None = None

    def read_before(self, at: int) -> int:
        """The token from which the one at `at` is predicted: a branch goes on where the prompt ends."""
        return (self.fork[0] if self.fork and at in self.fork else at) - 1


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
    return [found for (found,) in branch_nlls(loaded, [(prefix, [("", text)]) for prefix, text in items])]


def branch_nlls(
    loaded: LoadedModel, items: Sequence[tuple[str, Sequence[tuple[str, str]]]]
) -> list[list[list[float]]]:
    """Nats of each token of each `text` after its `middle` and the prefix that all (middle, text) of an item
    share and that is computed once. All three are tokenised separately; an over-long prefix loses its
    beginning, then the middle."""
    limit = loaded.model.config.max_position_embeddings
    made = [_branched(loaded, prefix, branches, limit) for prefix, branches in items]
    values = document_log_probs(loaded, [document for document, _ in made])
    return [
        [[-next(nats) for _ in range(count)] for count in counts]
        for (_, counts), nats in zip(made, map(iter, values), strict=True)
    ]


def _branched(
    loaded: LoadedModel, prefix: str, branches: Sequence[tuple[str, str]], limit: int
) -> tuple[Document, list[int]]:
    """The document, and how many tokens of each branch count."""
    texts = [encode_text(loaded.tokenizer, text)[: limit - 1] for _, text in branches]
    middles = [encode_text(loaded.tokenizer, middle) for middle, _ in branches]
    kept = [
        [*middle[max(0, len(middle) + len(text) + 1 - limit) :], *text]
        for middle, text in zip(middles, texts, strict=True)
    ]
    ids = (encode_text(loaded.tokenizer, prefix) or [loaded.end_id])[-(limit - max(map(len, kept))) :]
    starts: list[int] = []
    counted: list[int] = []
    for branch, text in zip(kept, texts, strict=True):
        starts.append(len(ids))
        ids = [*ids, *branch]
        counted += range(len(ids) - len(text), len(ids))
    return Document(ids, counted, tuple(starts)), [len(text) for text in texts]


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
    packed = pack([one.ids for one in group], loaded.device, [one.fork for one in group])
    places = [
        (start, one, at) for start, one in zip(packed.cu_seqlens, group, strict=False) for at in one.counted
    ]
    if not places:
        return [[] for _ in group]
    where = torch.tensor([start + at for start, _, at in places], device=loaded.device)
    before = torch.tensor([start + one.read_before(at) for start, one, at in places], device=loaded.device)
    logits = logits_at(loaded.model, hidden_states(loaded.model, packed), before)
    values = iter(target_log_probs(logits, packed.ids[where]).tolist())
    return [[next(values) for _ in document.counted] for document in group]

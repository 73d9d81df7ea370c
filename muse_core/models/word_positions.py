"""What the position head says at each word end of the last user utterance."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from muse_core.models.loading import LoadedModel
from muse_core.models.packed_sequences import by_tokens, hidden_states, pack, packed_attention
from muse_core.models.tokenizer import encode
from muse_core.types import Message

MICRO_BATCH_TOKENS = 8192


@torch.no_grad()
def word_position_probabilities(
    loaded: LoadedModel, contexts: Sequence[Sequence[Message]]
) -> list[list[tuple[int, float]]]:
    """Per context (ending with a user message): (code-point offset of the word end, probability that
    the call's arguments end there)."""
    limit = loaded.model.config.max_position_embeddings
    codes = [encode(loaded.tokenizer, context, open_turn=True, max_tokens=limit) for context in contexts]
    documents = [(code.ids, code.places[-1].word_ends if code.places else ()) for code in codes]
    loaded.model.eval()
    found: list[list[tuple[int, float]]] = []
    with packed_attention(loaded.model):
        for group in by_tokens(documents, [len(ids) for ids, _ in documents], MICRO_BATCH_TOKENS):
            found += _group(loaded, group)
    return found


def _group(
    loaded: LoadedModel, group: Sequence[tuple[Sequence[int], Sequence[tuple[int, int]]]]
) -> list[list[tuple[int, float]]]:
    packed = pack([ids for ids, _ in group], loaded.device)
    rows = [start + at for start, (_, ends) in zip(packed.cu_seqlens, group, strict=False) for _, at in ends]
    hidden = hidden_states(loaded.model, packed)[torch.tensor(rows, dtype=torch.long, device=loaded.device)]
    values = iter(torch.sigmoid(loaded.heads.position_logits(hidden).float()).tolist())
    return [[(offset, next(values)) for offset, _ in ends] for _, ends in group]

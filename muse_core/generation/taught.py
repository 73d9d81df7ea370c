"""Only sentences that a model was taught: a reply as a walk down the tree of their tokens.

Where it stands at a fork, the model chooses: what comes out is whole and one of them, whatever its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast

from muse_core.errors import MuseError
from muse_core.models.learnt_replies import about_items
from muse_core.models.tokenizer import encode
from muse_core.records import result_values
from muse_core.tools.references import items_of, last_shown
from muse_core.types import Message

Tree = dict[int, Any]  # token -> the tree behind it


class TaughtGuide:
    """Follows one reply token by token, up to the end of the turn."""

    def __init__(self, tree: Tree) -> None:
        self._here = tree

    def weigh(self, logits: torch.Tensor) -> None:
        """Of the next token, [vocabulary], in place."""
        allowed = list(self._here)
        kept = logits[allowed].clone()
        logits.fill_(float("-inf"))
        logits[allowed] = kept

    def take(self, token: int) -> None:
        """The token that was written."""
        if token not in self._here:
            raise MuseError(f"token {token} is in no sentence that was taught, and was not ruled out")
        self._here = self._here[token]


def taught_guide(
    tokenizer: PreTrainedTokenizerFast, replies: tuple[str, ...], context: Sequence[Message]
) -> TaughtGuide:
    """At the start of a reply; about items that were shown last, only what they have."""
    items = items_of(last_shown(result_values(context)))
    known = (frozenset(name for name, value in item.items() if value is not None) for item in items)
    return TaughtGuide(_tree(tokenizer, replies, tuple(known)))


@lru_cache(maxsize=64)
def _tree(
    tokenizer: PreTrainedTokenizerFast, replies: tuple[str, ...], items: tuple[frozenset[str], ...]
) -> Tree:
    """Of replies as a turn writes them, with its end."""
    tree: Tree = {}
    for reply in (one for said in replies for one in about_items(said, items)):
        here = tree
        for token in encode(tokenizer, [Message("assistant", reply)]).ids[1:]:  # behind `<|assistant|>`
            here = here.setdefault(token, {})
    return tree

"""Only sentences that a model was taught: a reply as a walk down the tree of their tokens.

Where it stands at a fork, the model chooses: what comes out is whole and one of them, whatever its weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast

from muse_core.errors import MuseError
from muse_core.models.learnt_replies import Known, Sentences, known_of, situation_of
from muse_core.models.tokenizer import encode
from muse_core.records import result_values
from muse_core.tools.references import items_of, last_shown
from muse_core.types import Message
from muse_core.world.turns import since_the_shopper

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


def sayable(replies: Mapping[str, Sentences], context: Sequence[Message]) -> tuple[str, ...]:
    """What a model may reply behind the context; about items that were shown last, only what they have. ()
    where it was taught nothing, and may say anything."""
    sentences = replies.get(situation_of(since_the_shopper(context)))
    items = items_of(last_shown(result_values(context)))
    return () if sentences is None else _about(sentences, known_of(items))


def taught_guide(tokenizer: PreTrainedTokenizerFast, replies: tuple[str, ...]) -> TaughtGuide:
    """At the start of a reply that is one of `replies`. MuseError where there is none."""
    if not replies:
        raise MuseError("nothing that was taught can be said here; decode without the grammar `taught`")
    return TaughtGuide(_tree(tokenizer, replies))


@lru_cache(maxsize=256)
def _about(sentences: Sentences, items: Known) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences.about(items)))


@lru_cache(maxsize=64)
def _tree(tokenizer: PreTrainedTokenizerFast, replies: tuple[str, ...]) -> Tree:
    """Of replies as a turn writes them, with its end."""
    tree: Tree = {}
    for reply in replies:
        here = tree
        for token in _written(tokenizer, reply):
            here = here.setdefault(token, {})
    return tree


@lru_cache(maxsize=50_000)
def _written(tokenizer: PreTrainedTokenizerFast, reply: str) -> tuple[int, ...]:
    """Behind `<|assistant|>`."""
    return tuple(encode(tokenizer, [Message("assistant", reply)]).ids[1:])

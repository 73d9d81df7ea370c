"""Dial-DPO: pairs as forked examples, reference log-probs once, the step-0 check, the line per epoch.

A pair is one document: the prompt, computed once, then the chosen and the rejected turn, which do not
see each other. Only the tokens that the model writes itself count, on both sides (whole assistant
turns; tool results are masked). The reference is the model that training starts from; its log-probs
are computed once, with the same code, and cached in the work folder under a digest of weights and
pairs.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from muse_core.errors import MuseError
from muse_core.examples.example import Example
from muse_core.models.flat_stream import flat_attention
from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer import encode, encode_turn
from muse_core.training.batches import micro_batches, totals
from muse_core.training.checkpoints import weights_digest
from muse_core.training.losses import PreferenceLoss
from muse_core.training.precision import autocast
from muse_core.types import PreferencePair

log = logging.getLogger(__name__)
LN2_TOLERANCE = 1e-4


def example_of(loaded: LoadedModel, pair: PreferencePair, max_tokens: int) -> Example | None:
    """prompt, chosen turn, rejected turn as one forked example; None where it does not fit. Each side
    alone must fit `max_tokens`; turns of the prompt are dropped for both alike."""
    turns = [encode_turn(loaded.tokenizer, pair.prompt[-1:], turn) for turn in (pair.chosen, pair.rejected)]
    start = len(encode(loaded.tokenizer, pair.prompt[-1:], open_turn=True).ids)
    longest = max(len(turn.ids) - start for turn in turns)
    prompt = encode(loaded.tokenizer, pair.prompt, open_turn=True, max_tokens=max_tokens - longest)
    if len(prompt.ids) + longest > max_tokens:
        return None
    ids, parts = list(prompt.ids), [0] * len(prompt.ids)
    for turn in turns:
        ids += turn.ids[start:]
        parts += turn.parts[start:]
    first = len(prompt.ids)
    return Example(ids, parts, fork=(first, first + len(turns[0].ids) - start))


def is_held_out(conversation_id: str) -> bool:
    """About a tenth of the conversations, by hash: their pairs measure and choose, they never train."""
    return hashlib.sha256(f"held out {conversation_id}".encode()).digest()[0] % 10 == 0


@torch.no_grad()
def with_references(
    module: PreferenceLoss,
    pairs: Sequence[Example],
    device: str,
    work: Path,
    micro_batch_tokens: int,
    precision: str = "auto",
) -> list[Example]:
    """The same pairs with the log-probs of `module.model` as it is now."""
    path = work / f"references-{_digest(module, pairs)}.json"
    if path.exists():
        values = json.loads(path.read_text("utf-8"))
    else:
        values = _log_probs(module, pairs, device, micro_batch_tokens, precision)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(values), "utf-8")
        part.rename(path)
    return [replace(pair, references=tuple(value)) for pair, value in zip(pairs, values, strict=True)]


def _log_probs(
    module: PreferenceLoss,
    pairs: Sequence[Example],
    device: str,
    micro_batch_tokens: int,
    precision: str = "auto",
) -> list[list[float]]:
    module.eval()
    with flat_attention(module.model), autocast(device, precision):
        found = [module.log_probs(micro)[0] for micro in micro_batches(pairs, micro_batch_tokens, device)]
    values: list[list[float]] = torch.cat(found).tolist() if found else []
    return values


def _digest(module: PreferenceLoss, pairs: Sequence[Example]) -> str:
    digest = hashlib.sha256(weights_digest(module.model).encode())
    for pair in pairs:
        digest.update(json.dumps([pair.ids, pair.parts, pair.fork]).encode())
    return digest.hexdigest()[:16]


@torch.no_grad()
def measure(
    module: PreferenceLoss,
    pairs: Sequence[Example],
    device: str,
    micro_batch_tokens: int,
    precision: str = "auto",
) -> dict[str, float]:
    """DPO loss, accuracy (tie ½), margin and chosen drift per token over the pairs."""
    count = totals(pairs)
    sums: dict[str, float] = {}
    module.eval()
    with flat_attention(module.model), autocast(device, precision):
        for micro in micro_batches(pairs, micro_batch_tokens, device):
            loss, parts = module(micro, count)
            for name, value in {"loss": loss, **parts}.items():
                sums[name] = sums.get(name, 0.0) + float(value)
    return {f"dev_{name}": value for name, value in sums.items()}


def check_first_loss(
    module: PreferenceLoss,
    pairs: Sequence[Example],
    device: str,
    micro_batch_tokens: int,
    precision: str = "auto",
) -> None:
    """Before the first step policy and reference are one model, so the loss must be ln 2."""
    found = measure(module, pairs, device, micro_batch_tokens, precision)["dev_dpo_loss"]
    if abs(found - math.log(2)) <= LN2_TOLERANCE:
        return
    raise MuseError(
        f"DPO's loss before the first step is {found:.6f}, expected ln 2 = {math.log(2):.6f} within "
        f"{LN2_TOLERANCE}. The reference is not the model that training starts from. Likely causes: "
        "reference log-probs of another model or of other pairs (remove the work folder), another chat "
        "format or tokenizer (train SFT again), a mask that differs between policy and reference, or dropout "
        "that is on."
    )


def epoch_line(epoch: int, values: Mapping[str, float]) -> str:
    """The seed's line, with margin and drift."""
    return (
        f"Epoch {epoch}: DPO Loss: {values['dev_dpo_loss']:.2f}, Preference Accuracy: "
        f"{100 * values['dev_accuracy']:.1f}%, margin {values['dev_margin']:.3f}, "
        f"chosen drift {values['dev_chosen_drift']:+.4f} nats/token"
    )

"""Log-probs of both turns of every pair under the reference model: computed once, published as a table.

    {"pair_id": "c17.2.0", "chosen": -21.4, "rejected": -30.9, "chosen_tokens": 31, "rejected_tokens": 12}

Its key is made of the weights, the pairs as tokens with their masks, and what decides the last bits
(precision, device, micro-batches, code). So another beta, learning rate or number of epochs computes
nothing again, though the stage's work folder is gone. Several processes share the work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import torch
from accelerate import PartialState
from accelerate.utils import reduce

from data_contracts.schemas import SCHEMAS
from muse_core.closure import code_digests
from muse_core.context import StageContext
from muse_core.examples.example import Example
from muse_core.models.device import resolve_precision
from muse_core.models.loading import LoadedModel
from muse_core.models.packed_sequences import packed_attention
from muse_core.models.tokenizer_digest import tokenizer_digest
from muse_core.records import canonical_json
from muse_core.training.batches import micro_batches
from muse_core.training.checkpoints import weights_digest
from muse_core.training.precision import autocast
from muse_core.training.preference_loss import PreferenceLoss
from muse_core.training.processes import is_main_process

KIND = "references"
PairExamples = Mapping[str, Example]  # by pair id


@dataclass(frozen=True)
class References:
    """By pair id: (chosen, rejected) log-probs in nats and how many tokens they sum over; whose they are."""

    log_probs: Mapping[str, tuple[float, float]]
    tokens: Mapping[str, tuple[int, int]]
    tokenizer: str

    def given_to(self, pairs: PairExamples) -> dict[str, Example]:
        """The same pairs with their references."""
        return {name: replace(pair, references=self.log_probs[name]) for name, pair in pairs.items()}


def references_of(
    module: PreferenceLoss, loaded: LoadedModel, pairs: PairExamples, ctx: StageContext
) -> References:
    """What `module.model` as it is now gives the pairs, from the store where it is known."""
    key, tokenizer = _key(module, loaded, pairs, ctx), tokenizer_digest(loaded.tokenizer)
    ref = ctx.store.find(KIND, key)
    if ref is not None:
        return _read(ctx.store.read_table(ref), ctx.store.manifest(ref)["about"]["tokenizer"])
    table = _table(pairs, *compute(module, pairs, ctx))
    if is_main_process():
        ctx.store.write_table(KIND, table, key, about={"tokenizer": tokenizer})
    return _read(table, tokenizer)


@torch.no_grad()
def compute(
    module: PreferenceLoss, pairs: PairExamples, ctx: StageContext
) -> tuple[torch.Tensor, torch.Tensor]:
    """(pairs, 2) log-probs and token counts; each process takes its share of the micro-batches."""
    state, done = PartialState(), 0
    found = torch.zeros(2, len(pairs), 2)
    groups = micro_batches(list(pairs.values()), module.config.micro_batch_tokens, ctx.device)
    module.eval()
    with packed_attention(module.model), autocast(ctx.device, ctx.precision):
        for number, micro in enumerate(groups):
            if number % state.num_processes == state.process_index:
                log_probs, tokens = module.log_probs(micro)
                found[:, done : done + len(micro.examples)] = torch.stack([log_probs, tokens]).cpu()
            done += len(micro.examples)
            ctx.progress.update(done, len(pairs), "pairs")
    whole = reduce(found.to(ctx.device), "sum") if state.num_processes > 1 else found
    return whole[0].cpu(), whole[1].cpu().long()


def _key(module: PreferenceLoss, loaded: LoadedModel, pairs: PairExamples, ctx: StageContext) -> str:
    is_gpu = ctx.device.startswith("cuda")
    parts = {
        "kind": KIND,
        "weights": weights_digest(module.model),
        "tokenizer": tokenizer_digest(loaded.tokenizer),
        "pairs": _pairs_digest(pairs),
        "precision": resolve_precision(ctx.precision, ctx.device),
        "device": torch.cuda.get_device_name(ctx.device) if is_gpu else "cpu",
        "micro_batch_tokens": module.config.micro_batch_tokens,
        "code": code_digests("muse_core.training.preference_loss"),
    }
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def _pairs_digest(pairs: PairExamples) -> str:
    digest = hashlib.sha256()
    for name, pair in pairs.items():
        digest.update(repr((name, pair.ids, pair.parts, pair.fork)).encode())
    return digest.hexdigest()


def _table(pairs: PairExamples, log_probs: torch.Tensor, tokens: torch.Tensor) -> pa.Table:
    columns = [list(pairs), *log_probs.T.double().tolist(), *tokens.T.tolist()]
    schema = SCHEMAS[KIND]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _read(table: pa.Table, tokenizer: str) -> References:
    names, chosen, rejected, *tokens = (column.to_pylist() for column in table.columns)
    return References(
        dict(zip(names, zip(chosen, rejected, strict=True), strict=True)),
        dict(zip(names, zip(*tokens, strict=True), strict=True)),
        tokenizer,
    )

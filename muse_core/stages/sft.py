"""conversations, augmented rows, base → the fine-tuned model (a model folder).

Trains on the train side of conversations as far as the loss filter kept their calls; after each epoch
the seed's block is measured on dev and the best epoch by dev loss is published. Checkpoints in the
work folder: a killed run goes on and ends with the same weights.

Fails when nothing is left to train on, or the loss is not a number.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

from muse_core.config.run_config import RunConfig, SftConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.models.chat_format import TOOL, USER
from muse_core.models.loading import LoadedModel, load_model, save_model
from muse_core.records import from_table
from muse_core.training import sft as training
from muse_core.training.batches import Example, plan_steps
from muse_core.training.checkpoints import TrainingState, final_metrics
from muse_core.training.curriculum import with_single_turns
from muse_core.training.dropout import residual_dropout
from muse_core.training.loop import Optimization, train
from muse_core.training.losses import LanguageLoss, Weights
from muse_core.types import ArtifactRef, Conversation

READS = ("sft",)
INPUTS = ("conversations", "augment", "base")
KIND = "model"

log = logging.getLogger(__name__)
STAGE_NUMBER = 5
DEV_CONVERSATIONS = 200


def run(
    config: RunConfig,
    conversations: ArtifactRef,
    augment: ArtifactRef,
    base: ArtifactRef,
    *,
    ctx: StageContext,
) -> ArtifactRef:
    """Publishes the best epoch."""
    loaded = load_model(ctx.store.folder(base), ctx.device)
    everything: list[Conversation] = from_table("conversations", ctx.store.read_table(conversations))
    rows = from_table("augmented", ctx.store.read_table(augment))
    limit = min(config.sft.max_sequence_length, loaded.model.config.max_position_embeddings)
    sides = {side: [c for c in everything if c.side == side] for side in ("train", "dev")}
    reads = config.sft.utterance_weight > 0
    examples, census = training.examples_of(loaded, sides["train"], rows, config.sft.calls, limit, reads)
    dev, _ = training.examples_of(loaded, sides["dev"][:DEV_CONVERSATIONS], (), "all", limit)
    if not examples:
        raise MuseError(
            f"sft: none of {len(sides['train'])} train conversations is left after the loss filter; "
            "expected at least one. Lower augmentation.threshold, or set sft.calls=gold."
        )
    state = _fit(config.sft, loaded, examples, dev, ctx)
    loaded.about |= {"can_call": True, "trained": "sft"}
    metrics = census.as_metrics() | final_metrics("sft", state)
    about = loaded.about | {"history": list(state.history)}
    return ctx.store.write_folder(
        KIND, lambda folder: save_model(loaded, folder), ctx.fingerprint, metrics=metrics, about=about
    )


def _fit(
    config: SftConfig, loaded: LoadedModel, examples: list[Example], dev: list[Example], ctx: StageContext
) -> TrainingState:
    weights = Weights(
        config.tool_prediction_weight,
        config.argument_prediction_weight,
        config.fluency_weight,
        config.position_prediction_weight,
        config.diagnostic_weight,
        config.utterance_weight,
    )
    module = LanguageLoss(loaded, weights)
    tool_id = int(loaded.tokenizer.convert_tokens_to_ids(TOOL))

    def measure(epoch: int) -> Mapping[str, float]:
        values = training.measure(module, dev, tool_id, ctx.device, config.micro_batch_tokens) if dev else {}
        if values:
            log.info("%s", training.epoch_block(epoch, config.num_epochs, values))
        return values

    per_step = config.batch_size * config.gradient_accumulation_steps
    rng = np.random.default_rng([ctx.seed, STAGE_NUMBER])
    plan = plan_steps([len(e) for e in examples], per_step, config.num_epochs, rng, config.max_tokens)
    if config.single_turn_tokens:
        user_id = int(loaded.tokenizer.convert_tokens_to_ids(USER))
        short = config.single_turn_tokens, config.single_turn_batch_size
        examples, plan = with_single_turns(examples, plan, user_id, *short, rng)
    if config.gradient_checkpointing:
        loaded.model.gradient_checkpointing_enable({"use_reentrant": False})
    with residual_dropout(loaded.model, config.dropout):
        return train(module, examples, plan, _how(config), ctx, measure)


def _how(config: SftConfig) -> Optimization:
    return Optimization(
        config.learning_rate,
        config.warmup_ratio,
        config.weight_decay,
        config.max_grad_norm,
        config.save_every_steps,
        config.micro_batch_tokens,
        note="sft",
        muon_learning_rate=config.muon_learning_rate,
    )

"""sft model, preference pairs → the DPO model (a model folder).

The reference is the SFT model itself: its log-probs are computed once. Before the first step the loss
must be ln 2. Pairs of about a tenth of the conversations (by hash) are held out for the line printed
per epoch and for choosing the epoch. The heads are frozen.

Fails without pairs, or when the step-0 check does not hold.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

from muse_core.config.run_config import DpoConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.examples.example import Example
from muse_core.models.loading import LoadedModel, load_model, save_model
from muse_core.records import from_table
from muse_core.training import dpo as training
from muse_core.training.batches import plan_steps
from muse_core.training.checkpoints import TrainingState, final_metrics
from muse_core.training.loop import Optimization, train
from muse_core.training.losses import PreferenceLoss
from muse_core.types import ArtifactRef, PreferencePair

READS = ("dpo",)
INPUTS = ("sft", "pairs")
KIND = "model"

log = logging.getLogger(__name__)
STAGE_NUMBER = 7
MICRO_BATCH_TOKENS = 4096


def run(config: RunConfig, sft: ArtifactRef, pairs: ArtifactRef, *, ctx: StageContext) -> ArtifactRef:
    """Publishes the best epoch by held-out loss."""
    loaded = load_model(ctx.store.folder(sft), ctx.device)
    found: list[PreferencePair] = from_table("preference_pairs", ctx.store.read_table(pairs))
    fitting, held_out, too_long = _examples(
        config.dpo, loaded, [pair for pair in found if pair.side != "test"]
    )
    if not fitting:
        raise MuseError(
            f"dpo: none of {len(found)} pairs can be trained on ({too_long} do not fit "
            f"{config.dpo.max_sequence_length} tokens); expected at least one. Raise pairs.contexts, or "
            "lower pairs.preference_strength_threshold."
        )
    state = _fit(config.dpo, loaded, fitting, held_out, ctx)
    loaded.about |= {"trained": "dpo", "can_call": True}
    counts = {"dpo_pairs": len(fitting), "dpo_held_out_pairs": len(held_out), "dpo_too_long_pairs": too_long}
    metrics = {name: float(value) for name, value in counts.items()} | final_metrics("dpo", state)
    about = loaded.about | {"history": list(state.history)}
    return ctx.store.write_folder(
        KIND, lambda folder: save_model(loaded, folder), ctx.fingerprint, metrics=metrics, about=about
    )


def _examples(
    config: DpoConfig, loaded: LoadedModel, pairs: list[PreferencePair]
) -> tuple[list[Example], list[Example], int]:
    """Pairs to train on, held-out pairs, and how many do not fit."""
    limit = min(config.max_sequence_length, loaded.model.config.max_position_embeddings)
    made = [(pair, training.example_of(loaded, pair, limit)) for pair in pairs]
    fitting = [(pair, example) for pair, example in made if example is not None]
    held_out = [example for pair, example in fitting if training.is_held_out(pair.conversation_id)]
    rest = [example for pair, example in fitting if not training.is_held_out(pair.conversation_id)]
    return rest, held_out, len(made) - len(fitting)


def _fit(
    config: DpoConfig,
    loaded: LoadedModel,
    pairs: list[Example],
    held_out: list[Example],
    ctx: StageContext,
) -> TrainingState:
    module = PreferenceLoss(loaded, config.beta, config.nll_weight)
    where = ctx.device, ctx.work, MICRO_BATCH_TOKENS, ctx.precision
    pairs = training.with_references(module, pairs, *where)
    held_out = training.with_references(module, held_out, *where)
    per_step = config.batch_size * config.gradient_accumulation_steps
    training.check_first_loss(module, pairs[:per_step], ctx.device, MICRO_BATCH_TOKENS, ctx.precision)

    def measure(epoch: int) -> Mapping[str, float]:
        judged = held_out or pairs[:per_step]
        values = training.measure(module, judged, ctx.device, MICRO_BATCH_TOKENS, ctx.precision)
        log.info("%s", training.epoch_line(epoch, values))
        return values if held_out else {key: value for key, value in values.items() if key != "dev_loss"}

    rng = np.random.default_rng([ctx.seed, STAGE_NUMBER])
    plan = plan_steps([len(pair) for pair in pairs], per_step, config.num_epochs, rng)
    return train(module, pairs, plan, _how(config), ctx, measure)


def _how(config: DpoConfig) -> Optimization:
    return Optimization(
        config.learning_rate,
        config.warmup_ratio,
        config.weight_decay,
        config.max_grad_norm,
        config.save_every_steps,
        MICRO_BATCH_TOKENS,
        note="dpo",
    )

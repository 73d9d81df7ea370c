"""catalog, conversations, augmented rows, base → the fine-tuned model (a model folder).

Trains on the train side of conversations, but for the shoppers kept for the pairs (`pairs.reserved_share`),
as far as the loss filter kept their calls, a share of it with other facets than the shop's
(`examples/other_facets.py`); after each epoch the block per epoch is measured on dev and the best epoch by
dev loss is published, with the tools of the catalogue's shop. Checkpoints in the work folder: a killed run
goes on and ends with the same weights. Several processes: this module is what
`torchrun -m muse_core.stages.sft` starts (`processes/started.py`), and what `run` starts itself.

Fails, before any weight is loaded, when nothing is left to train on, the tokenizer lacks the tags or the
checkpoints are another training's; later when the loss is not a number or memory does not suffice.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from functools import partial

import numpy as np

from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig, SftConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.examples import conversations as teaching
from muse_core.examples.example import Example
from muse_core.examples.other_facets import with_another_list
from muse_core.models.chat_format import TOOL, USER
from muse_core.models.device import resolve_precision
from muse_core.models.learnt_replies import learnt_replies
from muse_core.models.learnt_shop import learnt
from muse_core.models.loading import LoadedModel, load_model, load_reader, save_model
from muse_core.models.lora import add_adapters, merge_adapters
from muse_core.processes.launch import launch
from muse_core.processes.started import work_as_process
from muse_core.profiles.reserved import taught
from muse_core.profiles.system_line import partly_told
from muse_core.records import from_table
from muse_core.training import sft as training
from muse_core.training.batches import plan_steps
from muse_core.training.checkpoints import TrainingState, final_metrics, refuse_foreign
from muse_core.training.curriculum import with_single_turns
from muse_core.training.dropout import residual_dropout
from muse_core.training.loop import train
from muse_core.training.losses import LanguageLoss, Weights
from muse_core.training.processes import is_main_process
from muse_core.training.stepping import how_to_step
from muse_core.types import ArtifactRef, Conversation

READS = ("sft", "pairs.reserved_share")
KIND = "model"

log = logging.getLogger(__name__)
STAGE_NUMBER = 5
DEV_CONVERSATIONS = 200


def run(
    config: RunConfig,
    catalog: ArtifactRef,
    conversations: ArtifactRef,
    augment: ArtifactRef,
    base: ArtifactRef,
    *,
    ctx: StageContext,
) -> ArtifactRef:
    """Publishes the best epoch; trains in `ctx.processes` processes where more than one is asked for."""
    inputs = {"catalog": catalog, "conversations": conversations, "augment": augment, "base": base}
    if ctx.processes > 1:
        kept = {"reserved_share": config.pairs.reserved_share}
        read = {"sft": config.sft.model_dump(mode="json"), "pairs": kept, "seed": ctx.seed}
        return launch("sft", read, inputs, ctx)
    made = run_here(config, inputs, ctx)
    assert made is not None
    return made


def run_here(config: RunConfig, inputs: Mapping[str, ArtifactRef], ctx: StageContext) -> ArtifactRef | None:
    """The stage in this process, alone or as one of several; None where another one publishes."""
    resolve_precision(ctx.precision, ctx.device)
    refuse_foreign(ctx.work, ctx.fingerprint)
    folder = ctx.store.folder(inputs["base"])
    examples, dev, statistics, heard = _examples(config, inputs, ctx)
    ctx.metrics.log(statistics.as_metrics(), 0)
    loaded = load_model(folder, ctx.device)
    state = _fit(config.sft, loaded, examples, dev, ctx)
    if not is_main_process():
        return None
    facets = Catalog.read(ctx.store, inputs["catalog"]).facets
    loaded.about |= {
        "can_call": True,
        "trained": "sft",
        "readings": teaching.is_read(heard),
        **learnt(facets),
    }
    if loaded.about.get("base") == "scratch":  # all that it knows of language is what it has heard here
        loaded.about |= learnt_replies(heard)
    metrics = statistics.as_metrics() | final_metrics("sft", state)
    about = loaded.about | {"history": list(state.history)}
    return ctx.store.write_folder(
        KIND, lambda folder: save_model(loaded, folder), ctx.fingerprint, metrics=metrics, about=about
    )


def _examples(
    whole: RunConfig, inputs: Mapping[str, ArtifactRef], ctx: StageContext
) -> tuple[list[Example], list[Example], teaching.DatasetStatistics, list[Conversation]]:
    """Examples of train and dev, what was left out of train, and the conversations behind train's."""
    config = whole.sft
    tokenizer, positions = load_reader(ctx.store.folder(inputs["base"]))
    everything: list[Conversation] = from_table(
        "conversations", ctx.store.read_table(inputs["conversations"])
    )
    rows = from_table("augmented", ctx.store.read_table(inputs["augment"]))
    limit = min(config.max_sequence_length, positions)
    heard = taught(everything, whole.pairs.reserved_share)
    train = partly_told(heard, config.profile_dropout, config.language_dropout, ctx.seed)
    dev_side = [one for one in everything if one.side == "dev"][:DEV_CONVERSATIONS]
    reads = config.utterance_weight > 0
    told = partial(with_another_list, share=config.facet_variation, seed=ctx.seed)
    examples, statistics = teaching.examples_of(tokenizer, train, rows, config.calls, limit, reads, told)
    dev, _ = teaching.examples_of(tokenizer, dev_side, (), "all", limit)
    warning = statistics.warning(limit)
    if not examples:
        raise MuseError(
            f"sft: none of {len(train)} train conversations is left after the loss filter "
            f"({statistics.too_long} do not fit {limit} tokens); expected at least one. "
            "Lower augmentation.threshold, raise sft.max_sequence_length, or set sft.calls=gold."
        )
    if warning:
        log.warning("%s", warning)
    return examples, dev, statistics, list(heard)


def _fit(
    config: SftConfig, loaded: LoadedModel, examples: list[Example], dev: list[Example], ctx: StageContext
) -> TrainingState:
    if config.lora_rank:
        add_adapters(loaded, config.lora_rank, config.lora_alpha, ctx.seed)
    module = LanguageLoss(loaded, Weights.of(config))
    tool_id = int(loaded.tokenizer.convert_tokens_to_ids(TOOL))

    def measure(epoch: int) -> Mapping[str, float]:
        limit = config.micro_batch_tokens
        values = training.measure(module, dev, tool_id, ctx.device, limit, ctx.precision) if dev else {}
        if values and is_main_process():
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
        state = train(module, examples, plan, how_to_step(config, "sft"), ctx, measure)
    if config.lora_rank:
        merge_adapters(loaded)
    return state


if __name__ == "__main__":
    sys.exit(work_as_process("sft", run_here))

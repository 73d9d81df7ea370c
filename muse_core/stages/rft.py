"""catalog, profiles, conversations, augmented rows, sft → the RFT model (a model folder), trained in rounds
on the turns of its own that the reward proves right.

A round draws `rft.samples_per_context` turns for each of `rft.contexts` requests kept for the pairs
(`profiles/reserved.py`), keeps the distinct right ones (`preferences/kept.py`), adds conversations that SFT
has learnt from (`rft.sft_share`), and trains with SFT's loss and a KL to the SFT model
(`training/rft_loss.py`). After each epoch the model's most probable turns are paid on requests held out from
it; the last round's best epoch is published. The heads are frozen. With `rft.lora_rank` adapters are trained
and merged at the end.

Writes the model; while it runs checkpoints and what each round kept. Several processes: as in
`stages/sft.py`. Skips and counts contexts that are always or never right and turns that do not fit; a later
round that keeps nothing ends the training. Fails without a request, and when the first round keeps nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from muse_core.config.run_config import RftConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.examples.conversations import examples_of
from muse_core.examples.example import Example
from muse_core.generation.crew import crew_of
from muse_core.models.loading import LoadedModel, load_model, save_model
from muse_core.models.lora import add_adapters, merge_adapters
from muse_core.models.packed_sequences import packed_attention
from muse_core.preferences.contexts import Environment
from muse_core.preferences.groups import (
    Pool,
    contexts_to_ask,
    draw_groups,
    figures_of,
    held_out_reward,
    refuse_wrong_rewards,
)
from muse_core.preferences.kept import keep_right, taught_by
from muse_core.processes.launch import launch
from muse_core.processes.started import work_as_process
from muse_core.profiles.reserved import taught
from muse_core.profiles.system_line import partly_told
from muse_core.progress import Phases
from muse_core.records import from_table
from muse_core.training.batches import plan_steps
from muse_core.training.checkpoints import TrainingState, final_metrics, refuse_foreign
from muse_core.training.drawing import keep_turns, kept_turns, refuse_other_tokenizer, shared_out
from muse_core.training.loop import train
from muse_core.training.losses import Weights
from muse_core.training.processes import is_main_process
from muse_core.training.rft_loss import RftLoss
from muse_core.training.rounds import in_round, prefixed
from muse_core.training.stepping import how_to_step
from muse_core.types import ArtifactRef, Conversation
from muse_core.world.shop import Shop

READS = (
    "rft", "pairs.reserved_share", "reply", "sft.profile_dropout", "sft.language_dropout", "sft.calls",
    "sft.tool_prediction_weight", "sft.argument_prediction_weight", "sft.fluency_weight",
)  # fmt: skip
KIND = "model"

STAGE_NUMBER = 8
SAMPLES = 15  # of the seed: other random numbers than other parts of the stage take
CHUNK = 512  # contexts whose worlds and samples are held at the same time
KEPT = "kept.json"


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    conversations: ArtifactRef,
    augment: ArtifactRef,
    sft: ArtifactRef,
    ctx: StageContext,
) -> ArtifactRef:
    """Publishes the last round's best epoch by held-out reward."""
    inputs = {
        "catalog": catalog, "profiles": profiles, "conversations": conversations, "augment": augment, "sft":
        sft,
    }  # fmt: skip
    if ctx.processes > 1:
        read = {
            "rft": config.rft.model_dump(mode="json"), "reply": config.reply.model_dump(mode="json"),
            "pairs": {"reserved_share": config.pairs.reserved_share}, "seed": ctx.seed,
            "sft": {
                "profile_dropout": config.sft.profile_dropout,
                "language_dropout": config.sft.language_dropout,
                "calls": config.sft.calls,
                "tool_prediction_weight": config.sft.tool_prediction_weight,
                "argument_prediction_weight": config.sft.argument_prediction_weight,
                "fluency_weight": config.sft.fluency_weight,
            },
        }  # fmt: skip
        return launch("rft", read, inputs, ctx)
    made = run_here(config, inputs, ctx)
    assert made is not None
    return made


@dataclass(frozen=True)
class _Given:
    """What all rounds work with. `others`: conversations that SFT has learnt from."""

    loaded: LoadedModel
    reference: LoadedModel
    pool: Pool
    environment: Environment
    others: Sequence[Example]
    weights: Weights
    phases: Phases


def run_here(config: RunConfig, inputs: Mapping[str, ArtifactRef], ctx: StageContext) -> ArtifactRef | None:
    """The stage in this process, alone or as one of several; None where another one publishes."""
    refuse_foreign(ctx.work, ctx.fingerprint)
    given, rounds = _given(config, inputs, ctx), config.rft.rounds
    metrics: dict[str, float] = {
        "rft_held_out_contexts": float(len(given.pool.held_out)),
        "rft_said_elsewhere": float(given.pool.said_elsewhere),
    }
    last: dict[str, float] = {}
    history: list[dict[str, float]] = []
    for number in range(1, rounds + 1):
        here = in_round(ctx, number, rounds)
        examples, counts = _examples(config.rft, given, here, number)
        if not examples:
            _refuse_first(number, counts)
            break
        state = _fit(config.rft, given, examples, here, number)
        last = counts | final_metrics("rft", state)
        history += state.history
        metrics |= prefixed(last, number) if rounds > 1 else {}
    if not is_main_process():
        return None
    loaded = given.loaded
    if config.rft.lora_rank:
        merge_adapters(loaded)
    loaded.about |= {"trained": "rft", "can_call": True}
    about = loaded.about | {"history": history}
    return ctx.store.write_folder(
        KIND, lambda path: save_model(loaded, path), ctx.fingerprint, metrics=metrics | last, about=about
    )


def _given(config: RunConfig, inputs: Mapping[str, ArtifactRef], ctx: StageContext) -> _Given:
    talks: list[Conversation] = from_table("conversations", ctx.store.read_table(inputs["conversations"]))
    dropouts = (config.sft.profile_dropout, config.sft.language_dropout)
    share = config.pairs.reserved_share
    pool = contexts_to_ask(talks, share, dropouts, config.rft.held_out_contexts, ctx.seed, "rft")
    folder = ctx.store.folder(inputs["sft"])
    loaded, reference = (load_model(folder, ctx.device) for _ in range(2))
    refuse_other_tokenizer(loaded, reference, "rft")
    if config.rft.lora_rank:
        add_adapters(loaded, config.rft.lora_rank, config.rft.lora_alpha, ctx.seed)
    rows = from_table("augmented", ctx.store.read_table(inputs["augment"]))
    heard = partly_told(taught(talks, share), *dropouts, ctx.seed)
    others, _ = examples_of(loaded.tokenizer, heard, rows, config.sft.calls, _longest(config.rft, loaded))
    shop = Shop.read(ctx.store, inputs["catalog"], inputs["profiles"])
    work = {f"round {number} · {name}": size for number in range(1, config.rft.rounds + 1)
            for name, size in (("samples of the model", 9.0), ("training", 4.0))}  # fmt: skip
    return _Given(
        loaded,
        reference,
        pool,
        Environment(shop, config.reply.style),
        others,
        Weights(
            config.sft.tool_prediction_weight,
            config.sft.argument_prediction_weight,
            config.sft.fluency_weight,
        ),
        Phases(ctx.progress, work),
    )


def _longest(config: RftConfig, loaded: LoadedModel) -> int:
    return min(config.max_sequence_length, int(loaded.model.config.max_position_embeddings))


def _refuse_first(number: int, counts: Mapping[str, float]) -> None:
    if number > 1:
        return
    told = ", ".join(f"{name.removeprefix('rft_')} {value:g}" for name, value in counts.items())
    raise MuseError(
        f"rft: the first round keeps no turn to learn from ({told}). Train SFT longer where contexts are "
        "never right, raise rft.samples_per_context or rft.temperature where they always are, lower "
        "rft.min_reward, or raise rft.max_sequence_length."
    )


# ---- a round --------------------------------------------------------------------------------------


def _examples(
    config: RftConfig, given: _Given, ctx: StageContext, number: int
) -> tuple[list[Example], dict[str, float]]:
    """What the round trains on, and what it counted: drawn, or as an earlier start has drawn it."""
    given.phases.begin(f"round {number} · samples of the model")
    found = kept_turns(ctx.work / KEPT)
    if found is not None:
        return found
    contexts = given.pool.part((number - 1) * config.contexts, config.contexts)
    groups = []
    with crew_of(ctx.workers, given.loaded):
        for start in range(0, len(contexts), CHUNK):
            groups += shared_out(
                lambda part: draw_groups(
                    given.loaded, part, given.environment, config, (ctx.seed, SAMPLES, number)
                ),
                contexts[start : start + CHUNK],
            )
            ctx.progress.update(len(groups), len(contexts), "contexts sampled")
    refuse_wrong_rewards(groups, "rft")
    kept, counts = keep_right(groups, config.min_reward)
    own, too_long = taught_by(given.loaded, kept, _longest(config, given.loaded))
    mixed = _mixed(config, own, given.others, np.random.default_rng([ctx.seed, STAGE_NUMBER, number]))
    numbers = {
        **figures_of(groups),
        **counts,
        "samples": sum(len(group.drawn) for group in groups),
        "too_long": too_long,
        "sft_examples": len(mixed) - len(own),
    }
    named = {f"rft_{name}": float(value) for name, value in numbers.items()}
    ctx.metrics.log(named)
    keep_turns(ctx.work / KEPT, mixed, named)
    return mixed, named


def _mixed(
    config: RftConfig, own: Sequence[Example], others: Sequence[Example], rng: np.random.Generator
) -> list[Example]:
    """The round's own turns, and as many conversations as make `sft_share` of all."""
    wanted = min(len(others), round(len(own) * config.sft_share / (1 - config.sft_share)))
    chosen = rng.choice(len(others), wanted, replace=False) if wanted else ()
    return [*own, *(others[int(at)] for at in chosen)]


def _fit(
    config: RftConfig, given: _Given, examples: Sequence[Example], ctx: StageContext, number: int
) -> TrainingState:
    loaded = given.loaded
    given.phases.begin(f"round {number} · training")
    module = RftLoss(loaded.model, given.reference.model, given.weights, config.kl_weight)

    def measure(_: int) -> Mapping[str, float]:
        return held_out_reward(loaded, given.pool, given.environment, config)

    rng = np.random.default_rng([ctx.seed, STAGE_NUMBER, number, 1])
    plan = plan_steps([len(example) for example in examples], config.batch_size, config.num_epochs, rng)
    with packed_attention(given.reference.model):
        how = replace(how_to_step(config, "rft"), must_fall=False)
        return train(module, examples, plan, how, ctx, measure)


if __name__ == "__main__":
    sys.exit(work_as_process("rft", run_here))

"""catalog, profiles, conversations, sft → the GRPO model (a model folder), trained on turns of its own.

Every step draws groups of turns from the model as it is, runs their calls on the real tools, pays each turn
and pushes it up or down by what it earned beside its group (`training/grpo_loss.py`). The requests are those
kept for the pairs (`profiles/reserved.py`). Every `grpo.measure_every_steps` the model's most probable turns
are paid on requests held out from it; the weights that earn most are published. The heads are frozen.

Writes the model; while it runs checkpoints, and samples that are learnt later. Several processes: as in
`stages/sft.py`. Skips and counts groups without spread. Fails without a request, on a reward that is not a
number, and when no group has any spread. With `grpo.lora_rank` adapters are trained and merged at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from muse_core.config.run_config import GrpoConfig, RunConfig
from muse_core.context import StageContext
from muse_core.models.loading import LoadedModel, load_model, save_model
from muse_core.models.lora import add_adapters, merge_adapters
from muse_core.preferences.contexts import Environment
from muse_core.preferences.groups import Pool, contexts_to_ask, held_out_reward
from muse_core.preferences.on_policy import GroupDraw
from muse_core.processes.launch import launch
from muse_core.processes.started import work_as_process
from muse_core.records import from_table
from muse_core.training.batches import StepPlan
from muse_core.training.checkpoints import TrainingState, final_metrics, refuse_foreign
from muse_core.training.drawing import refuse_other_tokenizer
from muse_core.training.grpo_loss import GrpoLoss
from muse_core.training.loop import train
from muse_core.training.on_policy_recorder import OnPolicyRecorder
from muse_core.training.processes import is_main_process
from muse_core.training.stepping import how_to_step
from muse_core.types import ArtifactRef
from muse_core.world.shop import Shop

READS = ("grpo", "pairs.reserved_share", "reply", "sft.profile_dropout", "sft.language_dropout")
KIND = "model"


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    conversations: ArtifactRef,
    sft: ArtifactRef,
    ctx: StageContext,
) -> ArtifactRef:
    """Publishes the weights that earn most on held-out requests."""
    inputs = {"catalog": catalog, "profiles": profiles, "conversations": conversations, "sft": sft}
    if ctx.processes > 1:
        read = {
            "grpo": config.grpo.model_dump(mode="json"), "reply": config.reply.model_dump(mode="json"),
            "pairs": {"reserved_share": config.pairs.reserved_share}, "seed": ctx.seed, "sft":
            _dropouts(config),
        }  # fmt: skip
        return launch("grpo", read, inputs, ctx)
    made = run_here(config, inputs, ctx)
    assert made is not None
    return made


def run_here(config: RunConfig, inputs: Mapping[str, ArtifactRef], ctx: StageContext) -> ArtifactRef | None:
    """The stage in this process, alone or as one of several; None where another one publishes."""
    refuse_foreign(ctx.work, ctx.fingerprint)
    pool = contexts_to_ask(
        from_table("conversations", ctx.store.read_table(inputs["conversations"])),
        config.pairs.reserved_share,
        (config.sft.profile_dropout, config.sft.language_dropout),
        config.grpo.held_out_contexts,
        ctx.seed,
        "grpo",
    )
    shop = Shop.read(ctx.store, inputs["catalog"], inputs["profiles"])
    folder = ctx.store.folder(inputs["sft"])
    loaded, reference = (load_model(folder, ctx.device) for _ in range(2))
    refuse_other_tokenizer(loaded, reference, "grpo")
    environment = Environment(shop, config.reply.style)
    if config.grpo.lora_rank:
        add_adapters(loaded, config.grpo.lora_rank, config.grpo.lora_alpha, ctx.seed)
    state = _fit(config.grpo, loaded, reference, pool, environment, ctx)
    if not is_main_process():
        return None
    if config.grpo.lora_rank:
        merge_adapters(loaded)
    loaded.about |= {"trained": "grpo", "can_call": True}
    about = loaded.about | {"history": list(state.history)}
    counts = {
        "grpo_contexts": float(len(pool.train)),
        "grpo_samples": float(
            config.grpo.steps
            * min(config.grpo.contexts_per_step, len(pool.train))
            * config.grpo.samples_per_context
        ),
        "grpo_held_out_contexts": float(len(pool.held_out)),
        "grpo_said_elsewhere": float(pool.said_elsewhere),
    }
    return ctx.store.write_folder(
        KIND,
        lambda path: save_model(loaded, path),
        ctx.fingerprint,
        metrics=counts | final_metrics("grpo", state),
        about=about,
    )


def _fit(
    config: GrpoConfig,
    loaded: LoadedModel,
    reference: LoadedModel,
    pool: Pool,
    environment: Environment,
    ctx: StageContext,
) -> TrainingState:
    recorder = OnPolicyRecorder(ctx)
    draw = GroupDraw(loaded, reference, pool, environment, config, ctx, recorder)

    def measure(_: int) -> Mapping[str, float]:
        return held_out_reward(loaded, pool, environment, config)

    return train(
        GrpoLoss(loaded.model, config), [], _plan(config), how_to_step(config, "grpo"), ctx, measure, draw
    )


def _plan(config: GrpoConfig) -> StepPlan:
    """Steps whose samples are drawn when they come; an epoch ends where the model is measured."""
    ends = [*range(config.measure_every_steps, config.steps, config.measure_every_steps), config.steps]
    return StepPlan(((),) * config.steps, tuple(ends))


def _dropouts(config: RunConfig) -> dict[str, float]:
    """How much of the conversations SFT read without the profile, and without any line."""
    return {"profile_dropout": config.sft.profile_dropout, "language_dropout": config.sft.language_dropout}


if __name__ == "__main__":
    sys.exit(work_as_process("grpo", run_here))

"""sft model, preference pairs → the DPO model (a model folder). With `dpo.rounds` = 2 also catalog, profiles
and conversations → new pairs, sampled from the model of the first round.

The reference is the model that a round starts from: its log-probs are a table of their own, computed once.
Before the first step loss and margins must be those of a model that is its reference. Pairs of about a
tenth of the conversations (by hash) are held out for the line printed per epoch and for choosing the
epoch. The heads are frozen. Several processes: as in `stages/sft.py`.

Writes: `references` per round, the `preference_pairs` of the second, the model, whose manifest names the
pairs. Skips and counts pairs that do not fit and pairs that come twice. Fails without pairs, when the check
does not hold, or when the new pairs do not pass the lint.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial

import numpy as np
from accelerate import PartialState

from muse_core.config.run_config import DpoConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.examples.pairs import PairSet, pair_set
from muse_core.models.loading import LoadedModel, load_model, save_model
from muse_core.models.lora import add_adapters, merge_adapters
from muse_core.preferences.cleaning import held_out_requests
from muse_core.preferences.contexts import Environment
from muse_core.preferences.lint import lint
from muse_core.preferences.sampling import mine_pairs, need_pairs
from muse_core.processes.launch import launch
from muse_core.processes.started import work_as_process
from muse_core.profiles.reserved import for_pairs
from muse_core.profiles.system_line import partly_told
from muse_core.progress import Phases
from muse_core.records import from_table, to_table
from muse_core.training.batches import plan_steps
from muse_core.training.checkpoints import TrainingState, final_metrics, refuse_foreign
from muse_core.training.flight_recorder import FlightRecorder, check_start
from muse_core.training.flight_recorder import measure as measure_pairs
from muse_core.training.loop import train
from muse_core.training.preference_loss import PreferenceLoss
from muse_core.training.processes import is_main_process
from muse_core.training.references import references_of
from muse_core.training.rounds import in_round, prefixed
from muse_core.training.stepping import how_to_step
from muse_core.types import ArtifactRef
from muse_core.world.shop import Shop

READS = ("dpo", "pairs", "reply", "sft.profile_dropout", "sft.language_dropout")
KIND = "model"

log = logging.getLogger(__name__)
STAGE_NUMBER = 7
PAIRS = "preference_pairs"
REFERENCES, TRAINING, SAMPLES = "reference log-probs", "training", "samples of the model"
Begin = Callable[[str], None]
SAMPLED_FROM = ("catalog", "profiles", "conversations")


def run(
    config: RunConfig,
    sft: ArtifactRef,
    pairs: ArtifactRef,
    catalog: ArtifactRef | None = None,
    profiles: ArtifactRef | None = None,
    conversations: ArtifactRef | None = None,
    *,
    ctx: StageContext,
) -> ArtifactRef:
    """Publishes the last round's best epoch by held-out loss. A second round needs the shop's three."""
    shop = dict(zip(SAMPLED_FROM, (catalog, profiles, conversations), strict=True))
    inputs = {"sft": sft, "pairs": pairs} | {name: ref for name, ref in shop.items() if ref is not None}
    if config.dpo.rounds > 1 and not inputs.keys() >= set(SAMPLED_FROM):
        raise MuseError(
            f"dpo.rounds=2 samples new pairs and needs {', '.join(SAMPLED_FROM)}; found {', '.join(inputs)}"
        )
    if ctx.processes > 1:
        read = {
            "dpo": config.dpo.model_dump(mode="json"), "pairs": config.pairs.model_dump(mode="json"),
            "reply": config.reply.model_dump(mode="json"), "seed": ctx.seed, "sft": _dropouts(config),
        }  # fmt: skip
        return launch("dpo", read, inputs, ctx)
    made = run_here(config, inputs, ctx)
    assert made is not None
    return made


def run_here(config: RunConfig, inputs: Mapping[str, ArtifactRef], ctx: StageContext) -> ArtifactRef | None:
    """The stage in this process, alone or as one of several; None where another one publishes."""
    refuse_foreign(ctx.work, ctx.fingerprint)
    loaded, rounds = load_model(ctx.store.folder(inputs["sft"]), ctx.device), config.dpo.rounds
    metrics: dict[str, float] = {}
    phases = Phases(ctx.progress, _work(rounds))
    pairs, used = inputs["pairs"], []
    for number in range(1, rounds + 1):
        here = in_round(ctx, number, rounds)
        begin = partial(_begin, phases, number, rounds)
        if number > 1:
            begin(SAMPLES)
            pairs = _mine_again(config, loaded, inputs, here, number)
        used.append(asdict(pairs))
        taught = _pair_set(config.dpo, loaded, pairs, ctx)
        state = _fit(config.dpo, loaded, taught, here, begin)
        last = taught.as_metrics() | final_metrics("dpo", state)
        metrics |= prefixed(last, number) if rounds > 1 else {}
    if not is_main_process():
        return None
    loaded.about |= {"trained": "dpo", "can_call": True}
    about = loaded.about | {"history": list(state.history), "pairs": used}
    return ctx.store.write_folder(
        KIND, lambda folder: save_model(loaded, folder), ctx.fingerprint, metrics=metrics | last, about=about
    )


# ---- rounds ---------------------------------------------------------------------------------------


def _work(rounds: int) -> dict[str, float]:
    """The phases of all rounds, with their shares of the work."""
    first = {REFERENCES: 1.0, TRAINING: 4.0}
    again = {SAMPLES: 9.0} | first
    return {_title(name, number, rounds): work for number in range(1, rounds + 1)
            for name, work in (first if number == 1 else again).items()}  # fmt: skip


def _title(name: str, number: int, rounds: int) -> str:
    return name if rounds == 1 else f"round {number} · {name}"


def _begin(phases: Phases, number: int, rounds: int, name: str) -> None:
    phases.begin(_title(name, number, rounds))


def _mine_again(
    config: RunConfig, loaded: LoadedModel, inputs: Mapping[str, ArtifactRef], ctx: StageContext, number: int
) -> ArtifactRef:
    """New pairs from the model as it is now: sampled by one process, published for all."""
    key = hashlib.sha256(f"{ctx.fingerprint} pairs of round {number}".encode()).hexdigest()
    with PartialState().main_process_first():
        return ctx.store.find(PAIRS, key) or _publish_pairs(config, loaded, inputs, ctx, key, number)


def _publish_pairs(
    config: RunConfig,
    loaded: LoadedModel,
    inputs: Mapping[str, ArtifactRef],
    ctx: StageContext,
    key: str,
    number: int,
) -> ArtifactRef:
    shop = Shop.read(ctx.store, inputs["catalog"], inputs["profiles"])
    talks = from_table("conversations", ctx.store.read_table(inputs["conversations"]))
    reserved = partly_told(for_pairs(talks, config.pairs.reserved_share), **_dropouts(config), seed=ctx.seed)
    mined = mine_pairs(
        loaded, reserved, Environment(shop, config.reply.style), config.pairs, ctx.seed + number - 1,
        ctx.progress, "train",
    )  # fmt: skip
    need_pairs(mined, config.pairs)
    rng = np.random.default_rng([ctx.seed, STAGE_NUMBER, number])
    report = lint(mined.pairs, rng, held_out_requests(talks))
    for warning in report.warnings:
        log.warning("dpo, pairs of round %d: %s", number, warning)
    numbers = mined.counters | report.numbers | {"kept": float(len(report.pairs))}
    ctx.metrics.log({f"pairs_{name}": value for name, value in numbers.items()})
    return ctx.store.write_table(PAIRS, to_table(PAIRS, report.pairs), key, metrics=numbers)


def _dropouts(config: RunConfig) -> dict[str, float]:
    """How much of the conversations SFT read without the profile, and without any line."""
    return {"profile_dropout": config.sft.profile_dropout, "language_dropout": config.sft.language_dropout}


def _pair_set(config: DpoConfig, loaded: LoadedModel, pairs: ArtifactRef, ctx: StageContext) -> PairSet:
    usable = [pair for pair in from_table(PAIRS, ctx.store.read_table(pairs)) if pair.side != "test"]
    limit = min(config.max_sequence_length, loaded.model.config.max_position_embeddings)
    made = pair_set(loaded, usable, limit, config.scope)
    if not made.train:
        raise MuseError(
            f"dpo: none of {len(usable)} pairs can be trained on ({made.too_long} do not fit {limit} tokens, "
            f"{made.duplicates} come twice, {len(made.held_out)} are held out); expected at least one. Raise "
            "pairs.contexts, lower pairs.preference_strength_threshold, or raise dpo.max_sequence_length."
        )
    return made


# ---- training -------------------------------------------------------------------------------------


def _fit(
    config: DpoConfig, loaded: LoadedModel, pairs: PairSet, ctx: StageContext, begin: Begin
) -> TrainingState:
    module = PreferenceLoss(loaded.model, config)
    begin(REFERENCES)
    references = references_of(module, loaded, pairs.all, ctx)
    if config.lora_rank:
        add_adapters(loaded, config.lora_rank, config.lora_alpha, ctx.seed)
    check_start(module, loaded, pairs.all, references, ctx)
    to_train, held_out = references.given_to(pairs.train), [*references.given_to(pairs.held_out).values()]
    examples = [to_train[name] for name in pairs.in_turn(config.max_repeats)]
    per_step = config.batch_size * config.gradient_accumulation_steps
    judged = held_out or examples[:per_step]
    recorder = FlightRecorder(config, len(judged))

    def measure(epoch: int) -> Mapping[str, float]:
        values = measure_pairs(module, judged, ctx)
        if is_main_process():
            recorder.epoch(epoch, values)
        return values if held_out else {key: value for key, value in values.items() if key != "dev_loss"}

    rng = np.random.default_rng([ctx.seed, STAGE_NUMBER])
    plan = plan_steps([len(example) for example in examples], per_step, config.num_epochs, rng)
    begin(TRAINING)
    state = train(module, examples, plan, how_to_step(config, "dpo", config.patience), ctx, measure)
    if config.lora_rank:
        merge_adapters(loaded)
    return state


if __name__ == "__main__":
    sys.exit(work_as_process("dpo", run_here))

"""How fast this machine does a run's own kind of work: some optimizer steps of a model of the run's size.

The steps are those of `loop.py`: the run's model from scratch, its optimizer, its losses, on made-up
documents of the lengths and with the supervised share that SFT reads. Where the run reads single turns
first, half of a step's documents are such. The weights are thrown away; nothing is written that outlives it.

Of a pretrained base the architecture is given, with weights at random (`models/base_check.py`, `untrained`).

Not covered: several processes (one is measured), LoRA.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import torch
from tokenizers import Tokenizer, models
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import BaseConfig, RunConfig
from muse_core.context import StageContext
from muse_core.examples.example import FLUENCY_PART, UTTERANCE_PART, Example, Start
from muse_core.models.chat_format import SPECIAL_TOKENS
from muse_core.models.device import use_threads
from muse_core.models.heads import Heads
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.packed_sequences import packed_attention
from muse_core.models.tokenizer import PAD, wrap_tokenizer
from muse_core.training.batches import StepPlan
from muse_core.training.interrupts import Interrupts
from muse_core.training.loop import Optimization, Run, start_run, take_step
from muse_core.training.losses import LanguageLoss, Weights

SECONDS = 2.0
WARM_UP_STEPS = 1  # kernels are built, memory is taken
LEAST_STEPS, MOST_STEPS = 3, 100
TURN_TOKENS, TALK_TOKENS = (34, 56), (90, 430)  # of the quickstart's documents, from and to
UNREAD_SHARE = 0.5  # system line and results, which nothing is learnt from


@dataclass(frozen=True)
class Probe:
    """What was measured: the median of the steps' rates, lest what else the machine does for a moment decide.
    `threads`: of torch, on `device`; `parameters`: of the model that was trained."""

    tokens_per_second: float
    threads: int
    device: str
    steps: int
    seconds: float
    parameters: int


def probe(
    config: RunConfig, device: str = "cpu", seconds: float | None = None, base: PreTrainedModel | None = None
) -> Probe:
    """Trains for about `seconds` (default SECONDS), but at least LEAST_STEPS, after a warm-up: `base`, or the
    model from scratch of `config.base`."""
    use_threads(config.execution.threads)
    limit = SECONDS if seconds is None else seconds
    tokenizer = any_tokenizer(config.base)
    loaded = (
        LoadedModel(base, tokenizer, Heads(base.config.hidden_size))
        if base is not None
        else from_scratch(config.base, tokenizer, config.seed)
    ).to(device)
    examples, plan = _documents(config, np.random.default_rng(config.seed))
    with TemporaryDirectory() as folder, torch.random.fork_rng(), packed_attention(loaded.model):
        run = _begin(config, loaded, examples, plan, Path(folder), device)
        for _ in range(WARM_UP_STEPS):
            _advance(run)
        rates: list[float] = []
        began = time.monotonic()
        while run.state.step < len(plan) and (len(rates) < LEAST_STEPS or time.monotonic() - began < limit):
            rates.append(_rate(run))
        spent = time.monotonic() - began
    parameters = sum(weight.numel() for weight in loaded.model.parameters())
    return Probe(median(rates), torch.get_num_threads(), device, len(rates), spent, parameters)


def _begin(
    config: RunConfig, loaded: LoadedModel, examples: list[Example], plan: StepPlan, work: Path, device: str
) -> Run:
    sft = config.sft
    how = Optimization(
        sft.learning_rate, micro_batch_tokens=sft.micro_batch_tokens, note="probe",
        muon_learning_rate=sft.muon_learning_rate,
    )  # fmt: skip
    ctx = StageContext(
        ArtifactStore(work), "probe", work, config.seed, device, precision=config.execution.precision
    )
    return start_run(LanguageLoss(loaded, Weights.of(sft)), examples, plan, how, ctx, Interrupts())


def _advance(run: Run) -> None:
    take_step(run)
    run.state.step += 1


def _rate(run: Run) -> float:
    """Tokens a second of the next step."""
    before, began = run.state.tokens, time.monotonic()
    _advance(run)
    return (run.state.tokens - before) / (time.monotonic() - began)


def any_tokenizer(base: BaseConfig) -> PreTrainedTokenizerFast:
    """As many tokens as the run's own will have; which words they are costs nothing."""
    names = [PAD, *SPECIAL_TOKENS]
    names += [f"t{number}" for number in range(base.vocab_size - len(names))]
    words = {name: number for number, name in enumerate(names)}
    return wrap_tokenizer(Tokenizer(models.WordLevel(words, unk_token=PAD)))


def _documents(config: RunConfig, rng: np.random.Generator) -> tuple[list[Example], StepPlan]:
    """Examples, and a plan of steps as large as the run's."""
    sft, base = config.sft, config.base
    talks, turns = sft.batch_size * sft.gradient_accumulation_steps, 0
    if sft.single_turn_tokens:
        talks, turns = max(1, talks // 2), max(1, sft.single_turn_batch_size // 2)
    spans = [TALK_TOKENS] * talks + [TURN_TOKENS] * turns
    lengths = [int(rng.integers(*span, endpoint=True)) for _ in range(MOST_STEPS) for span in spans]
    examples = [_document(min(length, base.max_positions), base.vocab_size, rng) for length in lengths]
    order = tuple(tuple(range(at, at + len(spans))) for at in range(0, len(examples), len(spans)))
    return examples, StepPlan(order, (len(order),))


def _document(length: int, vocabulary: int, rng: np.random.Generator) -> Example:
    """Tokens at random: what nothing is learnt from, a shopper's words, a reply."""
    silent = max(1, int(UNREAD_SHARE * length))
    said = (length - silent) // 2
    parts = [0] * silent + [UTTERANCE_PART] * said + [FLUENCY_PART] * (length - silent - said)
    start = Start(silent, 0, (None, None), length, length)
    return Example(rng.integers(0, vocabulary, length).tolist(), parts, [(silent - 1, 1)], [start])

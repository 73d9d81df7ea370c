"""How long a run will take on this machine: what the configuration asks for, at the rate of the probe.

`COSTS` says how much work each stage has and what a unit of it costs, in tokens: one token is the time in
which the probe (`muse_core/training/probe.py`) trains one. To measure the costs again, after a stage has
become faster or slower: let a run finish on a machine that does nothing else, then

    python -m tests.benchmarks.stage_costs --home .muse

prints the table from the seconds, the units and the probe's rate that the run's manifests recorded; put its
last column here. Work that no model does is as fast as the machine's cores are, which the probe's rate
follows only roughly; the size of the run's model is taken out of it.

Where the probe has not trained the pretrained base (`tasks/pace.py`), its rate is that of the small model by
their parameters: 2.6M at 5,000 tokens/s and 128M at 100 are the same number of operations. Not covered:
`augmentation.scorer=lm`, LoRA, `execution.num_processes`, engines other than local; a user's own catalogue
counts as many products as the synthetic one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muse_core.config.run_config import BaseConfig, RunConfig
from muse_core.stage_table import stage_named, summed
from tasks.parts import REGISTER

if TYPE_CHECKING:
    from muse_core.training.probe import Probe

START_UP = "start-up"
# Of the simulator's shoppers and their talks.
TRAIN_SHARE, TEST_SHARE, TURNS_PER_TALK, TOKENS_PER_TALK = 0.8, 0.1, 4.0, 262.0
RATES = 4  # kinds of turns that evaluate tops up
SAMPLE = 0.25  # of a greedy answer: samples of one turn share its prompt
TURNS_PER_GOAL = 4 * 4.0  # four conversations a goal
HANDWRITTEN = 3 * 60.0  # of three models
UNPACKED = 6_700.0  # of a pretrained base: 72 s of Gemma 3 270M from its GGUF file, at 171 tokens/s
PAIRS_OF_A_BASE = 5.0  # Gemma 3 270M: 0.8 pairs a context, references and training 21 min for 570 contexts
ANSWER = 120.0  # of evaluate as a whole, from before it had parts
MINUTE_S, HOUR_S = 60, 3600


@dataclass(frozen=True)
class Cost:
    """`tokens` that the probe trains while a stage does one `unit` of its work; `units` it has to do; whether
    a model does it, so that it takes longer with a larger one."""

    unit: str
    tokens: float
    units: Callable[[RunConfig], float]
    by_model: bool = True


def talks(config: RunConfig) -> float:
    """Conversations: simulated, or the lines of the user's file."""
    file = config.conversations.file
    if file is None:
        return config.conversations.count
    with Path(file).expanduser().open("rb") as lines:
        return sum(1 for _ in lines)


def base_tokens(config: RunConfig) -> float:
    """That a base is trained on; one that comes trained is unpacked and trimmed in the time of some."""
    if config.base.source != "scratch":
        return UNPACKED
    found = TRAIN_SHARE * talks(config) * TOKENS_PER_TALK * config.base.num_epochs
    return min(found, config.base.max_tokens)


def sft_tokens(config: RunConfig) -> float:
    taught = TRAIN_SHARE * (1 - config.pairs.reserved_share) * talks(config)
    found = taught * TOKENS_PER_TALK * config.sft.num_epochs
    whole = min(found, config.sft.max_tokens) if config.sft.max_tokens else found
    return config.sft.single_turn_tokens + whole


def contexts(config: RunConfig) -> float:
    """Turns of shoppers that pairs are sampled for."""
    shoppers = TRAIN_SHARE * (config.pairs.reserved_share or 1.0)
    return min(config.pairs.contexts, shoppers * talks(config) * TURNS_PER_TALK)


def sample_turns(config: RunConfig) -> float:
    return min(config.evaluation.max_cases, TEST_SHARE * talks(config) * TURNS_PER_TALK)


def answers(config: RunConfig) -> float:
    """Of a model that can call: the sample, and the turns that the rates lack."""
    return sample_turns(config) + RATES * min(config.evaluation.cases_per_rate, config.evaluation.max_cases)


def pair_answers(config: RunConfig) -> float:
    """For the test pairs, in greedy answers."""
    turns = min(config.evaluation.pair_contexts, TEST_SHARE * talks(config) * TURNS_PER_TALK)
    return SAMPLE * turns * config.evaluation.pair_samples


def heard(config: RunConfig) -> float:
    """Answers to simulated shoppers."""
    return TURNS_PER_GOAL * config.evaluation.closed_loop_goals


def samples(config: RunConfig) -> float:
    return contexts(config) * config.pairs.samples_per_context


def pair_passes(config: RunConfig) -> float:
    """How often a context's pairs are trained on."""
    return contexts(config) * config.dpo.num_epochs * config.dpo.rounds * pairs_weight(config)


def pairs_weight(config: RunConfig) -> float:
    """What the pairs of one context cost, beside those of a model from scratch."""
    return 1.0 if config.base.source == "scratch" else PAIRS_OF_A_BASE


# Between a quickstart with AVX-512 and one with AVX2 on two cores of a Xeon, at the rate of their SFT (the
# probes were disturbed); above it says how to measure it again.
COSTS: dict[str, Cost] = {
    "catalog": Cost("product", 12.0, lambda config: config.catalog.synthetic_products, by_model=False),
    "profiles": Cost("profile", 1.3, lambda config: config.profiles.count, by_model=False),
    "conversations": Cost("conversation", 12.0, talks, by_model=False),
    "base": Cost("token", 1.85, base_tokens),
    "augment": Cost("conversation", 22.0, talks, by_model=False),
    "sft": Cost("token", 1.05, sft_tokens),
    "pairs": Cost("sample", 22.0, samples),
    "dpo": Cost("context", 75.0, pair_passes),
    "predict_base": Cost("answer", ANSWER, sample_turns),
    "predict_sft": Cost("answer", ANSWER, answers),
    "predict_dpo": Cost("answer", ANSWER, answers),
    "test_pairs": Cost("answer", ANSWER, pair_answers),
    "talk_sft": Cost("answer", ANSWER, heard),
    "talk_dpo": Cost("answer", ANSWER, heard),
    "evaluate": Cost("answer", ANSWER, lambda config: HANDWRITTEN),
    "export": Cost("model", 100_000.0, lambda config: 1.0),
    REGISTER: Cost("model", 6_000.0, lambda config: 1.0, by_model=False),
}


@dataclass(frozen=True)
class StageEstimate:
    """Of one stage, as it is kept in its manifest beside the seconds that it took. `tokens_per_second`: the
    rate that its units were counted at."""

    seconds: float
    units: float
    tokens_per_second: float
    threads: int
    device: str


@dataclass(frozen=True)
class Estimate:
    """Of a run: the probe, and the stages that are not cached."""

    probe: Probe
    stages: Mapping[str, StageEstimate]

    @property
    def seconds(self) -> dict[str, float]:
        """Of each stage and part."""
        return {name: one.seconds for name, one in self.stages.items()}

    @property
    def total_s(self) -> float:
        return sum(self.seconds.values())

    def line(self) -> str:
        """`about 9 minutes on this machine`, and what it is made of."""
        longest = sorted(summed(self.seconds).items(), key=lambda entry: -entry[1])[:3]
        parts = ", ".join(f"{name} {in_short(seconds)}" for name, seconds in longest)
        return (
            f"{about(self.total_s)} on this machine, by a probe of {self.probe.seconds:.0f} s: it trains "
            f"{self.probe.tokens_per_second:,.0f} tokens/s with {threads_of(self.probe)}; longest: {parts}"
        )

    def as_json(self) -> dict[str, Any]:
        """What `muse run --json` prints of it."""
        return {
            "seconds": {name: round(seconds, 1) for name, seconds in summed(self.seconds).items()},
            "tokens_per_second": round(self.probe.tokens_per_second, 1),
            "threads": self.probe.threads,
        }


def needs_probe(stages: Iterable[str]) -> bool:
    """Whether a model is trained or asked in one of them: else there is nothing that takes minutes."""
    return any(name != REGISTER and stage_named(name).gpu for name in stages)


def estimate(
    config: RunConfig, stages: Iterable[str], probe: Probe, parameters: int | None = None
) -> Estimate:
    """Of the stages named, which are those that would run. One without a line in `COSTS` counts nothing.
    `parameters`: of a pretrained base."""
    sizes = probe.parameters / weights(BaseConfig())
    pace = probe.parameters / parameters if parameters else 1.0
    found = {}
    for name in stages:
        if (cost := COSTS.get(name)) is None:
            continue
        units, rate = cost.units(config), probe.tokens_per_second * (pace if cost.by_model else sizes)
        found[name] = StageEstimate(units * cost.tokens / rate, units, rate, probe.threads, probe.device)
    return Estimate(probe, found)


def weights(base: BaseConfig) -> int:
    """Parameters of a model from scratch: about twice as many operations a token."""
    inside = base.num_layers * base.hidden_size * (4 * base.hidden_size + 3 * base.intermediate_size)
    return inside + base.vocab_size * base.hidden_size


def threads_of(probe: Probe) -> str:
    """`2 threads`, `1 thread`, `a GPU`."""
    if probe.device != "cpu":
        return "a GPU"
    return f"{probe.threads} thread{'s' * (probe.threads != 1)}"


def about(seconds: float) -> str:
    """`about 9 minutes`: as exactly as an estimate is."""
    if seconds < MINUTE_S:
        return "less than a minute"
    minutes = round(seconds / MINUTE_S)
    if minutes < 2 * MINUTE_S:
        return f"about {minutes} minute{'s' * (minutes != 1)}"
    return f"about {seconds / MINUTE_S**2:.1f} hours"


def in_short(seconds: float) -> str:
    """`40 s`, `9 min`."""
    return f"{seconds:.0f} s" if seconds < 2 * MINUTE_S else f"{seconds / MINUTE_S:.0f} min"

"""User turns -> sampled assistant turns -> preference pairs.

Every sample runs the real tools in its own world, which stands as it was before the turn. Contrast
pairs (`contrast.py`) are added up to their share; then every pair is replayed (`evidence.py`).
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from muse_core.config.run_config import PairsConfig
from muse_core.errors import MuseError
from muse_core.preferences.contexts import Context, Environment, branch, choose_contexts, contexts_of
from muse_core.preferences.contrast import contrast_pairs
from muse_core.preferences.evidence import TokensOf, need_replay, pair_of
from muse_core.preferences.pairing import GOOD, Match, Sample, match_of, matches, most_pairs
from muse_core.preferences.reward import RewardParts
from muse_core.progress import Progress, Silent, Within
from muse_core.tools.base import ShopWorld
from muse_core.types import Conversation, Message, PreferencePair, Side
from muse_core.world.turns import Turn

if TYPE_CHECKING:
    from muse_core.generation.assistant import TurnRequest
    from muse_core.generation.crew import Luggage
    from muse_core.models.loading import LoadedModel

CHUNK = 512  # contexts whose worlds and samples are held at the same time


@dataclass(frozen=True)
class MiningResult:
    """`samples[k]` are the samples of `contexts[k]`; `counters` are counts and means for the manifest."""

    pairs: list[PreferencePair]
    contexts: list[Context]
    samples: list[list[Sample]]
    counters: dict[str, float]


def mine_pairs(
    loaded: LoadedModel,
    conversations: Sequence[Conversation],
    environment: Environment,
    config: PairsConfig,
    seed: int,
    progress: Progress,
    side: Side,
) -> MiningResult:
    """Pairs from one side's user turns, each replayed."""
    from muse_core.models.tokenizer import encode

    def tokens_of(messages: Sequence[Message]) -> Sequence[int]:
        return encode(loaded.tokenizer, messages).ids

    contexts = choose_contexts(conversations, side, config.contexts, np.random.default_rng([seed, 1]))
    samples: list[list[Sample]] = []
    for start in range(0, len(contexts), CHUNK):
        part = contexts[start : start + CHUNK]
        within = Within(progress, start, len(part), len(contexts), "contexts sampled")
        samples += _sample(loaded, part, environment, config, seed, within)
    mined = [
        list(_pairs_of(context, turns, environment, config, tokens_of))
        for context, turns in zip(contexts, samples, strict=True)
    ]
    kept = [pair for pairs in mined if len(pairs) >= config.min_pairs_per_example for pair in pairs]
    every = contexts_of(conversations, side)
    wanted = _contrast_count(len(kept), config.contrast_share)
    kept += contrast_pairs(every, wanted, environment, config.preference_strength_threshold, tokens_of, seed)
    counters = _counters(contexts, samples, kept) | {
        "contexts_below_min_pairs": sum(0 < len(pairs) < config.min_pairs_per_example for pairs in mined),
        "contrast_missing": wanted - sum("difficulty" in pair.evidence for pair in kept),
        "replay": need_replay(kept, every, environment),
    }
    return MiningResult(kept, contexts, samples, counters)


def _contrast_count(mined: int, share: float) -> int:
    """How many contrast pairs make `share` of all pairs."""
    return round(mined * share / (1 - share))


# ---- samples --------------------------------------------------------------------------------------


def _sample(
    loaded: LoadedModel,
    contexts: Sequence[Context],
    environment: Environment,
    config: PairsConfig,
    seed: int,
    progress: Progress,
) -> list[list[Sample]]:
    """`samples_per_context` samples of each context, the temperatures in turn; drawn and judged by the crew
    that is open, if any."""
    from muse_core.generation.crew import open_crew

    crew = open_crew()
    if crew is None or not crew.is_worth(len(contexts) * config.samples_per_context):
        return _sample_here(loaded, contexts, environment, config, seed, progress)
    work = partial(_sample_there, crew.pack(loaded), crew.pack(environment), config, seed)
    found: list[list[Sample]] = []
    for part in crew.share(work, contexts):
        found += part
        progress.update(len(found), len(contexts))
    return found


def _sample_there(
    model: Luggage, environment: Luggage, config: PairsConfig, seed: int, contexts: Sequence[Context]
) -> list[list[Sample]]:
    return _sample_here(model.unpack(), contexts, environment.unpack(), config, seed, Silent())


def _sample_here(
    loaded: LoadedModel,
    contexts: Sequence[Context],
    environment: Environment,
    config: PairsConfig,
    seed: int,
    progress: Progress,
) -> list[list[Sample]]:
    from muse_core.generation.assistant import respond
    from muse_core.generation.sampling import Sampling

    slots = [_Slot(context, number) for context in contexts for number in range(config.samples_per_context)]
    worlds = {context.name: environment.world(context) for context in contexts}
    requests = [slot.request(worlds[slot.context.name], config, seed) for slot in slots]
    sampling = Sampling(max_new_tokens=config.max_new_tokens)
    outcomes = respond(loaded, requests, sampling, progress=progress)
    drawn: dict[str, list[Sample]] = {context.name: [] for context in contexts}
    judged: dict[tuple[str, str, bool], tuple[Turn, RewardParts]] = {}  # many samples are the same text
    for slot, request, outcome in zip(slots, requests, outcomes, strict=True):
        key = (slot.context.name, outcome.text, outcome.malformed)
        if key not in judged:
            turn = Turn(outcome.messages)
            judged[key] = turn, environment.reward(turn, outcome.malformed, slot.context)
        warmth = slot.temperature(config)
        sample = Sample(*judged[key], warmth, request.seed, outcome.malformed)
        drawn[slot.context.name].append(sample)
    return list(drawn.values())


@dataclass(frozen=True)
class _Slot:
    """The n-th sample of a context."""

    context: Context
    number: int

    def temperature(self, config: PairsConfig) -> float:
        return config.temperatures[self.number % len(config.temperatures)]

    def request(self, world: ShopWorld, config: PairsConfig, seed: int) -> TurnRequest:
        from muse_core.generation.assistant import TurnRequest
        from muse_core.generation.sampling import Sampling

        sampling = Sampling(self.temperature(config), config.top_p, config.max_new_tokens)
        own_seed = _seed(self.context.name, self.number, seed)
        turn = self.context.label.turn
        return TurnRequest(self.context.prompt, branch(world), turn, own_seed, sampling)


def _seed(name: str, number: int, seed: int) -> int:
    return zlib.crc32(f"{seed}.{name}.{number}".encode())


# ---- pairs ----------------------------------------------------------------------------------------


def _pairs_of(
    context: Context,
    samples: Sequence[Sample],
    environment: Environment,
    config: PairsConfig,
    tokens_of: TokensOf,
) -> Iterator[PreferencePair]:
    """The on-policy pairs of a context; by `extremes` also the gold turn against the worst sample where none
    is good and there is room for one more."""
    chosen = list(matches(samples, config))
    for number, match in enumerate(chosen):
        yield pair_of(context, match, str(number), "on_policy", tokens_of)
    if config.pairing != "extremes" or len(chosen) >= most_pairs(config):
        return
    if max((s.parts.total for s in samples), default=1.0) < GOOD:
        worst = _gold_against_worst(context, samples, environment, config.preference_strength_threshold)
        if worst is not None and all(worst.rejected is not match.rejected for match in chosen):
            about = {"type": "gold_against_sample"}
            yield pair_of(context, worst, str(len(chosen)), "contrast", tokens_of, about)


def _gold_against_worst(
    context: Context, samples: Sequence[Sample], environment: Environment, threshold: float
) -> Match | None:
    whole = [sample for sample in samples if sample.is_whole]
    if not whole:
        return None
    parts = environment.reward(context.gold.turn, False, context)
    worst = min(whole, key=lambda sample: round(sample.parts.total, 9))
    return match_of(Sample(context.gold.turn, parts, 0.0, 0), worst, threshold)


def _counters(
    contexts: Sequence[Context], samples: Sequence[Sequence[Sample]], pairs: Sequence[PreferencePair]
) -> dict[str, float]:
    every = [sample for drawn in samples for sample in drawn]
    best = [max((sample.parts.total for sample in drawn), default=0.0) for drawn in samples]
    mined = {(pair.conversation_id, pair.turn) for pair in pairs if "difficulty" not in pair.evidence}
    numbers: dict[str, float] = {
        "contexts": len(contexts),
        "samples": len(every),
        "samples_malformed": sum(sample.malformed for sample in every),
        "contexts_with_pair": len(mined),
        "pairs": len(pairs),
        "mean_reward": _mean([sample.parts.total for sample in every]),
        "mean_best_reward": _mean(best),
        "mean_right_decision": _mean([sample.parts.decision for sample in every]),
        "mean_strength": _mean([pair.strength for pair in pairs]),
    }
    names = [str(name) for pair in pairs for name in (pair.kind, pair.language)]
    names += [f"contrast/{pair.evidence['type']}" for pair in pairs if pair.kind == "contrast"]
    names += [f"contrast/{pair.evidence['difficulty']}" for pair in pairs if "difficulty" in pair.evidence]
    return numbers | {f"pairs/{name}": count for name, count in sorted(Counter(names).items())}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def need_pairs(result: MiningResult, config: PairsConfig) -> None:
    """MuseError when there is nothing to learn from."""
    if result.pairs:
        return
    counted = ", ".join(f"{name} {value:g}" for name, value in result.counters.items())
    raise MuseError(
        f"pairs: no pair reached strength {config.preference_strength_threshold} ({counted}). Train SFT "
        "longer (sft.num_epochs), raise pairs.samples_per_context, pairs.temperatures or "
        "pairs.max_right_share, lower pairs.chosen_min_reward, pairs.preference_strength_threshold or "
        "pairs.min_pairs_per_example"
        + (", or set pairs.pairing=extremes." if config.pairing != "extremes" else ".")
    )

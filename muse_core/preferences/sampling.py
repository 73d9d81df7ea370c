"""User turns -> sampled assistant turns -> preference pairs.

Every sample runs the real tools in its own world, which stands as it was before the turn. A pair's
evidence says what both sides called and got back, where their texts part, and what each was paid for;
`replay_evidence` runs it all again.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from muse_core.catalog.index import CatalogIndex
from muse_core.config.run_config import PairsConfig
from muse_core.dialogue.world import context_before, turn_messages, world_before
from muse_core.errors import MuseError
from muse_core.preferences.pairing import GOOD, Match, Sample, match_of, matches
from muse_core.preferences.reward import GoldTurn, RewardParts, calls_of, reasoning, reward
from muse_core.progress import Progress
from muse_core.records import tool_message
from muse_core.tools.base import ShopWorld
from muse_core.tools.call_syntax import render_call
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Conversation, JsonValue, Message, PreferencePair, Profile, Side, TurnLabel

if TYPE_CHECKING:
    from muse_core.models.loading import LoadedModel

CHUNK = 64  # contexts whose worlds and samples are held at the same time


@dataclass(frozen=True)
class Context:
    """One user turn to sample from."""

    conversation: Conversation
    label: TurnLabel

    @property
    def name(self) -> str:
        return f"{self.conversation.conversation_id}.{self.label.turn}"


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
    profiles_by_id: Mapping[str, Profile],
    index: CatalogIndex,
    config: PairsConfig,
    reply_style: str,
    seed: int,
    progress: Progress,
    side: Side,
) -> MiningResult:
    """Pairs from one side's user turns. `reply_style` is `reply.style` (how a reply names products)."""
    contexts = choose_contexts(conversations, side, config.contexts, np.random.default_rng([seed, 1]))
    shop = _Shop(index, reply_style)
    samples: list[list[Sample]] = []
    for start in range(0, len(contexts), CHUNK):
        chunk = contexts[start : start + CHUNK]
        samples += _sample(loaded, chunk, profiles_by_id, shop, config, seed)
        progress.update(len(samples), len(contexts), "contexts sampled")
    drawn = zip(contexts, samples, strict=True)
    pairs = [pair for context, turns in drawn for pair in _pairs_of(context, turns, shop, config)]
    return MiningResult(pairs, contexts, samples, _counters(contexts, samples, pairs))


@dataclass(frozen=True)
class _Shop:
    """The catalogue, and how replies name its products."""

    index: CatalogIndex
    reply_style: str

    def reward(self, messages: tuple[Message, ...], malformed: bool, gold: GoldTurn) -> RewardParts:
        return reward(messages, malformed, gold, self.index.catalog.by_id, self.reply_style)


def choose_contexts(
    conversations: Sequence[Conversation], side: Side, count: int, rng: np.random.Generator
) -> list[Context]:
    """At most `count` turns of one side, evenly over turn types and languages: the cells take turns."""
    cells: dict[tuple[str, str], list[Context]] = defaultdict(list)
    for conversation in conversations:
        if conversation.side == side:
            for label in conversation.labels:
                cells[(label.turn_type, conversation.language)].append(Context(conversation, label))
    queues = [[cells[key][k] for k in rng.permutation(len(cells[key]))] for key in sorted(cells)]
    rounds = max((len(queue) for queue in queues), default=0)
    dealt = [queue[k] for k in range(rounds) for queue in queues if k < len(queue)]
    return dealt[:count]


def _sample(
    loaded: LoadedModel,
    contexts: Sequence[Context],
    profiles: Mapping[str, Profile],
    shop: _Shop,
    config: PairsConfig,
    seed: int,
) -> list[list[Sample]]:
    """`samples_per_context` samples of each context, the temperatures in turn."""
    from muse_core.generation.assistant import TurnRequest, respond
    from muse_core.generation.decode import Sampling

    worlds = [_world(context.conversation, context.label.turn, profiles, shop.index) for context in contexts]
    golds = [GoldTurn.of(context.conversation, context.label) for context in contexts]
    drawn: list[list[Sample]] = [[] for _ in contexts]
    for rank, temperature in enumerate(config.temperatures):
        slots = [
            (place, number)
            for place in range(len(contexts))
            for number in range(rank, config.samples_per_context, len(config.temperatures))
        ]
        seeds = [_seed(contexts[place].name, number, seed) for place, number in slots]
        requests = [
            TurnRequest(_prompt(contexts[place]), _branch(worlds[place]), contexts[place].label.turn, one)
            for (place, _), one in zip(slots, seeds, strict=True)
        ]
        sampling = Sampling(temperature=temperature, max_new_tokens=config.max_new_tokens)
        outcomes = respond(loaded, requests, sampling)
        for (place, _), one, outcome in zip(slots, seeds, outcomes, strict=True):
            parts = shop.reward(outcome.messages, outcome.malformed, golds[place])
            drawn[place].append(Sample(outcome.messages, parts, temperature, one, outcome.malformed))
    return drawn


def _seed(name: str, number: int, seed: int) -> int:
    return zlib.crc32(f"{seed}.{name}.{number}".encode())


def _prompt(context: Context) -> tuple[Message, ...]:
    return context_before(context.conversation, context.label.turn)


def _world(
    conversation: Conversation, turn: int, profiles: Mapping[str, Profile], index: CatalogIndex
) -> ShopWorld:
    return world_before(conversation, turn, index, profiles.get(conversation.profile_id))


def _branch(world: ShopWorld) -> ShopWorld:
    """The same world with a session of its own."""
    return replace(world, session=copy(world.session))


def _pairs_of(
    context: Context, samples: Sequence[Sample], shop: _Shop, config: PairsConfig
) -> Iterator[PreferencePair]:
    """The on-policy pairs; when no sample is good, the gold turn against the worst one as well."""
    threshold, limit = config.preference_strength_threshold, config.max_pairs_per_context
    found = list(matches(samples, threshold, limit, config.rejection_sampling))
    for number, match in enumerate(found):
        yield _pair(context, match, number, "on_policy")
    if len(found) < limit and max((s.parts.total for s in samples), default=1.0) < GOOD:
        contrast = _contrast(context, samples, shop, threshold)
        if contrast is not None and all(contrast.rejected is not one.rejected for one in found):
            yield _pair(context, contrast, len(found), "contrast")


def _contrast(context: Context, samples: Sequence[Sample], shop: _Shop, threshold: float) -> Match | None:
    whole = [sample for sample in samples if sample.is_whole]
    if not whole:
        return None
    messages = turn_messages(context.conversation, context.label.turn)
    parts = shop.reward(messages, False, GoldTurn.of(context.conversation, context.label))
    worst = min(whole, key=lambda sample: round(sample.parts.total, 9))
    return match_of(Sample(messages, parts, 0.0, 0), worst, threshold)


def _pair(context: Context, match: Match, number: int, kind: str) -> PreferencePair:
    chosen, rejected = match.chosen, match.rejected
    return PreferencePair(
        pair_id=f"{context.name}.{number}",
        conversation_id=context.conversation.conversation_id,
        turn=context.label.turn,
        side=context.conversation.side,
        language=context.conversation.language,
        prompt=_prompt(context),
        chosen=chosen.messages,
        rejected=rejected.messages,
        chosen_score=chosen.parts.quality,
        rejected_score=rejected.parts.quality,
        strength=match.strength,
        kind=kind,  # type: ignore[arg-type]
        evidence={
            "chosen": _trace(chosen),
            "rejected": _trace(rejected),
            "divergence": _divergence(chosen.text, rejected.text),
            "turn_type": context.label.turn_type,
            "family": context.label.family,
            "chosen_reasoning": reasoning(chosen.parts, rejected.parts),
            "rejected_reasoning": reasoning(rejected.parts, chosen.parts),
        },
    )


def _divergence(one: str, other: str) -> int:
    """The first character at which two texts differ."""
    shorter = min(len(one), len(other))
    return next((k for k in range(shorter) if one[k] != other[k]), shorter)


def _trace(sample: Sample) -> dict[str, JsonValue]:
    """What one side called, what it got (as digests), and its reward part by part."""
    calls: list[JsonValue] = [render_call(call) for call in calls_of(sample.messages)]
    results: list[JsonValue] = [digest(message) for message in sample.messages if message.role == "tool"]
    parts: dict[str, JsonValue] = {name: round(value, 6) for name, value in asdict(sample.parts).items()}
    parts["total"] = round(sample.parts.total, 6)
    trace: dict[str, JsonValue] = {"calls": calls, "results": results, "reward": parts}
    return trace | {"temperature": sample.temperature, "seed": sample.seed}


def digest(message: Message) -> str:
    """sha256 of a tool message's canonical JSON, first 16 digits."""
    return hashlib.sha256(message.content.encode()).hexdigest()[:16]


def replay_evidence(
    pair: PreferencePair, conversation: Conversation, profile: Profile | None, index: CatalogIndex
) -> bool:
    """Whether both sides' calls, run again in the world before the turn, give the recorded results."""
    for side, messages in (("chosen", pair.chosen), ("rejected", pair.rejected)):
        toolbox = Toolbox(world_before(conversation, pair.turn, index, profile))
        again = [digest(tool_message(toolbox.run(call))) for call in calls_of(messages)]
        recorded = pair.evidence[side]
        if not isinstance(recorded, dict) or recorded["results"] != again:
            return False
    return True


def _counters(
    contexts: Sequence[Context], samples: Sequence[Sequence[Sample]], pairs: Sequence[PreferencePair]
) -> dict[str, float]:
    every = [sample for drawn in samples for sample in drawn]
    best = [max((sample.parts.total for sample in drawn), default=0.0) for drawn in samples]
    numbers: dict[str, float] = {
        "contexts": len(contexts),
        "samples": len(every),
        "samples_malformed": sum(sample.malformed for sample in every),
        "contexts_with_pair": len({pair.pair_id.rsplit(".", 1)[0] for pair in pairs}),
        "pairs": len(pairs),
        "mean_reward": _mean([sample.parts.total for sample in every]),
        "mean_best_reward": _mean(best),
        "mean_right_decision": _mean([sample.parts.decision for sample in every]),
        "mean_strength": _mean([pair.strength for pair in pairs]),
    }
    for kind, count in sorted(Counter(pair.kind for pair in pairs).items()):
        numbers[f"pairs/{kind}"] = count
    for language, count in sorted(Counter(pair.language for pair in pairs).items()):
        numbers[f"pairs/{language}"] = count
    return numbers


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def need_pairs(result: MiningResult, config: PairsConfig) -> None:
    """MuseError when there is nothing to learn from."""
    if result.pairs:
        return
    found = ", ".join(f"{name} {value:g}" for name, value in result.counters.items())
    raise MuseError(
        f"pairs: no pair reached strength {config.preference_strength_threshold} ({found}). Train SFT longer "
        "(sft.num_epochs), raise pairs.samples_per_context or pairs.temperatures, lower "
        "pairs.preference_strength_threshold, or set pairs.rejection_sampling=false."
    )

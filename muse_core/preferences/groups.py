"""Groups: several turns drawn for one request by the model as it is now, run to their ends and rewarded.

What RFT keeps and GRPO compares. Every sample runs the real tools in its own world, which stands as it was
before the turn; a turn that cannot be read is one too, and paid accordingly.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from muse_core.config.post_sections import OnPolicySection
from muse_core.errors import MuseError
from muse_core.preferences.cleaning import held_out_requests
from muse_core.preferences.contexts import Context, Environment, branch, choose_contexts
from muse_core.preferences.pairing import Sample
from muse_core.preferences.reward import RewardParts
from muse_core.profiles.reserved import for_pairs
from muse_core.profiles.system_line import partly_told
from muse_core.scoring.normal import normal_text
from muse_core.types import Conversation
from muse_core.world.turns import Turn

if TYPE_CHECKING:
    from muse_core.generation.assistant import TurnRequest
    from muse_core.generation.crew import Luggage
    from muse_core.generation.sampled_turns import Written
    from muse_core.generation.sampling import Sampling
    from muse_core.models.loading import LoadedModel


@dataclass(frozen=True)
class Drawn:
    """One sample of a group, and its tokens."""

    sample: Sample
    written: Written

    @property
    def reward(self) -> float:
        return self.sample.parts.total

    @property
    def tokens(self) -> int:
        """How many the model wrote itself."""
        return sum(self.written.own)


@dataclass(frozen=True)
class Group:
    context: Context
    drawn: tuple[Drawn, ...]

    @property
    def rewards(self) -> list[float]:
        return [one.reward for one in self.drawn]


@dataclass(frozen=True)
class Pool:
    """The requests that are trained on, in the order in which they were chosen, those held out, and how many
    were left out because a shopper of an unseen side says the same."""

    train: tuple[Context, ...]
    held_out: tuple[Context, ...]
    said_elsewhere: int = 0

    def part(self, start: int, count: int) -> list[Context]:
        """`count` of the requests to train on, at most all, from `start` on and over again."""
        size = len(self.train)
        return [self.train[at % size] for at in range(start, start + min(count, size))]


def contexts_to_ask(
    conversations: Sequence[Conversation],
    reserved_share: float,
    dropouts: tuple[float, float],
    held_out: int,
    seed: int,
    method: str,
) -> Pool:
    """The turns of the shoppers kept for the pairs, evenly over turn types and languages; up to `held_out` of
    a tenth of the conversations measure. MuseError when none is left to train on."""
    from muse_core.examples.pairs import is_held_out

    talks = partly_told(for_pairs(conversations, reserved_share), *dropouts, seed)
    apart = [one for one in talks if is_held_out(one.conversation_id)]
    rest = [one for one in talks if not is_held_out(one.conversation_id)]
    every = sum(len(one.labels) for one in rest)
    chosen = choose_contexts(rest, "train", every, np.random.default_rng([seed, 11]))
    unseen = held_out_requests(conversations)
    train = [one for one in chosen if normal_text(one.prompt[-1].content) not in unseen]
    if not train:
        raise MuseError(
            f"{method}: no context is left: of {len(conversations)} conversations {len(talks)} may be asked "
            f"(pairs.reserved_share={reserved_share:g}), {len(apart)} of them are held out, and "
            f"{len(chosen)} "
            "turns of the others are also said on an unseen side. Raise profiles.count or "
            "conversations.count, "
            "or set pairs.reserved_share=0."
        )
    measured = choose_contexts(apart, "train", held_out, np.random.default_rng([seed, 12]))
    return Pool(tuple(train), tuple(measured), len(chosen) - len(train))


# ---- drawing ----------------------------------------------------------------------------------------


def draw_groups(
    loaded: LoadedModel,
    contexts: Sequence[Context],
    environment: Environment,
    config: OnPolicySection,
    seed: Sequence[int],
) -> list[Group]:
    """`samples_per_context` samples of each context; by the crew that is open, if any. What is drawn follows
    from the weights, the seed and the context alone."""
    from muse_core.generation.crew import open_crew

    crew = open_crew()
    if crew is None or not crew.is_worth(len(contexts) * config.samples_per_context):
        return _draw_here(loaded, contexts, environment, config, seed)
    work = partial(_draw_there, crew.pack(loaded), crew.pack(environment), config, seed)
    return [group for part in crew.share(work, contexts) for group in part]


def _draw_there(
    model: Luggage,
    environment: Luggage,
    config: OnPolicySection,
    seed: Sequence[int],
    contexts: Sequence[Context],
) -> list[Group]:
    return _draw_here(model.unpack(), contexts, environment.unpack(), config, seed)


def _draw_here(
    loaded: LoadedModel,
    contexts: Sequence[Context],
    environment: Environment,
    config: OnPolicySection,
    seed: Sequence[int],
) -> list[Group]:
    from muse_core.generation.sampling import Sampling

    sampling = Sampling(config.temperature, 1.0, config.max_new_tokens)
    drawn = _answers(loaded, contexts, environment, sampling, config.samples_per_context, seed)
    return [Group(context, tuple(one)) for context, one in zip(contexts, drawn, strict=True)]


def held_out_reward(
    loaded: LoadedModel, pool: Pool, environment: Environment, config: OnPolicySection
) -> dict[str, float]:
    """What the model's most probable turns earn on held-out requests: `dev_reward`, its parts, and
    `dev_loss`, what is missing to 1; {} where none is held out."""
    from muse_core.generation.sampling import Sampling

    if not pool.held_out:
        return {}
    sampling = Sampling(max_new_tokens=config.max_new_tokens)
    found = _answers(loaded, pool.held_out, environment, sampling, 1, (0,))
    values = mean_parts(one.sample.parts for (one,) in found)
    return {"dev_loss": 1 - values["reward"]} | {f"dev_{name}": value for name, value in values.items()}


def _answers(
    loaded: LoadedModel,
    contexts: Sequence[Context],
    environment: Environment,
    sampling: Sampling,
    count: int,
    seed: Sequence[int],
) -> list[list[Drawn]]:
    from muse_core.generation.sampled_turns import sample_turns

    worlds = [environment.world(context) for context in contexts]
    requests: list[TurnRequest] = [
        _request(context, world, number, sampling, seed)
        for context, world in zip(contexts, worlds, strict=True)
        for number in range(count)
    ]
    answered = iter(zip(requests, sample_turns(loaded, requests, sampling), strict=True))
    found: list[list[Drawn]] = []
    for context in contexts:
        judged: dict[tuple[str, bool], tuple[Turn, RewardParts]] = {}  # many samples are the same text
        found.append([])
        for _ in range(count):
            request, (outcome, written) = next(answered)
            key = outcome.text, outcome.malformed
            if key not in judged:
                turn = Turn(outcome.messages)
                judged[key] = turn, environment.reward(turn, outcome.malformed, context)
            sample = Sample(*judged[key], sampling.temperature, request.seed, outcome.malformed)
            found[-1].append(Drawn(sample, written))
    return found


def _request(
    context: Context, world: object, number: int, sampling: Sampling, seed: Sequence[int]
) -> TurnRequest:
    from muse_core.generation.assistant import TurnRequest

    name = f"{'.'.join(map(str, seed))}.{context.name}.{number}"
    own_seed = zlib.crc32(name.encode())
    return TurnRequest(context.prompt, branch(world), context.label.turn, own_seed, sampling)  # type: ignore[arg-type]


# ---- figures ----------------------------------------------------------------------------------------


def mean_parts(parts: Iterable[RewardParts]) -> dict[str, float]:
    """`reward` and `reward_<part>`: means; {} of none."""
    rows = list(parts)
    if not rows:
        return {}
    named = {
        f"reward_{one.name}": fmean(getattr(row, one.name) for row in rows) for one in fields(RewardParts)
    }
    return {"reward": fmean(row.total for row in rows)} | named


def figures_of(groups: Sequence[Group]) -> dict[str, float]:
    """Means over all samples: reward and its parts, tokens of a turn, share that could not be read."""
    drawn = [one for group in groups for one in group.drawn]
    return mean_parts(one.sample.parts for one in drawn) | {
        "turn_tokens": fmean(one.tokens for one in drawn),
        "malformed": fmean(one.sample.malformed for one in drawn),
    }


def refuse_wrong_rewards(groups: Iterable[Group], method: str) -> None:
    """MuseError for a reward that is not a number, with the part that is not."""
    for group in groups:
        for one in group.drawn:
            if not math.isfinite(one.reward):
                parts: Mapping[str, float] = vars(one.sample.parts)
                wrong = ", ".join(name for name, value in parts.items() if not math.isfinite(value))
                raise MuseError(
                    f"{method}: the reward of a sample of {group.context.name} is {one.reward} ({wrong}); "
                    "expected a finite number. Look at that part of the reward in preferences/reward.py."
                )

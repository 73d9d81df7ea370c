"""What proves a pair: both traces, where the two turns part, and that running it again says the same.

`evidence` of a pair, shortened::

    {"chosen": {"calls": ["search(query='shirt')"], "results": ["dabfa1a9ea85eae1"],
                "reward": {"arguments": 1.0, …, "total": 1.0}, "temperature": 0.7, "seed": 2447669400},
     "rejected": {…},
     "divergence": {"character": 34, "token": 3},
     "turn_type": "comparison", "family": …, "chosen_reasoning": …, "rejected_reasoning": …}

`divergence` counts from the turn's `<|assistant|>`: characters of the rendered stream, and tokens of the
model's own tokenizer, as DPO reads them. A contrast pair also names its `type` and `difficulty`.

`replays` runs both sides' calls again in the world before the turn, gives the turns their reward again,
and compares results, reward parts, scores, strength, and which side wins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from muse_core.errors import MuseError
from muse_core.preferences.contexts import Context, Environment, branch
from muse_core.preferences.pairing import Match, Sample, strength
from muse_core.preferences.reward import RewardParts, reasoning
from muse_core.records import tool_message
from muse_core.tools.base import ShopWorld
from muse_core.tools.call_syntax import render_call
from muse_core.tools.toolbox import Toolbox
from muse_core.types import JsonValue, Message, PreferencePair
from muse_core.world.turns import Turn

TokensOf = Callable[[Sequence[Message]], Sequence[int]]
_EXACT = 1e-6  # rewards are written with six digits
_SHOWN = 5  # pairs named in an error


def pair_of(
    context: Context,
    match: Match,
    name: str,
    kind: str,
    tokens_of: TokensOf,
    about: Mapping[str, JsonValue] | None = None,
) -> PreferencePair:
    """The pair `context.name` + `name` with its evidence; `about` is added to it."""
    chosen, rejected = match.chosen, match.rejected
    return PreferencePair(
        pair_id=f"{context.name}.{name}",
        conversation_id=context.conversation.conversation_id,
        turn=context.label.turn,
        side=context.conversation.side,
        language=context.conversation.language,
        prompt=context.prompt,
        chosen=chosen.turn.messages,
        rejected=rejected.turn.messages,
        chosen_score=chosen.parts.quality,
        rejected_score=rejected.parts.quality,
        strength=match.strength,
        kind=kind,  # type: ignore[arg-type]
        evidence={
            "chosen": _trace(chosen),
            "rejected": _trace(rejected),
            "divergence": _divergence(chosen, rejected, tokens_of),
            "turn_type": context.label.turn_type,
            "family": context.label.family,
            "chosen_reasoning": reasoning(chosen.parts, rejected.parts),
            "rejected_reasoning": reasoning(rejected.parts, chosen.parts),
            **(about or {}),
        },
    )


def _trace(sample: Sample) -> dict[str, JsonValue]:
    """What one side called, what it got (as digests), and its reward part by part."""
    calls: list[JsonValue] = [render_call(call) for call in sample.turn.calls]
    results: list[JsonValue] = _digests(sample.turn)
    trace: dict[str, JsonValue] = {"calls": calls, "results": results, "reward": _written(sample.parts)}
    return trace | {"temperature": sample.temperature, "seed": sample.seed}


def _written(parts: RewardParts) -> dict[str, JsonValue]:
    written: dict[str, JsonValue] = {name: round(value, 6) for name, value in asdict(parts).items()}
    return written | {"total": round(parts.total, 6)}


def _digests(turn: Turn) -> list[JsonValue]:
    return [digest(message) for message in turn.messages if message.role == "tool"]


def digest(message: Message) -> str:
    """sha256 of a tool message's canonical JSON, first 16 digits."""
    return hashlib.sha256(message.content.encode()).hexdigest()[:16]


def _divergence(chosen: Sample, rejected: Sample, tokens_of: TokensOf) -> dict[str, JsonValue]:
    return {
        "character": _first_difference(chosen.text, rejected.text),
        "token": _first_difference(tokens_of(chosen.turn.messages), tokens_of(rejected.turn.messages)),
    }


def _first_difference(left: Sequence[object], right: Sequence[object]) -> int:
    """The first place at which two sequences differ; the shorter one's end when it begins the other."""
    shorter = min(len(left), len(right))
    return next((k for k in range(shorter) if left[k] != right[k]), shorter)


# ---- the verdict again ----------------------------------------------------------------------------


def replays(pair: PreferencePair, context: Context, world: ShopWorld, environment: Environment) -> bool:
    """Whether the same verdict comes out again. `world` stands before the turn and is left as it is."""
    scores = {}
    for side, messages, score in (
        ("chosen", pair.chosen, pair.chosen_score),
        ("rejected", pair.rejected, pair.rejected_score),
    ):
        again = _run_again(messages, world)
        parts = environment.reward(again, False, context)
        if not _is_as_recorded(pair.evidence.get(side), again, parts) or abs(parts.quality - score) > _EXACT:
            return False
        scores[side] = parts.quality
    same_strength = abs(strength(scores["chosen"], scores["rejected"]) - pair.strength) <= _EXACT
    return scores["chosen"] > scores["rejected"] and same_strength


def _run_again(messages: Sequence[Message], world: ShopWorld) -> Turn:
    """The turn with the results that its calls give now."""
    toolbox = Toolbox(branch(world))
    again: list[Message] = []
    for message in messages:
        if message.role == "tool":
            continue
        again.append(message)
        again += [tool_message(toolbox.run(call)) for call in message.tool_calls]
    return Turn(tuple(again))


def _is_as_recorded(trace: JsonValue, again: Turn, parts: RewardParts) -> bool:
    if not isinstance(trace, dict):
        return False
    written = trace.get("reward")
    now = _written(parts)
    return (
        trace.get("results") == _digests(again)
        and isinstance(written, dict)
        and written.keys() == now.keys()
        and all(abs(float(written[name]) - float(now[name])) <= 2 * _EXACT for name in now)  # type: ignore[arg-type]
    )


def not_replaying(
    pairs: Sequence[PreferencePair], contexts: Sequence[Context], environment: Environment
) -> list[str]:
    """Ids of the pairs whose evidence gives another verdict; each context's world is built once."""
    by_place = {(context.conversation.conversation_id, context.label.turn): context for context in contexts}
    worlds: dict[str, ShopWorld] = {}
    failed = []
    for pair in pairs:
        context = by_place[(pair.conversation_id, pair.turn)]
        if context.name not in worlds:
            worlds[context.name] = environment.world(context)
        if not replays(pair, context, worlds[context.name], environment):
            failed.append(pair.pair_id)
    return failed


def need_replay(
    pairs: Sequence[PreferencePair], contexts: Sequence[Context], environment: Environment
) -> float:
    """The share of pairs that replay: 1.0; MuseError when any does not."""
    failed = not_replaying(pairs, contexts, environment)
    if failed:
        raise MuseError(
            f"pairs: {len(failed)} of {len(pairs)} pairs give another verdict when their calls are run again "
            f"({', '.join(failed[:_SHOWN])}): a tool or the reward depends on more than its arguments, the "
            "catalogue and the conversation. Compare the pair's evidence with a run of its calls."
        )
    return 1.0

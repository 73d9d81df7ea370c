"""Pairs that people judged, on their way into training: read, checked against this run, joined with the
mined ones.

The `pairs` stage calls `pairs_of_people` with the artifact that `muse human-eval import --pairs` wrote
(`evaluation/human/human_pairs.py`), and lints what `with_people` gives like any other pairs. Refused: a
table that people did not judge, and pairs of conversations that this run does not have on its train side.
"""

from __future__ import annotations

from collections.abc import Sequence

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.records import from_table
from muse_core.types import Conversation, PreferencePair
from muse_core.world.replay import context_before

KIND = "preference_pairs"
SUFFIX = ".people"  # behind the id of the mined pair that was shown
SHOWN = 5


def pairs_of_people(
    store: ArtifactStore, name: str, conversations: Sequence[Conversation]
) -> list[PreferencePair]:
    """The pairs of an artifact (`preference_pairs/…`). ConfigError says why it cannot be trained on."""
    ref = store.resolve(name)
    about = store.manifest(ref).get("about", {}) if ref.kind == KIND else {}
    if about.get("judged_by") != "people":
        raise ConfigError(
            f"{name} is {ref.kind} that no people judged; "
            "expected what `muse human-eval import --pairs` wrote"
        )
    pairs: list[PreferencePair] = from_table(KIND, store.read_table(ref))
    known = {talk.conversation_id: talk for talk in conversations if talk.side == "train"}
    strange = [pair.pair_id for pair in pairs if not _is_of(known.get(pair.conversation_id), pair)]
    if strange:
        raise ConfigError(
            f"{name}: {len(strange)} of {len(pairs)} pairs are not of this run's train side "
            f"({', '.join(strange[:SHOWN])}); expected ratings of the conversations that are trained on. "
            "Make a study of this run: muse human-eval make --side train"
        )
    return pairs


def _is_of(conversation: Conversation | None, pair: PreferencePair) -> bool:
    """Whether the pair's prompt is what this run's conversation says up to that turn."""
    if conversation is None or pair.side != "train" or pair.turn >= len(conversation.labels):
        return False
    return tuple(pair.prompt) == tuple(context_before(conversation, pair.turn))


def with_people(mined: Sequence[PreferencePair], people: Sequence[PreferencePair]) -> list[PreferencePair]:
    """All pairs; where people judged a mined pair, theirs stands for it."""
    judged = {pair.pair_id.removesuffix(SUFFIX) for pair in people}
    return [*(pair for pair in mined if pair.pair_id not in judged), *people]

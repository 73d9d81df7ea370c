"""Accepted corrections → preference pairs: what should have been done, over what was served.

The prompt is the conversation of this run (`enter.py`), so that what did not enter gives no pair. A thumb
down is the lowest score of the scale from 1 to 5, the turn that stands in its place the highest: people
gave no others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from muse_core.conversation_files.chat_turns import BadLine
from muse_core.feedback.enter import conversation_id, run_again
from muse_core.feedback.row import Feedback
from muse_core.preferences.pairing import strength
from muse_core.preferences.people import SUFFIX
from muse_core.types import Conversation, PreferencePair
from muse_core.world.replay import context_before, turn_messages

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

BEST, WORST = 5.0, 1.0
NOT_ENTERED, NO_REPLAY = "its conversation did not enter", "the served turn does not replay"


def pairs_of_feedback(
    rows: Sequence[Feedback], conversations: Sequence[Conversation], index: CatalogIndex
) -> tuple[list[PreferencePair], dict[str, int]]:
    """The pairs, and how many corrections gave none, by reason."""
    known = {talk.conversation_id: talk for talk in conversations if talk.side == "train"}
    pairs: list[PreferencePair] = []
    dropped: Counter[str] = Counter()
    for one in rows:
        if one.is_correction:
            found = _pair(one, known, index)
            if isinstance(found, str):
                dropped[found] += 1
            else:
                pairs.append(found)
    return pairs, dict(sorted(dropped.items()))


def _pair(one: Feedback, known: Mapping[str, Conversation], index: CatalogIndex) -> PreferencePair | str:
    talk = known.get(conversation_id(one))
    if talk is None:
        return NOT_ENTERED
    turn = len(talk.labels) - 1
    try:
        served = run_again(one, one.answer, index)
    except BadLine:
        return NO_REPLAY
    return PreferencePair(
        pair_id=f"{talk.conversation_id}.{turn}.0{SUFFIX}",
        conversation_id=talk.conversation_id,
        turn=turn,
        side="train",
        language=talk.language,
        prompt=context_before(talk, turn),
        chosen=turn_messages(talk, turn),
        rejected=turn_messages(served, turn),
        chosen_score=BEST,
        rejected_score=WORST,
        strength=strength(BEST, WORST),
        kind="on_policy",
        evidence={
            "judged_by": "people", "feedback": one.feedback_id, "wish": one.wish,
            "turn_type": talk.labels[turn].turn_type, "chosen_reasoning": "what a person asked for instead",
            "rejected_reasoning": "what was served, and turned down",
        },
    )  # fmt: skip

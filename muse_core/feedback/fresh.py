"""What is accepted and no model has had a chance to learn."""

from __future__ import annotations

from muse_core.artifacts import ArtifactStore
from muse_core.feedback.queue import queue
from muse_core.feedback.row import Feedback, chat_of
from muse_core.types import ArtifactRef

CONVERSATIONS = "conversations"


def fresh_feedback(store: ArtifactStore) -> list[Feedback]:
    """Accepted rows that the newest conversations neither hold nor have left out for a reason."""
    rows = [one for one in queue(store) if one.status == "accepted"]
    newest = store.latest(CONVERSATIONS)
    if newest is None or not rows:
        return rows
    table = store.read_table(ArtifactRef(**newest["ref"]))
    entered = set(table.column("conversation_id").to_pylist())
    told = newest["about"].get("feedback", {}).get("left_out", [])
    left_out = {line.partition(":")[0] for line in told}
    return [one for one in rows if chat_of(one, ())["id"] not in entered and one.feedback_id not in left_out]

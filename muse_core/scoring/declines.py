"""Does a reply decline? A detector on cue phrases in three languages, for what is not a shop's business."""

from __future__ import annotations

from muse_core.scoring.cue_words import cues
from muse_core.scoring.normal import normal_text


def declines(reply: str) -> bool:
    """Whether the reply says that it will not or cannot do what was asked."""
    return bool(cues().declines.search(normal_text(reply)))

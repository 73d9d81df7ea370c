"""How far the detector behind the slot rate can be trusted: precision and recall on hand-labelled replies."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from muse_core.language.scripts import detect_language
from muse_core.scoring.slots import asked_slot, is_asked


@dataclass(frozen=True)
class DetectorQuality:
    """`precision`: of the replies in which the detector names a slot, the share where it is the right
    one; `recall`: of the replies that ask for a slot, the share found; `n`: replies."""

    precision: float
    recall: float
    n: int


def labelled_replies() -> list[tuple[str | None, str]]:
    """(slot that the reply asks for or None, reply)."""
    source = resources.files("muse_core.evaluation.score").joinpath("labelled_replies.txt")
    lines = [line for line in source.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    pairs = (line.split(" | ", 1) for line in lines)
    return [(None if slot == "-" else slot, reply) for slot, reply in pairs]


def detector_quality() -> DetectorQuality:
    """The detector against the labels."""
    replies = labelled_replies()
    found = [(slot, asked_slot(reply, detect_language(reply))) for slot, reply in replies]
    right = sum(is_asked(asked, slot) for slot, asked in found)
    named = sum(asked is not None for _, asked in found)
    asking = sum(slot is not None for slot, _ in found)
    return DetectorQuality(right / max(1, named), right / max(1, asking), len(replies))

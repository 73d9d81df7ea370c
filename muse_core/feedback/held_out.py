"""What must never be trained on, so that what people send back can be held against it.

    dev and test conversations of the newest run     every word of theirs
    wordings of the dev and test sides               their frames: the words with a place for each value
    the hand-written cases, the people's requests    `muse eval`'s own files, too, where one is named

A text overlaps by the looks of `scoring/overlap.py`, or because it has the frame of a held-out wording
that no training wording has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from muse_core.dialogue.llm.copies import coarse, frames, skeleton
from muse_core.dialogue.llm.reading import Shelf
from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.cases.handwritten.one_shop import handwritten_cases
from muse_core.evaluation.cases.handwritten.three_shops import people_cases
from muse_core.scoring.overlap import find_leaks, user_turns
from muse_core.types import Conversation, Product


@dataclass(frozen=True)
class HeldOut:
    """(name, text) of everything that is held out, and the shop's words for the frames."""

    texts: tuple[tuple[str, str], ...]
    shelf: Shelf

    @classmethod
    def of(
        cls, conversations: Iterable[Conversation], products: Iterable[Product], own: Iterable[EvalCase] = ()
    ) -> HeldOut:
        """`conversations`: of a run, all sides; `own`: cases of a user's own file."""
        talks = [one for one in conversations if one.side != "train"]
        found = [*user_turns(talks, "dev"), *user_turns(talks, "test")]
        for name, cases in (("case", handwritten_cases()), ("people", people_cases()), ("own case", own)):
            found += [(f"{name} {case.case_id}", text) for case in cases for text in _said(case)]
        return cls(tuple(found), Shelf.of(products))

    def overlaps(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Id -> what is held out and says the same, for those texts of which something does."""
        found = {leak.text_id: leak.like for leak in find_leaks(texts, self.texts)}
        for name, text in texts.items():
            wording = held_out_frames().get(tuple(coarse(skeleton(text, self.shelf))))
            if wording is not None and name not in found:
                found[name] = f"wording {wording!r}"
        return found


def _said(case: EvalCase) -> Iterator[str]:
    yield from (message.content for message in case.history if message.role == "user")
    yield case.utterance


@cache
def held_out_frames() -> dict[tuple[str, ...], str]:
    """The frames that only wordings of the dev and test sides have -> such a wording. A frame without
    words of its own (`red shirts`) belongs to nobody."""
    found: dict[tuple[str, ...], str] = {}
    trained: set[tuple[str, ...]] = set()
    for frame, side, wording in frames():
        if side in ("dev", "test"):
            found.setdefault(frame, wording)
        else:
            trained.add(frame)
    return {frame: said for frame, said in found.items() if frame not in trained and len(frame) > 1}

"""The slot detector on hand-labelled replies that no template wrote."""

from __future__ import annotations

from muse_core.evaluation.score.slot_detector import detector_quality, labelled_replies


def test_the_labels_cover_asking_and_not_asking() -> None:
    slots = [slot for slot, _ in labelled_replies()]
    assert len(slots) == 100 and slots.count(None) >= 30 and len(set(slots)) >= 10


def test_it_can_be_trusted() -> None:
    found = detector_quality()
    assert found.precision >= 0.9 and found.recall >= 0.85 and found.n == 100

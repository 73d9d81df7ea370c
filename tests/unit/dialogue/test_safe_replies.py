"""The sentences that stand in can always be filled in, in the shopper's language and script."""

from __future__ import annotations

import pytest

from muse_core.dialogue.safe_replies import safe_reply
from muse_core.language.scripts import share_devanagari
from muse_core.scoring.groundedness import check
from muse_core.scoring.language_match import language_match
from muse_core.tools.references import last_shown, lexicalise
from muse_core.types import JsonValue, Language

PRICED: JsonValue = {"items": [{"id": "p1", "title": "Nadi Kurta", "price": 500}], "total": 1}
FREE: JsonValue = {"items": [{"id": "p2", "title": "Nadi Shawl"}], "total": 1}
NONE: JsonValue = {"items": [], "total": 0}
WORD: JsonValue = {"text": "kurta", "source": "कुर्ता", "target": "en"}
SPOKEN: list[tuple[Language, str]] = [
    ("en", "show me kurtas"), ("hi", "मुझे कुर्ता दिखाइए"), ("mixed", "mujhe kurta dikhao"),
    ("mixed", "मुझे casual kurta दिखाओ please"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "utterance"), SPOKEN)
@pytest.mark.parametrize("found", [[], [NONE], [PRICED], [FREE], [PRICED, NONE], [WORD], [PRICED, FREE]])
def test_safe_replies(found: list[JsonValue], language: Language, utterance: str) -> None:
    raw = safe_reply(found, language, utterance)
    text, faults = lexicalise(raw, last_shown(found), language)
    assert not faults and "[" not in text
    assert language_match(text, language, ["Nadi Kurta", "Nadi Shawl", "kurta"])
    assert bool(share_devanagari(text.replace("Nadi", ""))) == bool(share_devanagari(utterance))
    judged = check(raw, found, language)
    assert not judged.unknown and judged.grounded == bool(found)

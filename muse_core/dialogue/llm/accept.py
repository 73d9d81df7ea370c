"""Is a reworded turn the same request? Each check names the reason for which a wording is turned down.

A wording must read like the original: the same prices, colours, nouns and so on, by rules that know no
model (`reading.py`). What rules cannot read in the original is never offered for rewording.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal

from muse_core.dialogue.llm.reading import IMAGE, INVENTED, Fact, Shelf, keys, read, spelled
from muse_core.language.scripts import detect_language, share_devanagari
from muse_core.tools.references import REFERENCE, references_in

Reason = Literal[
    "missing", "unchanged", "markup", "too_long", "too_short", "language",
    "lost_argument", "added_argument", "hallucinated_product", "references", "position", "replay",
]  # fmt: skip

MAX_CHARACTERS = 300
_MARKUP = re.compile(
    r"[<>{}\[\]`|\\*#\x00-\x1f\x7f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|https?:|www\.|&\w+;"
    r"|^\s*(?:user|assistant|system|shopper)\s*:",
    re.IGNORECASE,
)
_CAPITALISED = re.compile(r"\b[A-Z][\w&'-]*(?:\s+[A-Z][\w&'-]*){2,}")


def turned_down(new: str | None, old: str, old_facts: list[Fact], shelf: Shelf) -> Reason | None:
    """Why a user turn's wording is not accepted; None when it is."""
    reason = _form(new, old, IMAGE)
    if new is None or reason is not None:
        return reason
    if _marks(new, IMAGE) != _marks(old, IMAGE):
        return "lost_argument"
    return _content(new, old, old_facts, shelf)


def reply_turned_down(new: str | None, old: str, shelf: Shelf) -> Reason | None:
    """The same for an assistant's reply: its references stay, and it names nothing besides them."""
    reason = _form(new, old, REFERENCE)
    if new is None or reason is not None:
        return reason
    if Counter(references_in(new)) != Counter(references_in(old)):
        return "references"
    if new.rstrip().endswith("?") != old.rstrip().endswith("?"):
        return "added_argument"  # it asks what the original does not, or the other way round
    bare = REFERENCE.sub(" ", old)
    return _content(REFERENCE.sub(" ", new), bare, read(bare, shelf), shelf)


def _form(new: str | None, old: str, marks: re.Pattern[str]) -> Reason | None:
    """What can be said without reading: there, different, plain but for `marks`, about as long, in the
    same language."""
    if not new:
        return "missing"
    if spelled(new) == spelled(old):
        return "unchanged"
    if _MARKUP.search(marks.sub(" ", new)):
        return "markup"
    words, limit = len(new.split()), len(old.split())
    if len(new) > max(MAX_CHARACTERS, len(old)) or words > 2 * limit + 6:
        return "too_long"
    if 3 * words < limit:
        return "too_short"
    if detect_language(new) != detect_language(old) or (share_devanagari(new) > 0) != (
        share_devanagari(old) > 0
    ):
        return "language"
    return None


def _marks(text: str, pattern: re.Pattern[str]) -> Counter[str]:
    return Counter(match.group() for match in pattern.finditer(text))


def _content(new: str, old: str, old_facts: list[Fact], shelf: Shelf) -> Reason | None:
    """What is said: nothing lost, nothing added, no product out of nowhere."""
    before, now = keys(old_facts), keys(read(new, shelf))
    added = now - before
    if any(slot in INVENTED for slot, _ in added) or _invents(new, old):
        return "hallucinated_product"
    if before - now:
        return "lost_argument"
    return "added_argument" if added else None


def _invents(new: str, old: str) -> bool:
    """A run of three capitalised words that the original does not have: an invented title."""
    known = spelled(old)
    return any(spelled(run) not in known for run in _CAPITALISED.findall(new))

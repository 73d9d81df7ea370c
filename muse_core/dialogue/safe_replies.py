"""The sentence that is said where a model's own reply cannot be shown: true whatever the tools found."""

from __future__ import annotations

from collections.abc import Sequence

from muse_core.dialogue.script import Script, read_words
from muse_core.language.scripts import share_devanagari
from muse_core.tools.references import items_of
from muse_core.types import JsonValue, Language


def safe_reply(found: Sequence[JsonValue], language: Language, utterance: str) -> str:
    """One delexicalised sentence in the language and script of the utterance. `found`: the values of the
    results of this turn, in order; references point to the last one that holds something."""
    return str(read_words("safe_replies")[_situation(found)][_script(language, utterance)])


def _situation(found: Sequence[JsonValue]) -> str:
    shown = next((value for value in reversed(found) if items_of(value)), None)
    if shown is None:
        return "nothing" if found else "unclear"
    first = items_of(shown)[0]
    if "id" not in first:
        return "translated"
    return "found" if first.get("price") is not None else "found_without_price"


def _script(language: Language, utterance: str) -> Script:
    if language != "mixed":
        return language
    return "both" if share_devanagari(utterance) else "roman"

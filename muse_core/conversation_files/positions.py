"""Where in an utterance a call becomes possible: right behind the last word its arguments depend on.

A value is found as it stands, as a word that the lexicon reads as it (काला for black), or as a price. What
is not found is taken to have been said in an earlier turn; where nothing is found (a comparison, a
paraphrase), the whole utterance counts.
"""

from __future__ import annotations

from muse_core.language import lexicon
from muse_core.language.matching import tokens
from muse_core.language.prices import find_prices
from muse_core.types import JsonValue, ToolCall

_SLOTS = {"query": "product_type"} | {
    name: name for name in ("colour", "material", "occasion", "gender", "size")
}


def position_of(text: str, call: ToolCall) -> int:
    """The code-point offset, between 0 and the text's length."""
    ends = [_end_of(text, name, value) for name, value in call.arguments.items()]
    known = [end for end in ends if end is not None]
    if known:
        return max(known)
    words = tokens(text)
    return words[-1].end if words else len(text)


def _end_of(text: str, name: str, value: JsonValue) -> int | None:
    """Where the value's last mention ends; None when it is not said in words that we know."""
    if isinstance(value, bool):
        return _end_of(text, name, name.replace("_", " "))
    if isinstance(value, list):
        return max((end for one in value if (end := _end_of(text, name, one)) is not None), default=None)
    if isinstance(value, int | float):
        ends = [span.end for span in find_prices(text) if span.value == value]
        return max(ends, default=None) or _end_of(text, name, f"{value:g}")
    if not isinstance(value, str):
        return None
    wanted = f"[image:{value}]" if name == "image" else value
    start = text.lower().rfind(wanted.lower())
    if start >= 0 and len(text.lower()) == len(text):
        return start + len(wanted)
    if name not in _SLOTS:
        return None
    return max((end for word, _, end in lexicon.find(_SLOTS[name], text) if word == value), default=None)

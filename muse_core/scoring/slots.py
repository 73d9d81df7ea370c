"""Which slot a reply asks for: a detector on cue words in three languages.

A reply asks when one of its sentences is a question (a question mark, a question word, or a request
to give something) and that sentence holds a cue of a slot. It reads words only, so that it judges a
model's free text like a template's. Not covered: indirect hints ("a size would help me").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from muse_core.scoring.cue_words import cues
from muse_core.scoring.normal import normal_text
from muse_core.types import Facet, Language

_REFERENCE = re.compile(r"\[\d+(?::\w*)?\]")
_SENTENCE = re.compile(r"[^.!?।\n]*[.!?।\n]?")
_SAME = {"query": "product_type", "budget": "max_price", "min_price": "max_price", "price": "max_price"}


def asked_slot(reply: str, language: Language, facets: Sequence[Facet] = ()) -> str | None:
    """The slot that the reply asks for, by argument name (`product_type` for "what are you looking
    for?"); None when it asks for nothing that we know. The cues of all languages are sought, whatever
    `language` is: Hinglish may use any of them. `facets`: the shop's, each asked for by its name."""
    for sentence in _sentences(reply):
        if _asks(sentence):
            words = normal_text(sentence)
            named = [facet.name for facet in facets if f" {facet.name.replace('_', ' ')} " in f" {words} "]
            if named:
                return max(named, key=len)  # "screen size" is not the size
            for slot, pattern in cues().slots:
                if pattern.search(words):
                    return slot
    return None


def is_question(reply: str) -> bool:
    """Whether some sentence of the reply asks something."""
    return any(_asks(sentence) for sentence in _sentences(reply))


def is_asked(asked: str | None, missing: str | None) -> bool:
    """Whether the slot asked for is the missing one (`query` and `product_type` are one, so are the
    two price limits)."""
    if asked is None or missing is None:
        return False
    return _SAME.get(asked, asked) == _SAME.get(missing, missing)


def _sentences(reply: str) -> list[str]:
    return [part for part in _SENTENCE.findall(_REFERENCE.sub(" ", reply)) if part.strip()]


def _asks(sentence: str) -> bool:
    words = normal_text(sentence)
    return sentence.rstrip().endswith("?") or bool(
        cues().question.search(words) or cues().opening.match(words)
    )

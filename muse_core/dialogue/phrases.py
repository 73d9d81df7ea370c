"""How a script puts things: the texts of its `phrases.toml`, chosen, filled in and made to agree.

What is data is every word; what is code is which forms agree: an adjective or का/के/की with the noun, a
noun with the postposition behind it.
"""

from __future__ import annotations

import re
from typing import Any

from muse_core.dialogue.script import Script
from muse_core.dialogue.voice import Voice
from muse_core.language.lexicon import agreement_with
from muse_core.wordings.words import words

_AGREES = re.compile(r"\(([^()/]+(?:/[^()/]+){2})\)")


def phrases(script: Script) -> dict[str, Any]:
    """All of a script's phrases."""
    return words("phrases", script)


def say(voice: Voice, *path: str, noun: str | None = None, **values: str) -> str:
    """A phrase with its values: one of a list by chance, a single text without. `noun`: the product that
    `(का/के/की)` agrees with."""
    forms: Any = phrases(voice.script)
    for name in path:
        forms = forms[name]
    chosen = forms if isinstance(forms, str) else voice.pick(forms)
    return agreeing(noun, chosen).format(**values)


def agreeing(noun: str | None, text: str) -> str:
    """`(का/के/की)` -> the form for a product type."""
    return _AGREES.sub(lambda found: found.group(1).split("/")[agreement_with(noun)], text)


def oblique(script: Script, word: str) -> str:
    """A Hindi noun before a postposition: चमड़ा -> चमड़े, chamda -> chamde."""
    for ending, changed in phrases(script).get("oblique", {}).items():
        if word.endswith(ending):
            return word.removesuffix(ending) + changed
    return word

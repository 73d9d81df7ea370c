"""Who speaks and which surface words that gives: script, the speaker's gender, agreement with a noun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from muse_core.dialogue.script import LANGUAGE_OF, Script, SpeakerGender
from muse_core.language import lexicon

Form = TypeVar("Form")

ANY_PLURAL = "shoes"  # its Hindi noun is masculine plural: adjectives before वाले take that form
_USUAL = 0.45  # how often the usual form is taken without a draw among all


@dataclass(frozen=True)
class Voice:
    """A speaker: the script written in, the source of chance, the gender of the speaker's verbs."""

    script: Script
    rng: np.random.Generator
    speaker: SpeakerGender = "m"

    def pick(self, forms: Sequence[Form]) -> Form:
        """One of the forms, evenly."""
        return forms[int(self.rng.random() * len(forms))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def english(self) -> Voice:
        """The same speaker in English."""
        return Voice("en", self.rng, self.speaker)

    def postposition(self, roman: str, hindi: str) -> str:
        """`ke liye` or के लिए."""
        return roman if self.script == "roman" else hindi


@lru_cache(maxsize=65536)
def forms_of(slot: str, value: str, script: Script, noun: str | None = None) -> tuple[str, ...]:
    """Surface forms that a script allows, the usual first: Roman and English for `roman`, English for
    `both`. Adjectives agree with `noun` (a product type)."""
    if script in ("en", "hi"):
        return lexicon.surfaces(slot, value, LANGUAGE_OF[script], noun)
    english = lexicon.surfaces(slot, value, "en", noun)
    if script == "both":
        return english
    mixed = lexicon.surfaces(slot, value, "mixed", noun)
    return tuple(form for form in mixed if form.isascii()) or english


def surface(voice: Voice, slot: str, value: str, noun: str | None = None) -> str:
    """One surface form, the usual one most often."""
    forms = forms_of(slot, value, voice.script, noun)
    return forms[0] if len(forms) == 1 or voice.chance(_USUAL) else voice.pick(forms)


@lru_cache(maxsize=4096)
def agreement_of(noun: str | None) -> int:
    """0 masculine, 1 plural, 2 feminine: what Hindi adjectives do before this product type."""
    said = lexicon.surfaces("colour", "black", "hi", noun)[0]
    return {"काला": 0, "काले": 1, "काली": 2}.get(said, 0)


def agreeing(noun: str | None, forms: str) -> str:
    """`का/के/की` -> the form for the noun."""
    return forms.split("/")[agreement_of(noun)]


def oblique(voice: Voice, word: str) -> str:
    """A Hindi noun before a postposition: चमड़ा -> चमड़े, chamda -> chamde."""
    if voice.script == "roman":
        return word[:-1] + "e" if word in ("chamda", "nakli chamda", "tamba", "sona") else word
    return word[:-1] + "े" if word.endswith(("ड़ा", "बा", "ना")) else word

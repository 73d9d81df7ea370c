"""Who speaks and which surface words of the lexicon that gives: script, chance, the speaker's gender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np

from muse_core.dialogue.script import LANGUAGE_OF, Script, SpeakerGender
from muse_core.language import lexicon
from muse_core.types import Facet

Form = TypeVar("Form")

ANY_PLURAL = "shoes"  # its Hindi noun is masculine plural: adjectives before वाले take that form
_USUAL = 0.45  # how often the usual form is taken without a draw among all


@dataclass(frozen=True)
class Voice:
    """A speaker: the script written in, the source of chance, the gender of the speaker's verbs, and the
    facets of the shop that is spoken to. `is_brief`: types as into a search box."""

    script: Script
    rng: np.random.Generator
    speaker: SpeakerGender = "m"
    facets: Mapping[str, Facet] = field(default_factory=dict)
    is_brief: bool = False

    def pick(self, forms: Sequence[Form]) -> Form:
        """One of the forms, evenly."""
        return forms[int(self.rng.random() * len(forms))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def english(self) -> Voice:
        """The same speaker in English."""
        return replace(self, script="en")

    def usual(self, forms: Sequence[Form]) -> Form:
        """One of the forms, the first one most often."""
        return forms[0] if len(forms) == 1 or self.chance(_USUAL) else self.pick(forms)


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
    return voice.usual(forms_of(slot, value, voice.script, noun))

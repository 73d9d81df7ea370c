"""A simulated shopper in one conversation: whose words, in which script, about which wish.

The moves (`requests.py`, `follow_ups.py`, `questions.py`) say what is asked for; this module holds what
they share: choosing a family of the shopper's side, filling it, and typing it the way this person types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from muse_core.dialogue import goals
from muse_core.dialogue.families import Family, FamilyBook, closings, openings
from muse_core.dialogue.goals import Shop, Wish
from muse_core.dialogue.utterance import (
    SpeakerGender,
    Utterance,
    Word,
    fill,
    join,
    render,
    with_habits,
    with_slip,
)
from muse_core.dialogue.voice import Voice, agreement_of
from muse_core.dialogue.wording import Script
from muse_core.tools.toolbox import argument_order
from muse_core.types import Decision, Language, Profile, TurnType

Call = tuple[str, dict[str, Any]]

ROMAN_SHARE = 0.65  # of mixed shoppers; the others write two scripts
_CAREFUL = 0.35  # of shoppers set capitals and end marks
_CASUAL_ONLY = frozenset(
    ("yaar", "yaar,", "arre", "bhaiya,", "hello bhai,", "भैया,", "hi भैया,", "अरे", "suno na,", "umm", "hey,")
)


@dataclass(frozen=True)
class Said:
    """One user turn. `situation` names the reply where no call is made; `other_plans` are further
    accepted tool sequences."""

    utterance: Utterance
    family: Family
    turn_type: TurnType
    calls: tuple[Call, ...] = ()
    situation: str = ""
    acceptable: tuple[Decision, ...] = ()
    optional: tuple[str, ...] = ()
    other_plans: tuple[tuple[str, ...], ...] = ()
    missing_slot: str | None = None


@dataclass
class Shopper:
    """`habit` in [0, 1) fixes how this person spells; `pending` is the slot that the assistant asked for
    with the arguments said so far; `first_wish` is the goal of the conversation; `sees_results`: the
    last product result was not empty."""

    profile: Profile
    shop: Shop
    book: FamilyBook
    rng: np.random.Generator
    noise: float
    home_script: Script
    habit: float
    wish: Wish
    first_wish: Wish
    script: Script
    attachments: dict[str, str] = field(default_factory=dict)
    pending: tuple[str, dict[str, Any]] | None = None
    turn: int = 0
    sees_results: bool = False

    @property
    def speaker(self) -> SpeakerGender:
        return "f" if self.profile.gender == "women" else "m"

    def voice(self) -> Voice:
        """This shopper, in the script of the turn."""
        return Voice(self.script, self.rng, self.speaker)

    def family(self, turn_type: TurnType, kind: str) -> Family:
        """A frame of the shopper's side."""
        return self.book.pick(self.profile.side, (self.script, turn_type, kind), self.turn == 0, self.rng)

    def new_wish(self, with_image: bool = False, for_self: bool = False) -> Wish:
        """The first wish is the goal's; later requests are for something else. `for_self`: suggestions
        look at the profile, so only what suits the shopper is worth asking for."""
        unfit = (with_image and self.wish.target.image is None) or (
            for_self and not goals.is_for(self.wish.target, self.profile)
        )
        if self.wish.said or unfit:
            is_first = not self.wish.said
            self.wish = goals.new_wish(self.shop, self.profile, self.rng, with_image, for_self)
            self.first_wish = self.wish if is_first else self.first_wish
        return self.wish

    def utter(self, family: Family, values: Mapping[str, str], noun: str | None = None) -> Utterance:
        """The family's words with the values in, spelled as this shopper types. Hindi agrees with `noun`."""
        core = fill(family.pattern, values, agreement_of(noun) if noun else 0, self.speaker)
        before = self._frame_words(openings(self.script, family.opening)) if family.opening else []
        after = self._frame_words(closings(self.script, family.closing)) if family.closing else []
        words = join(before, core, after)
        if self.script == "roman":
            words = with_habits(words, self.habit)
        if self.rng.random() < self.noise:
            words = with_slip(words, self.rng, self.script == "roman")
        return self._typed(render(words), words[0].role == "plain")

    def _frame_words(self, forms: Sequence[str]) -> list[Word]:
        """One opening or closing that suits the tone."""
        if self.profile.formality == "polite":
            forms = [form for form in forms if form not in _CASUAL_ONLY] or forms
        return fill(forms[int(self.rng.random() * len(forms))], {}, 0, self.speaker)

    def _typed(self, utterance: Utterance, starts_plain: bool) -> Utterance:
        """Capitals and end marks as this shopper sets them; offsets stay."""
        text, is_careful = utterance.text, self.habit < _CAREFUL
        if text.endswith("?") and not is_careful and self.rng.random() < 0.7:
            text = text[:-1]
        if self.script in ("en", "roman") and is_careful:
            text = text[0].upper() + text[1:] if starts_plain else text
            text = text.replace(" i ", " I ") if self.script == "en" else text
        elif self.script == "hi" and is_careful and text[-1] not in "?!।" and self.rng.random() < 0.5:
            text += "।"
        return Utterance(text, utterance.position)


def call_of(name: str, arguments: Mapping[str, Any]) -> Call:
    """The call with its arguments in schema order."""
    return name, {key: arguments[key] for key in argument_order(name) if key in arguments}


def script_of(language: Language, rng: np.random.Generator) -> Script:
    """The script that a shopper of a language writes in."""
    if language != "mixed":
        return language
    return "roman" if rng.random() < ROMAN_SHARE else "both"

"""A simulated shopper in one conversation: whose words, in which script, about which wish.

The moves (`requests.py`, `follow_ups.py`, `questions.py`) say what is asked for; this module holds what
they share: choosing a family of the shopper's side, filling it, and typing it the way this person types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from muse_core.dialogue import goals
from muse_core.dialogue.assortment import Assortment
from muse_core.dialogue.demand import Demand, mixed
from muse_core.dialogue.families import Family, FamilyBook, Wordings
from muse_core.dialogue.goals import Wish
from muse_core.dialogue.phrases import phrases
from muse_core.dialogue.script import Script, SpeakerGender
from muse_core.dialogue.spelling import with_habits, with_slip, without_commas
from muse_core.dialogue.utterance import (
    Utterance,
    Word,
    fill,
    join,
    render,
    told,
)
from muse_core.dialogue.voice import Voice
from muse_core.language.lexicon import agreement_with
from muse_core.tools.call_syntax import in_order
from muse_core.types import Decision, Language, Profile, TurnType
from muse_core.wordings.beside import asides, closings, openings
from muse_core.wordings.grammar import choose

Call = tuple[str, dict[str, Any]]

ROMAN_SHARE = 0.65  # of mixed shoppers; the others write two scripts
_CAREFUL = 0.35  # of shoppers set capitals and end marks
_FULL_STOP = 0.25  # of their sentences without another end mark
# How often a turn comes with something told beside it; Devanagari is written in longer sentences.
_TALKATIVE: dict[Script, float] = {"en": 0.04, "roman": 0.38, "hi": 0.8, "both": 0.75}
_ASIDE_OF: dict[TurnType, str] = {
    "complete": "shop", "recommendation": "shop", "picture": "shop", "multi_step": "shop",
    "missing_slot": "shop", "refinement": "follow", "comparison": "follow", "translation": "talk",
    "out_of_scope": "talk",
}  # fmt: skip
_BRIEF = frozenset(("answer", "correction", "resume", "items"))


@dataclass(frozen=True)
class Said:
    """One user turn. `situation` names the reply where no call is made; `other_plans` are further
    accepted tool sequences. `about`: the position of the result that the reply is about, and
    what it tells."""

    utterance: Utterance
    family: Family
    turn_type: TurnType
    calls: tuple[Call, ...] = ()
    situation: str = ""
    acceptable: tuple[Decision, ...] = ()
    optional: tuple[str, ...] = ()
    other_plans: tuple[tuple[str, ...], ...] = ()
    missing_slot: str | None = None
    about: tuple[int, str] | None = None


@dataclass
class Shopper:
    """`habit` in [0, 1) fixes how this person spells; `told` is what was said about oneself; `pending` is
    the slot that the assistant asked for with the arguments said so far; `first_wish` is the goal of the
    conversation; `sees_results`: the last product result was not empty; `focus`: the position of the result
    that was just talked of; `items`: the products of the last result as it tells them, for references."""

    profile: Profile
    shop: Assortment
    book: FamilyBook
    rng: np.random.Generator
    noise: float
    home_script: Script
    habit: float
    wish: Wish
    first_wish: Wish
    script: Script
    wordings: Wordings = "all"
    attachments: dict[str, str] = field(default_factory=dict)
    pending: tuple[str, dict[str, Any]] | None = None
    turn: int = 0
    sees_results: bool = False
    focus: int | None = None
    items: Sequence[Mapping[str, Any]] = ()
    asked_in: int = -2  # the turn of the last complete request
    earlier: list[Wish] = field(default_factory=list)  # what was searched for before the present wish
    told: set[str] = field(default_factory=set)

    @property
    def speaker(self) -> SpeakerGender:
        return "f" if self.profile.gender == "women" else "m"

    def voice(self) -> Voice:
        """This shopper, in the script of the turn."""
        return Voice(self.script, self.rng, self.speaker, self.shop.facets)

    def family(self, turn_type: TurnType, kind: str) -> Family:
        """A frame of the shopper's side, one reading of its wording chosen."""
        shelf = self.script, turn_type, kind
        family = self.book.pick(self.profile.side, shelf, self.turn == 0, self.rng, self.wordings)
        return replace(family, pattern=choose(family.pattern, self.rng))

    def new_wish(self, with_image: bool = False, for_self: bool = False) -> Wish:
        """The first wish is the goal's; later requests are for something else. `for_self`: suggestions
        look at the profile, so only what suits the shopper is worth asking for."""
        unfit = (with_image and self.wish.target.image is None) or (
            for_self and not goals.is_for(self.wish.target, self.profile)
        )
        if self.wish.said or unfit:
            is_first = not self.wish.said
            self._remember()
            self.wish = goals.new_wish(self.shop, self.profile, self.rng, with_image, for_self)
            self.first_wish = self.wish if is_first else self.first_wish
        return self.wish

    def memory(self) -> tuple[Any, ...]:
        """All that a turn may change, to take a turn back with `recall`."""
        lists = dict(self.attachments), list(self.earlier), set(self.told)
        return (self.wish, dict(self.wish.said), self.first_wish, self.pending, *lists)

    def recall(self, memory: tuple[Any, ...]) -> None:
        """Takes a turn back."""
        self.wish, self.wish.said, self.first_wish, self.pending = memory[:4]
        self.attachments, self.earlier, self.told = memory[4:]

    def take_up(self, wish: Wish) -> None:
        """Goes back to an earlier wish; the present one may be taken up later."""
        self._remember()
        self.wish = wish

    def _remember(self) -> None:
        if self.wish.said.get("query"):
            self.earlier.append(self.wish)

    def utter(self, family: Family, values: Mapping[str, str], noun: str | None = None) -> Utterance:
        """The family's words with the values in, spelled as this shopper types. Hindi agrees with `noun`."""
        agreement = 1 if values.get("number") == "plural" else agreement_with(noun)
        core = fill(family.pattern, values, agreement, self.speaker)
        before = self._frame_words(openings(self.script, family.opening)) if family.opening else []
        after = self._frame_words(closings(self.script, family.closing)) if family.closing else []
        beside = self._beside(family, core, values.get("story"))
        words = with_habits(
            join(before, beside, core, after), self.habit, self.script, self.profile.formality
        )
        if self.rng.random() < self.noise:
            words = with_slip(words, self.rng, self.script == "roman")
        if self._types_in_a_hurry():
            words = without_commas(words)
        return self._typed(render(words), words[0].role == "plain")

    def _beside(self, family: Family, core: Sequence[Word], story: str | None) -> list[Word]:
        """What is told beside the request: its occasion, or now and then something about the shopper."""
        if story is not None:
            return told(story, "argument", self.speaker, self.rng)
        kind = "answer" if family.kind in _BRIEF else _ASIDE_OF.get(family.turn_type, "")
        if self.turn == 0:  # nothing has been said yet that one could leave or come back to
            kind = {"shop": "arrive", "talk": ""}.get(kind, kind)
        sentences = asides(self.script, kind, self.profile.side)
        if self.script == "both" and core:  # one goes on in the script that one has begun in
            begins = core[0].text.isascii()
            sentences = tuple(sentence for sentence in sentences if sentence.isascii() == begins)
        # `also,` and a story do not go together, nor a story and what is typed as into a search box
        is_opened = family.opening not in ("", "hail") or family.is_fragment
        if not sentences or is_opened or self.rng.random() > _TALKATIVE[self.script]:
            return []
        sentence = sentences[int(self.rng.random() * len(sentences))]
        return [] if sentence in self.told else self._tell(sentence)

    def _tell(self, sentence: str) -> list[Word]:
        """Nobody tells the same thing twice."""
        self.told.add(sentence)
        return told(sentence, "plain", self.speaker, self.rng)

    def _types_in_a_hurry(self) -> bool:
        return self.script in ("en", "roman") and self.habit > _CAREFUL and self.rng.random() < 0.9

    def _frame_words(self, forms: Sequence[str]) -> list[Word]:
        """One opening or closing that suits the tone."""
        if self.profile.formality == "polite":
            rude = phrases(self.script)["casual_only"]
            forms = [form for form in forms if form not in rude] or forms
        form = choose(forms[int(self.rng.random() * len(forms))], self.rng)
        return fill(form, {}, 0, self.speaker)

    def _typed(self, utterance: Utterance, starts_plain: bool) -> Utterance:
        """Capitals and end marks as this shopper sets them; offsets stay."""
        text, is_careful = utterance.text, self.habit < _CAREFUL
        if text.endswith("?") and not is_careful and self.rng.random() < 0.7:
            text = text[:-1]
        if self.script in ("en", "roman") and is_careful:
            text = text[0].upper() + text[1:] if starts_plain else text
            text = text.replace(" i ", " I ") if self.script == "en" else text
            text += "." if text[-1] not in "?!.]" and self.rng.random() < _FULL_STOP else ""
        elif self.script == "hi" and is_careful and text[-1] not in "?!।" and self.rng.random() < 0.5:
            text += "।"
        return replace(utterance, text=text)


def call_of(name: str, arguments: Mapping[str, Any]) -> Call:
    """The call with its arguments in the order in which they are written."""
    return name, in_order(name, arguments)


def script_of(language: Language, rng: np.random.Generator, demand: Demand | None = None) -> Script:
    """The script that a shopper of a language writes in."""
    if language != "mixed":
        return language
    scripts = {"roman": ROMAN_SHARE, "both": 1 - ROMAN_SHARE}
    roman = mixed(scripts, demand.scripts, demand.share)["roman"] if demand else ROMAN_SHARE
    return "roman" if rng.random() < roman else "both"

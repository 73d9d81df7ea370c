"""A shopper with a hidden goal who listens: what was recommended, what was asked, what is still amiss.

`say` gives the next utterance, or None when the conversation is over; `hear` takes in the assistant's
turn. The shopper tells what the results lack, answers questions, puts right what was told and is not
met, asks again in other words when nothing came, accepts when every recommended product meets every
hard constraint, and gives up after `PATIENCE` turns in a row that brought nothing right. Words come
from the families of the test side. Chance of a turn depends on goal, seed and turn only, so that all
models meet the same shopper.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from muse_core.dialogue import questions, sayings, talk
from muse_core.dialogue.closed_loop_turns import Act, Ending, Heard, Spoken
from muse_core.dialogue.constraints import OCCASIONS_FOR, contrast, limit_phrase, tail_of
from muse_core.dialogue.families import Family
from muse_core.dialogue.follow_ups import behind_ones, items_to_compare
from muse_core.dialogue.hidden_goals import Agenda, HiddenGoal
from muse_core.dialogue.noun_phrases import product_phrase
from muse_core.dialogue.script import LANGUAGE_OF
from muse_core.dialogue.shopper import Said, Shopper, call_of
from muse_core.dialogue.utterance import slots_of
from muse_core.dialogue.voice import surface
from muse_core.language.scripts import detect_language
from muse_core.scoring.constraints import unmet
from muse_core.scoring.normal import normal_text
from muse_core.tools.base import ShopWorld
from muse_core.types import Product

PATIENCE = 3
MAX_TURNS = 12
_TURNS = 13  # stream of random numbers
_TWO_AT_ONCE = 0.25
_FRAMES = 16  # tried for one that fits
_TRIES = 6  # to say it in the shopper's language and not as before
_PRODUCT = ("query", "product_type")


@dataclass
class GoalShopper:
    """`told`: constraints said so far; `holds`: the products recommended last; `failures`: turns in a
    row that brought nothing right; `is_named`: the product itself has been said."""

    goal: HiddenGoal
    agenda: Agenda
    person: Shopper
    world: ShopWorld
    stream: tuple[int, ...]
    spoken: list[Spoken] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    holds: tuple[Product, ...] = ()
    heard: Heard | None = None
    failures: int = 0
    is_named: bool = False
    has_compared: bool = False
    ending: Ending | None = None

    # ---- listening ----

    def hear(self, heard: Heard) -> None:
        """Takes in the assistant's turn."""
        self.heard = heard
        self.holds = heard.recommended or self.holds
        if self.spoken[-1].act == "detour":
            return
        is_asked = heard.asked is not None and self._can_answer(heard.asked)
        hard = [name for name in self.told if name in self.goal.hard]
        is_right = bool(heard.recommended) and not self._amiss(hard)
        self.failures = 0 if is_right else self.failures + (not is_asked)

    def _amiss(self, names: Sequence[str]) -> list[str]:
        """Those of the names, and the kind of product, that some product held does not meet."""
        kind = {"product_type": self.goal.target.product_type}
        wanted = kind | {name: self.goal.wanted[name] for name in names}
        facets = self.person.shop.facets
        return [
            name for name in wanted if any(name in unmet(product, wanted, facets) for product in self.holds)
        ]

    def _can_answer(self, slot: str) -> bool:
        return (slot in _PRODUCT and not self.is_named) or (
            slot in self.goal.wanted and slot not in self.told
        )

    # ---- speaking ----

    def say(self) -> Spoken | None:
        """The next turn; None when the conversation is over (`ending` says how)."""
        turn = len(self.spoken)
        self.person.turn, self.person.rng = turn, np.random.default_rng([*self.stream, _TURNS, turn])
        spoken = self._next(turn)
        if spoken is None or turn == MAX_TURNS:
            self.ending = self.ending or "too long"
            return None
        self.told += [name for name in spoken.named if name not in self.told]
        self.spoken.append(spoken)
        return spoken

    def _next(self, turn: int) -> Spoken | None:
        if self.failures >= PATIENCE:
            self.ending = "gave up"
            return None
        if turn in self.agenda.detours and self._question() is None:
            return self._detour(self.agenda.detours[turn])
        if not any(one.act == "open" for one in self.spoken):
            return self._open()
        return self._go_on()

    def _go_on(self) -> Spoken | None:
        asked = self._question()
        if asked is not None:
            return self._answer(asked)
        if not self.holds:
            return self._whole("repeat", self.told)
        wrong = self._amiss([name for name in self.told if name in self.goal.hard])
        if wrong and not self.is_named:
            return self._whole("tell", self.told)
        if wrong or self.failures:
            return self._put_right(wrong)
        if self.agenda.compares and not self.has_compared and len(self.world.session.last_shown) > 1:
            return self._compare()
        left = [name for name in self.agenda.order if name not in self.told and name in self._amiss([name])]
        if left:
            return self._tell(left)
        self.ending = "accepted"
        return None

    def _question(self) -> str | None:
        """The slot that waits for an answer: asked for in a turn that recommended nothing, known, untold."""
        if self.heard is None or self.heard.recommended or self.spoken[-1].act == "detour":
            return None
        asked = self.heard.asked
        return asked if asked is not None and self._can_answer(asked) else None

    def _open(self) -> Spoken:
        first = self.agenda.order[: self.agenda.at_once]
        if self.agenda.opening == "incomplete":
            return self._incomplete(first)
        if self.agenda.opening == "recommendation":
            return self._ask_to_suggest(first)
        return self._whole("open", first)

    def _detour(self, kind: str) -> Spoken:
        moves: dict[str, Callable[[], Said]] = {
            "off_topic": lambda: talk.off_topic(self.person),
            "translation": lambda: questions.translation(self.person),
            "small_talk": lambda: talk.small_talk(self.person, self.world, False),
        }
        return Spoken("detour", self._phrased(moves[kind]))

    def _whole(self, act: Act, names: Sequence[str], kind: str = "request") -> Spoken:
        """The product with some constraints in one sentence."""
        given = {name: self.goal.wanted[name] for name in names}
        noun = self.goal.target.product_type
        call = call_of("search", {"query": noun, **given})
        self.is_named = True

        def make() -> Said:
            family = self.person.family("complete", kind)
            values = product_phrase(self.person.voice(), noun, None, given, family.order)
            return Said(self.person.utter(family, values, noun), family, "complete", (call,))

        return Spoken(act, self._phrased(make), tuple(names))

    def _incomplete(self, names: Sequence[str]) -> Spoken:
        """A request that keeps the product back; a frame without room for constraints tells none."""
        given = {name: self.goal.wanted[name] for name in names if name in ("max_price", "colour")}

        def make() -> Said:
            family = self._open_frame(given)
            values = self._open_values(slots_of(family.pattern), given)
            utterance = self.person.utter(family, values)
            return Said(utterance, family, "missing_slot", situation="ask_query", missing_slot="query")

        said = self._phrased(make)
        slots = slots_of(said.family.pattern)
        told = given if "tail" in slots else [name for name in given if name == "colour" and "acol" in slots]
        return Spoken("open", said, tuple(told))

    def _open_frame(self, given: Mapping[str, Any]) -> Family:
        """A frame that keeps the product back; those that need a colour only where one is told."""
        for _ in range(_FRAMES):
            family = self.person.family("missing_slot", "query")
            if "colour" in given or "acol" not in slots_of(family.pattern):
                break
        return family

    def _open_values(self, slots: Collection[str], given: Mapping[str, Any]) -> dict[str, str]:
        voice = self.person.voice()
        if "acol" not in slots:
            return {"tail": tail_of(voice, given, given)}
        colour = surface(voice, "colour", str(given.get("colour", self.goal.target.colour)))
        behind = [name for name in given if name != "colour"]
        article = "an" if colour[:1] in "aeio" else "a"
        return {"acol": f"{article} {colour}", "tail": tail_of(voice, behind, given)}

    def _ask_to_suggest(self, names: Sequence[str]) -> Spoken:
        """`suggest a kurta`, with the price or the occasion."""
        given = {name: self.goal.wanted[name] for name in names if name in ("max_price", "occasion")}
        if given.get("occasion") not in OCCASIONS_FOR:
            given.pop("occasion", None)
        noun = self.goal.target.product_type
        call = call_of("recommend", {"query": noun, **given})
        self.is_named = True

        def make() -> Said:
            family = self.person.family("recommendation", "query")
            values = product_phrase(self.person.voice(), noun, None, given, family.order)
            return Said(self.person.utter(family, values, noun), family, "recommendation", (call,))

        return Spoken("open", self._phrased(make), tuple(given))

    def _answer(self, slot: str) -> Spoken:
        if slot in _PRODUCT:
            return self._whole("answer", self.told, "answer")
        if self.holds:
            return self._limits("answer", [slot])
        return self._whole("answer", [*self.told, slot])

    def _tell(self, left: Sequence[str]) -> Spoken:
        count = 2 if self.person.rng.random() < _TWO_AT_ONCE else 1
        return self._limits("tell", left[:count])

    def _put_right(self, wrong: Sequence[str]) -> Spoken:
        """First the constraint alone that is not met, then the whole request again."""
        names = [name for name in wrong if name in self.goal.wanted]
        has_seen = self.heard is not None and bool(self.heard.recommended)
        if names and has_seen and self.spoken[-1].act != "correct":
            return self._limits("correct", names[:2])
        return self._whole("repeat", self.told)

    def _limits(self, act: Act, names: Sequence[str]) -> Spoken:
        """Limits on the results; where there are none the expert searches anew."""
        given = {name: self.goal.wanted[name] for name in names}
        has_results = bool(self.world.session.last_ids)
        everything = {name: self.goal.wanted[name] for name in (*self.told, *names)}
        call = call_of("filter", given)
        if not has_results or act == "correct":
            call = call_of("search", {"query": self.goal.target.product_type, **everything})

        def make() -> Said:
            voice, kind = self.person.voice(), "post" if self.person.script == "en" else "limit"
            phrase = self._contrasted(given) if act == "correct" else None
            if phrase is None:
                phrase = behind_ones(voice, given) if kind == "post" else limit_phrase(voice, given)
            family = self.person.family("refinement", kind)
            return Said(self.person.utter(family, {kind: phrase}), family, "refinement", (call,))

        return Spoken(act, self._phrased(make), tuple(names))

    def _contrasted(self, given: dict[str, Any]) -> str | None:
        """`not in red but in blue`, with the colour or material that was recommended."""
        name = next(iter(given))
        if len(given) > 1 or name not in ("colour", "material"):
            return None
        others = [value for one in self.holds if (value := getattr(one, name)) not in (None, given[name])]
        return contrast(self.person.voice(), name, str(given[name]), others[0]) if others else None

    def _compare(self) -> Spoken:
        self.has_compared = True
        items = items_to_compare(self.person, len(self.world.session.last_shown))
        call = call_of("compare", {"items": items})

        def make() -> Said:
            family = self.person.family("comparison", "plain")
            values = {"items": sayings.items_phrase(self.person.voice(), items)}
            return Said(self.person.utter(family, values), family, "comparison", (call,))

        return Spoken("compare", self._phrased(make))

    def _phrased(self, make: Callable[[], Said]) -> Said:
        """Said in the shopper's language and not as before, if a few tries find such words."""
        before = {normal_text(one.text) for one in self.spoken}
        for _ in range(_TRIES):
            memory = self.person.memory()
            said = make()
            is_new = normal_text(said.utterance.text) not in before
            if is_new and (said.turn_type == "translation" or self._is_own_language(said.utterance.text)):
                return said
            self.person.recall(memory)
        return make()

    def _is_own_language(self, text: str) -> bool:
        script = self.person.script
        found = detect_language(text)
        return script == "en" or found == LANGUAGE_OF[script] or (script == "both" and found == "hi")

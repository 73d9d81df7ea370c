"""Moves that no tool answers: greetings, thanks, rude words, random keys, what others in a shop do (returns,
parcels, payments), and what is no shop's business."""

from __future__ import annotations

from collections.abc import Sequence

from muse_core.dialogue import shares
from muse_core.dialogue.agenda import draw
from muse_core.dialogue.shopper import Said, Shopper
from muse_core.dialogue.utterance import Utterance
from muse_core.tools.base import ShopWorld
from muse_core.tools.toolbox import OWN_TOOLS, TOOLS, per_tools
from muse_core.wordings.kinds import kinds
from muse_core.wordings.words import words

_TOPIC_IN_HINDI = 0.45  # of topics of shoppers who write two scripts
_MASHED_WORDS, _MASHED_KEYS = (1, 3), (4, 8)


def off_topic(shopper: Shopper) -> Said:
    """What a shop does not do, or what others in it do and this assistant does not see."""
    is_of_results = shopper.sees_results and shopper.rng.random() < shares.ABOUT_RESULTS
    weights = {
        name: weight
        for name, weight in shares.SERVICES.items()
        if name not in served() and (name in shares.OF_RESULTS) == is_of_results
    }
    if not weights or shopper.rng.random() > shares.SERVICE:
        return _elsewhere(shopper)
    kind = draw(weights, shopper.rng)
    return _declined(shopper, kind, {}, f"decline_{kind}")


@per_tools
def served() -> frozenset[str]:
    """The kinds that a tool of the shop's own answers, by the words of its name and description: nobody may
    learn to decline them."""
    own = {tool.name for tool in OWN_TOOLS}
    told = [f"{tool.name} {tool.description}" for name, tool in TOOLS.items() if name not in own]
    said = {word for text in told for word in _plain_words(text)}
    return frozenset(
        name
        for name, kind in kinds()["out_of_scope"].items()
        if any(
            word.startswith(cue) if len(cue) > _SHORT else word == cue for word in said for cue in kind.served
        )
    )


_SHORT = 4  # letters of a word that is not sought as a beginning: "pay" is no "paypal", "ship" no "shipyard"


def _plain_words(text: str) -> Sequence[str]:
    return "".join(char if char.isalpha() else " " for char in text.lower()).split()


def _elsewhere(shopper: Shopper) -> Said:
    """The weather, a taxi, a train."""
    kind = draw(shares.NOT_SOLD, shopper.rng)
    is_hindi = shopper.script == "both" and shopper.rng.random() < _TOPIC_IN_HINDI
    topic = shopper.voice().pick(words("topics", "hi" if is_hindi else shopper.script)[f"{kind}s"])
    return _declined(shopper, kind, {"ask" if kind == "question" else kind: topic}, "decline")


def _declined(shopper: Shopper, kind: str, values: dict[str, str], situation: str) -> Said:
    family = shopper.family("out_of_scope", kind)
    text = shopper.utter(family, values).text
    return Said(Utterance(text, None), family, "out_of_scope", situation=situation)


def small_talk(shopper: Shopper, world: ShopWorld, is_last: bool) -> Said:
    """Greetings first, goodbyes last, thanks once something has been seen."""
    weights = shares.FIRST_TALK if shopper.turn == 0 else shares.LAST_TALK if is_last else shares.TALK
    if not world.session.last_shown:
        weights = weights | {"thanks": min(weights["thanks"], shares.THANKS_FOR_NOTHING)}
    kind = draw(weights, shopper.rng)
    family = shopper.family("chit_chat", kind)
    values = {"mash": mashed(shopper)} if kind == "gibberish" else {}
    is_pictured = kind == "abilities" and shopper.shop.has_images
    situation = "abilities_picture" if is_pictured else kind
    text = shopper.utter(family, values).text
    return Said(Utterance(text, None), family, "chit_chat", situation=situation)


def mashed(shopper: Shopper) -> str:
    """Keys hit at random, near one another, on the keyboard of the shopper's script."""
    voice = shopper.voice()
    rows = words("shared")["keys"]
    is_hindi = voice.script == "hi" or (voice.script == "both" and voice.chance(0.5))
    said = []
    for _ in range(int(voice.rng.integers(*_MASHED_WORDS, endpoint=True))):
        row = voice.pick(rows["devanagari" if is_hindi else "latin"])
        said.append("".join(voice.pick(row) for _ in range(int(voice.rng.integers(*_MASHED_KEYS)))))
    return " ".join(said)

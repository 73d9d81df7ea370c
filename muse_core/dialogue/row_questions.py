"""A question about one of the last results that its own row answers: `what is the second one made of`.

No tool is called: what a result tells of an item (docs/decisions.md#references) is told again by reference.
So only what the last result tells is asked: our fields that this item has, and the facets that a call named.
"""

from __future__ import annotations

from muse_core.dialogue import sayings, shares
from muse_core.dialogue.agenda import draw
from muse_core.dialogue.facet_phrases import facet_name, question_kind
from muse_core.dialogue.phrases import say
from muse_core.dialogue.shopper import Said, Shopper
from muse_core.dialogue.utterance import Utterance
from muse_core.dialogue.voice import Voice


def row_question(shopper: Shopper) -> Said | None:
    """None where the last result tells of no products, or the shopper says something else."""
    items = shopper.items[: sayings.MAX_POSITION]
    if not items or shopper.rng.random() > shares.OF_A_ROW:
        return None
    is_this = shopper.focus is not None and shopper.focus <= len(items) and shopper.rng.random() < shares.THIS
    position = shopper.focus if is_this and shopper.focus else int(shopper.rng.random() * len(items)) + 1
    item = items[position - 1]
    weights = {name: weight for name, weight in shares.ASKED_OF_A_ROW.items() if item.get(name) is not None}
    weights |= {name: shares.FACET_OF_A_ROW for name in item if name in shopper.shop.facets}
    if not weights:
        return None
    name = draw(weights, shopper.rng)
    voice = shopper.voice()
    titles = [str(each.get("title")) for each in items]
    names = sayings.names_of(voice, titles)
    one = say(voice, "items", "this") if is_this else sayings.item_phrase(voice, position, names)
    family = shopper.family("chit_chat", "question")
    text = shopper.utter(family, {"about": _about(voice, name, one)}).text
    situation = f"told_{'facet' if name in shopper.shop.facets else name}"
    return Said(Utterance(text, None), family, "chit_chat", situation=situation, about=(position, name))


def _about(voice: Voice, name: str, one: str) -> str:
    """`what is the second one made of`, `does it have bluetooth`."""
    facet = voice.facets.get(name)
    if facet is None:
        return say(voice, "about", name, one=one)
    return say(voice, "about", question_kind(facet), one=one, name=facet_name(voice, name))

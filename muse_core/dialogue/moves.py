"""From a move of the agenda to what the shopper says."""

from __future__ import annotations

from muse_core.dialogue import follow_ups, goals, likeness, questions, requests, talk
from muse_core.dialogue.agenda import Move
from muse_core.dialogue.item_questions import item_question
from muse_core.dialogue.row_questions import row_question
from muse_core.dialogue.sampled_questions import sampled_question
from muse_core.dialogue.script import LANGUAGE_OF
from muse_core.dialogue.shopper import Said, Shopper
from muse_core.language.scripts import detect_language
from muse_core.tools.base import ShopWorld

_OTHER_SCRIPT = 0.08  # of the turns of a mixed shopper
_PLAIN_HINDI = 0.5  # of turns of two-script shoppers that came out without English
_TRIES = 4  # to say it in the shopper's language; wishes tried for a request in several steps


def say(shopper: Shopper, move: Move, world: ShopWorld, is_last: bool) -> Said:
    """The utterance of a move; what cannot be done now becomes a plain request. Mixed sentences show both
    languages: one that happens not to (`lamps`) is said another way. Quoted words to translate and keys hit
    at random may be in any language."""
    _choose_script(shopper)
    for _ in range(_TRIES):
        before = shopper.memory()
        said = _say(shopper, move, world, is_last)
        if _may_stand(shopper, said):
            break
        shopper.recall(before)
    else:
        said = _say(shopper, move, world, is_last)
    if said.turn_type == "complete":
        shopper.asked_in = shopper.turn
    return said


def _choose_script(shopper: Shopper) -> None:
    shopper.script = shopper.home_script
    if shopper.script in ("roman", "both") and shopper.rng.random() < _OTHER_SCRIPT:
        shopper.script = "both" if shopper.script == "roman" else "roman"


def _may_stand(shopper: Shopper, said: Said) -> bool:
    """Whether the utterance is in the shopper's language; who mixes scripts writes plain Hindi at times."""
    is_free = said.turn_type == "translation" or said.family.kind == "gibberish"
    if shopper.script == "en" or is_free:
        return True
    found = detect_language(said.utterance.text)
    is_plain = shopper.script == "both" and found == "hi" and shopper.rng.random() < _PLAIN_HINDI
    return is_plain or found == LANGUAGE_OF[shopper.script]


def _say(shopper: Shopper, move: Move, world: ShopWorld, is_last: bool) -> Said:
    if shopper.pending is not None:
        return questions.answer(shopper)
    if move == "chit_chat":
        return row_question(shopper) or talk.small_talk(shopper, world, is_last)
    if move == "out_of_scope":
        return talk.off_topic(shopper)
    if move == "missing_slot":
        return questions.incomplete(shopper, world)
    if move == "translation":
        return questions.translation(shopper)
    asked = item_question(shopper, move, world) or sampled_question(shopper, move, world)
    asked = asked or _about_products(shopper, move, world, is_last)
    return asked or requests.request(shopper)


def _about_products(shopper: Shopper, move: Move, world: ShopWorld, is_last: bool) -> Said | None:
    """What the move says about products; None when it cannot be said now."""
    if move == "recommendation":
        return likeness.likeness(shopper, world) or requests.recommendation(shopper)
    if move == "picture":
        return requests.picture(shopper, is_last) if shopper.shop.has_images else None
    if move == "refinement":
        return follow_ups.refinement(shopper, world)
    if move == "comparison":
        return follow_ups.comparison(shopper, world)
    if move == "multi_step":
        return _several_steps(shopper)
    return None


def _several_steps(shopper: Shopper) -> Said | None:
    """A request in several steps for one of a few wishes; a wish that does not allow it is forgotten."""
    for _ in range(_TRIES):
        before = shopper.memory()
        said = requests.several_steps(shopper)
        if said is not None:
            return said
        shopper.recall(before)
        if not shopper.wish.said:
            shopper.wish = shopper.first_wish = goals.new_wish(shopper.shop, shopper.profile, shopper.rng)
    return None

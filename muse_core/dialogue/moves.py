"""From a move of the agenda to what the shopper says."""

from __future__ import annotations

from muse_core.dialogue import follow_ups, questions, requests
from muse_core.dialogue.agenda import Move
from muse_core.dialogue.shopper import Said, Shopper
from muse_core.dialogue.wording import LANGUAGE_OF
from muse_core.language.scripts import detect_language
from muse_core.tools.base import ShopWorld

_OTHER_SCRIPT = 0.08  # of the turns of a mixed shopper
_TRIES = 4  # to say it in the shopper's language; wishes tried for a request in several steps


def say(shopper: Shopper, move: Move, world: ShopWorld, is_last: bool) -> Said:
    """The utterance of a move; what cannot be done now becomes a plain request. Mixed sentences show both
    languages: one that happens not to (`lamps`) is said another way. Quoted words to translate may be in
    any language."""
    _choose_script(shopper)
    said = None
    for _ in range(_TRIES):
        before = (
            shopper.wish,
            dict(shopper.wish.said),
            shopper.first_wish,
            shopper.pending,
            dict(shopper.attachments),
        )
        said = _say(shopper, move, world, is_last)
        if shopper.script == "en" or said.turn_type == "translation" or _is_own_language(shopper, said):
            return said
        shopper.wish, shopper.wish.said, shopper.first_wish, shopper.pending, shopper.attachments = before
    return _say(shopper, move, world, is_last)


def _choose_script(shopper: Shopper) -> None:
    shopper.script = shopper.home_script
    if shopper.script in ("roman", "both") and shopper.rng.random() < _OTHER_SCRIPT:
        shopper.script = "both" if shopper.script == "roman" else "roman"


def _is_own_language(shopper: Shopper, said: Said) -> bool:
    return detect_language(said.utterance.text) == LANGUAGE_OF[shopper.script]


def _say(shopper: Shopper, move: Move, world: ShopWorld, is_last: bool) -> Said:
    if shopper.pending is not None:
        return questions.answer(shopper)
    if move == "chit_chat":
        return questions.small_talk(shopper, world, is_last)
    if move == "out_of_scope":
        return questions.off_topic(shopper)
    if move == "missing_slot":
        return questions.incomplete(shopper, world)
    if move == "translation":
        return questions.translation(shopper)
    return _about_products(shopper, move, world) or requests.request(shopper)


def _about_products(shopper: Shopper, move: Move, world: ShopWorld) -> Said | None:
    """What the move says about products; None when it cannot be said now."""
    if move == "recommendation":
        return requests.recommendation(shopper)
    if move == "picture":
        return requests.picture(shopper) if shopper.shop.has_images else None
    if move == "refinement":
        return follow_ups.refinement(shopper, world)
    if move == "comparison":
        return follow_ups.comparison(shopper, world)
    if move == "multi_step":
        tries = (requests.several_steps(shopper) for _ in range(_TRIES))
        return next((said for said in tries if said is not None), None)
    return None

"""Which sentences a model from scratch may say where it calls nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from muse_core.models.learnt_replies import FEWEST, about_items, learnt_replies, replies_of, sentence
from muse_core.types import Conversation, Goal, Message, TurnLabel


def talk(number: int, reply: str, language: str = "en", scenario: str = "buy") -> Conversation:
    label = TurnLabel(0, "chit_chat", "family", "none")
    said = (Message("system", "en"), Message("user", f"words {number}"), Message("assistant", reply))
    return Conversation(f"c{number}", "u1", language, said, Goal(scenario), "train", (label,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("Hello!", "Hello!"),
        (" The price of [2] is [2:price]. ", "The price of [#] is [#:price]."),
        ("[1] is cheaper than [2].", None),
        ("[1] runs on [1:fuel].", None),
    ],
)
def test_a_sentence_has_no_number_of_an_item(reply: str, kept: str | None) -> None:
    assert sentence(reply) == kept


def test_it_is_said_of_items_that_have_what_it_names() -> None:
    items = [{"title", "price"}, {"title"}]
    assert list(about_items("[#] costs [#:price].", items)) == ["[1] costs [1:price]."]
    assert list(about_items("Look at [#].", items)) == ["Look at [1].", "Look at [2]."]
    assert list(about_items("Look at [#].", [])) == [] and list(about_items("Hello!", [])) == ["Hello!"]


def test_what_is_said_twice_in_simulated_turns_without_calls_is_kept() -> None:
    """Not what was said once, nor in a person's chat, nor behind a call; of few sentences none is."""
    many = [talk(at, f"Sentence {at // 2}.") for at in range(2 * FEWEST)]
    rest = [talk(90, "Once."), *(talk(at, "Mine.", scenario="given") for at in (91, 92))]
    few = [talk(at, "नमस्ते!", "hi") for at in (93, 94)]
    called = replace(many[0], messages=(*many[0].messages[:2], *2 * many[0].messages[2:]))
    found = replies_of(learnt_replies([*many, *rest, *few, called, called]))
    assert found == {"en": tuple(f"Sentence {at}." for at in range(FEWEST))}
    assert replies_of({}) == {}

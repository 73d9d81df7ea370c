"""Who says that one has had enough of something asks for what is not that, in every language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from muse_core.scoring.normal import normal_text
from muse_core.types import Conversation, TurnLabel
from muse_core.wordings.book import shipped
from muse_core.wordings.words import SCRIPTS
from muse_core.world.replay import gold_call, user_text
from tests.unit.dialogue.builders_dialogue import conversations

FEWEST = 15  # wordings of a script


def disliked() -> Iterator[tuple[Conversation, TurnLabel, dict[str, Any]]]:
    for talk in conversations():
        for label in talk.labels:
            if label.turn_type == "complete" and "/disliked-" in label.family:
                call = gold_call(talk, label.turn)
                assert call is not None and call.name == "search"
                yield talk, label, dict(call.arguments)


def test_the_search_excludes_what_is_disliked() -> None:
    found = list(disliked())
    assert {talk.language for talk, _, _ in found} == {"en", "hi", "mixed"}
    for _, _, arguments in found:
        (unwanted,) = (name for name in arguments if name.startswith("not_"))
        assert unwanted.removeprefix("not_") not in arguments and arguments["query"]


def test_what_is_disliked_is_said_before_the_turn_can_be_decided() -> None:
    """In English brands and materials stand in the words as in the call."""
    for talk, label, arguments in disliked():
        values = [arguments.get("not_brand"), arguments.get("not_material")]
        if talk.language == "en":
            said = normal_text(user_text(talk, label.turn)[: label.position])
            assert all(normal_text(value) in said for value in values if isinstance(value, str)), said


def test_each_script_has_many_ways_of_it() -> None:
    for script in SCRIPTS:
        wordings = shipped()[script, "complete", "disliked"]
        assert len(wordings) >= FEWEST
        for side in ("dev", "test"):
            assert sum(one.side == side for one in wordings) >= 3

"""What is asked of one shown product is told from its own row, and only what the last result tells."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from muse_core.dialogue.focus import focus_of
from muse_core.language.named_items import find_named
from muse_core.tools.references import items_of, last_shown, references_in
from muse_core.types import Conversation, JsonValue, TurnLabel
from muse_core.world.replay import turn_messages, user_text
from tests.unit.dialogue.builders_dialogue import conversations


def asked() -> Iterator[tuple[Conversation, TurnLabel, str]]:
    for one in conversations():
        for label in one.labels:
            if label.family.startswith("chit_chat/") and "/question-" in label.family:
                yield one, label, turn_messages(one, label.turn)[-1].content


def values_before(one: Conversation, turn: int) -> list[JsonValue]:
    tools = [act for at in range(turn) for act in turn_messages(one, at) if act.role == "tool"]
    return [json.loads(act.content).get("value") for act in tools]


def test_a_part_of_the_turns_asks_about_one_result() -> None:
    turns = sum(len(one.labels) for one in conversations())
    found = list(asked())
    assert 0.005 <= len(found) / turns <= 0.03
    assert all(label.decision == "none" for _, label, _ in found)


def test_the_reply_tells_of_one_item_what_the_last_result_knows() -> None:
    told = Counter()
    for one, label, reply in asked():
        items = items_of(last_shown(values_before(one, label.turn)))
        references = set(references_in(reply))
        assert len({position for position, _ in references}) == 1, reply
        for position, name in references:
            assert items[position - 1].get(name or "title") is not None, (reply, items)
            told[name] += 1
    assert {"price", "material", "rating", "size"} <= told.keys()


def test_this_and_names_mean_the_item_of_the_reply() -> None:
    named = this = 0
    for one, label, reply in asked():
        text = user_text(one, label.turn)
        position = next(iter(references_in(reply)))[0]
        items = items_of(last_shown(values_before(one, label.turn)))
        found = find_named(text, [str(item["title"]) for item in items[:3]])
        if found:
            named += 1
            assert found == (position,), text
        elif one.language == "en" and {"it", "this", "that"} & set(text.lower().replace("?", "").split()):
            focus = None
            for turn in range(label.turn):
                focus = focus_of(turn_messages(one, turn), focus)
            this += position == focus
    assert named >= 2 and this >= 1

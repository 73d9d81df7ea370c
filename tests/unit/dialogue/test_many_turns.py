"""What goes on over several turns: corrections, coming back, recovery, a picture that does not arrive."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np

from muse_core.config.run_config import RunConfig
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.types import Conversation, TurnLabel
from muse_core.world.replay import LOST_PICTURE, gold_call, replay, turn_messages, user_text
from tests.unit.dialogue.builders_dialogue import conversations, index, profile_of, profiles


def turns_of(kind: str) -> list[tuple[Conversation, TurnLabel]]:
    found = [(one, label) for one in (*conversations(), *long_conversations()) for label in one.labels]
    return [(one, label) for one, label in found if label.family.split("/", 2)[2].split("-", 1)[0] == kind]


@lru_cache(maxsize=1)
def long_conversations() -> tuple[Conversation, ...]:
    config = RunConfig.model_validate({"conversations": {"min_user_turns": 2, "max_user_turns": 10}})
    rng, book = np.random.default_rng(9), all_families()
    return tuple(simulate(one, index(), rng, config, book, f"c{row}") for row, one in enumerate(profiles()))


def test_a_correction_changes_one_argument_of_the_request_before() -> None:
    found = turns_of("correction")
    assert len(found) >= 10
    for one, label in found:
        before, after = gold_call(one, label.turn - 1), gold_call(one, label.turn)
        assert before is not None and after is not None
        differing = {
            name for name in before.arguments | after.arguments
            if before.arguments.get(name) != after.arguments.get(name)
        }  # fmt: skip
        assert len(differing) == 1 and before.arguments.keys() == after.arguments.keys()


def test_coming_back_asks_for_an_earlier_product_and_may_leave_its_limits_out() -> None:
    found = turns_of("resume")
    assert len(found) >= 5
    for one, label in found:
        call = gold_call(one, label.turn)
        assert call is not None and set(label.optional_arguments) == call.arguments.keys() - {"query"}
        earlier = [gold_call(one, turn) for turn in range(label.turn)]
        queries = [known.arguments.get("query") for known in earlier if known is not None]
        assert call.arguments["query"] in queries


def test_a_told_occasion_is_optional_and_counts_for_the_position() -> None:
    found = [(one, label) for one in (*conversations(), *long_conversations()) for label in one.labels]
    told = [(one, label) for one, label in found if label.optional_arguments == ("occasion",)]
    assert len(told) >= 3
    for one, label in told:
        call = gold_call(one, label.turn)
        assert call is not None and "occasion" in call.arguments and label.position


def test_an_empty_search_is_tried_without_one_limit_and_the_reply_tells_what_came_of_it() -> None:
    mended = [
        (one, label) for one in conversations() for label in one.labels
        if label.plans and label.plans[0] == ("search", "search")
    ]  # fmt: skip
    found = 0
    for one, label in mended:
        acts = turn_messages(one, label.turn)
        first, second = (act.tool_calls[0].arguments for act in acts if act.tool_calls)
        assert len(first.keys() - second.keys()) == 1 and second.items() <= first.items()
        results = [json.loads(act.content)["value"] for act in acts if act.role == "tool"]
        assert not results[0]["items"] and ("search",) in label.plans
        assert ("[1]" in acts[-1].content) == bool(results[1]["items"])
        found += bool(results[1]["items"])
    assert 3 <= found < len(mended)


def test_a_picture_that_does_not_arrive_is_asked_for_again() -> None:
    every = (*long_conversations(), *conversations())
    lost = [one for one in every if LOST_PICTURE in one.attachments.values()]
    assert lost
    for one in lost:
        turn = next(
            label.turn for label in one.labels
            if any('"error"' in act.content for act in turn_messages(one, label.turn) if act.role == "tool")
        )  # fmt: skip
        assert one.labels[turn].decision == "visual_search"
        again = gold_call(one, turn + 1)
        assert again is not None and again.name == "visual_search"
        assert replay(one, index(), profile_of(one))


def test_two_to_ten_turns() -> None:
    lengths = {len(one.labels) for one in long_conversations()}
    assert lengths == set(range(2, 11))
    assert all(replay(one, index(), profile_of(one)) for one in long_conversations()[:40])


def test_nobody_tells_the_same_thing_twice() -> None:
    for one in long_conversations():
        said = [user_text(one, label.turn) for label in one.labels]
        openings = [
            text.split(",")[0] for text in said if "," in text and len(text.split(",")[0].split()) > 6
        ]
        assert len(openings) == len(set(openings))

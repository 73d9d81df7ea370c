"""Whole conversations: mixture, labels, positions, replies, replay, determinism."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from muse_core import records
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import PairsConfig, RunConfig
from muse_core.dialogue.families import Family, all_families
from muse_core.dialogue.simulate import simulate
from muse_core.language import lexicon
from muse_core.language.scripts import detect_language
from muse_core.profiles.reserved import is_reserved
from muse_core.tools.references import lexicalise, references_in
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.types import Conversation, JsonValue, ToolCall, TurnLabel
from muse_core.world.replay import gold_call, replay, turn_messages, user_text
from tests.unit.dialogue.builders_dialogue import conversations, converse, index, profile_of, profiles


def turns() -> list[tuple[Conversation, TurnLabel]]:
    return [(one, label) for one in conversations() for label in one.labels]


def calls() -> list[tuple[Conversation, TurnLabel, ToolCall]]:
    found = ((one, label, gold_call(one, label.turn)) for one, label in turns())
    return [(one, label, call) for one, label, call in found if call is not None]


def test_the_mixture_of_decisions() -> None:
    counts = Counter(label.decision for _, label in turns())
    shares = {name: count / len(turns()) for name, count in counts.items()}
    assert 0.32 <= shares["none"] <= 0.38
    assert all(
        shares[tool] >= 0.065 for tool in ("filter", "recommend", "compare", "translate", "visual_search")
    )
    assert 0.17 <= shares["search"] <= 0.25
    multi = sum(label.turn_type == "multi_step" for _, label in turns()) / len(turns())
    assert 0.04 <= multi <= 0.08


def _each(value: JsonValue) -> list[JsonValue]:
    """The values of an argument: one, or several of which any will do."""
    return value if isinstance(value, list) else [value]


def test_every_tool_is_asked_for() -> None:
    counts = Counter(call.name for _, _, call in calls())
    unasked = [name for name in TOOL_NAMES if not counts[name]]
    assert not unasked, f"nobody asks for {unasked}: state `item_share`, or write a move in dialogue/"


def test_shoppers_kept_for_the_pairs_ask_in_wordings_of_their_own() -> None:
    book, share = all_families(), 0.3
    kept_back = {(one.script, one.turn_type, one.kind) for one in book.families if one.is_reserved}
    config = RunConfig(pairs=PairsConfig(reserved_share=share))
    asked: dict[bool, list[Family]] = {True: [], False: []}
    for number, person in enumerate(profiles()):
        talk = simulate(person, index(), np.random.default_rng(number), config, book, "c")
        heard = asked[is_reserved(person.profile_id, share)]
        heard += [book.by_id[label.family] for label in talk.labels]
    assert not any(family.is_reserved for family in asked[False])
    others = [family for family in asked[True] if not family.is_reserved]
    assert len(others) < 0.2 * len(asked[True])
    assert not {(one.script, one.turn_type, one.kind) for one in others} & kept_back


def _line(conversation: Conversation) -> str:
    """What the system message says of the shopper."""
    return conversation.messages[0].content.rpartition("\n")[2]


def test_lengths_and_system_line() -> None:
    for one in conversations():
        assert 2 <= len(one.labels) <= 6
        assert one.messages[0].role == "system" and _line(one).startswith(one.language)
        assert [label.turn for label in one.labels] == list(range(len(one.labels)))


def test_decision_plans_and_calls_agree() -> None:
    for one, label in turns():
        sequence = tuple(records.tool_sequence(turn_messages(one, label.turn)))
        assert label.decision == (sequence[0] if sequence else "none")
        assert label.decision in label.acceptable
        assert (label.plans[0] == sequence) if sequence else not label.plans
        assert (label.missing_slot is not None) == (label.turn_type == "missing_slot")
        assert (label.position is None) == (not sequence)


def test_positions_end_at_a_word_and_words_follow_often_enough() -> None:
    followed = 0
    for one, label, _ in calls():
        text, position = user_text(one, label.turn), label.position
        assert position is not None and 0 < position <= len(text)
        assert text[position - 1] not in " ,?!।" and text[position : position + 1] in ("", *" ,?!।.'\"")
        followed += bool(text[position:].strip(" ,?!।.'\""))
    assert followed / len(calls()) >= 0.3


def test_families_are_of_the_conversations_side_and_language() -> None:
    book = all_families()
    for one, label in turns():
        family = book.by_id[label.family]
        assert (family.side, family.turn_type, family.language) == (one.side, label.turn_type, one.language)


def test_arguments_are_canonical() -> None:
    for _, _, call in calls():
        for name in ("colour", "gender", "material", "occasion"):
            if name in call.arguments:
                for value in _each(call.arguments[name]):
                    assert value == lexicon.canonical(name, str(value))
        query = str(call.arguments.get("query", ""))
        if query and call.name != "translate":
            is_sold = any(query.endswith(kind) for kind in index().catalog.types())
            assert is_sold or not index().count(query), query  # test_absent.py
        assert None not in call.arguments.values()


def test_prices_and_brands_of_a_call_are_said_or_carried_over() -> None:
    for one, label, call in calls():
        said = " ".join(user_text(one, turn) for turn in range(label.turn + 1)).lower()
        if "brand" in call.arguments:
            assert all(str(brand).lower() in said for brand in _each(call.arguments["brand"]))
        if call.name == "translate":
            assert str(call.arguments["text"]) in said or str(call.arguments["text"]).lower() in said


def test_an_answer_carries_over_what_was_said_before() -> None:
    carried = 0
    for one, label, call in calls():
        before = one.labels[label.turn - 1] if label.turn else None
        if before is None or before.missing_slot != "query":
            continue
        assert (call.name, label.turn_type) == ("search", "complete")
        carried += "max_price" in call.arguments and not any(c.isdigit() for c in user_text(one, label.turn))
    assert carried > 3


def test_replies_refer_only_to_what_is_there_and_name_a_product() -> None:
    for one in conversations():
        value = None
        for message in one.messages:
            if message.role == "tool":
                value = json.loads(message.content).get("value")
            elif message.role == "assistant" and not message.tool_calls:
                text, faults = lexicalise(message.content, value, one.language)
                assert faults == 0 and "{" not in text and len(text.split()) < 60
        for label in one.labels:
            acts = turn_messages(one, label.turn)
            if any('"items":[{' in act.content for act in acts):
                last = [act.content for act in acts if act.role == "tool"][-1]
                assert references_in(acts[-1].content) or '"items":[]' in last


@pytest.mark.parametrize("language", ["en", "hi", "mixed"])
def test_utterances_and_replies_are_in_the_conversations_language(language: str) -> None:
    own = [one for one in conversations() if one.language == language]
    spoken = [user_text(one, label.turn) for one in own for label in one.labels]
    replied = [turn_messages(one, label.turn)[-1].content for one in own for label in one.labels]
    for texts in (spoken, replied):
        assert sum(detect_language(text) == language for text in texts) / len(texts) >= 0.95


def test_a_hundred_conversations_replay() -> None:
    for one in conversations()[:100]:
        assert replay(one, index(), profile_of(one)), one.conversation_id


def test_some_results_are_empty_and_the_reply_says_so() -> None:
    acts = [turn_messages(one, label.turn) for one, label, _ in calls()]
    empty = [turn[-1].content for turn in acts if len(turn) > 2 and '"items":[]' in turn[-2].content]
    assert len(empty) >= 5 and all("[" not in text for text in empty)


def test_the_goal_is_met_by_its_target() -> None:
    for one in conversations():
        target = index().catalog.by_id[one.goal.target_ids[0]]
        assert one.goal.constraints["product_type"] == target.product_type
        limit = one.goal.constraints.get("max_price")
        assert limit is None or (target.price or 0) <= limit  # type: ignore[operator]


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (records.to_table("conversations", converse(index(), profiles(), 40)) for _ in range(2))
    assert first.equals(second)


def test_plain_style_fills_the_references() -> None:
    import numpy as np

    from muse_core.config.run_config import ReplyConfig, RunConfig
    from muse_core.dialogue.simulate import simulate

    config = RunConfig(reply=ReplyConfig(style="plain"))
    one = simulate(profiles()[0], index(), np.random.default_rng(3), config, all_families(), "c1")
    assert all("[1" not in message.content for message in one.messages if message.role == "assistant")


def test_a_bare_catalogue_has_no_price_rating_or_picture_talk() -> None:
    bare = Catalog(tuple(replace(p, price=None, rating=None, image=None) for p in index().catalog))
    shop = CatalogIndex(bare)
    import numpy as np

    from muse_core.profiles.make import make_profiles

    people = tuple(make_profiles(bare, 60, {"en": 0.35, "hi": 0.25}, np.random.default_rng(1)))
    made = converse(shop, people, 120)
    names = {
        name
        for one in made
        for label in one.labels
        if (call := gold_call(one, label.turn))
        for name in call.arguments
    }
    assert not names & {"max_price", "min_price", "min_rating", "sort_by", "image"}
    assert not any(":price]" in message.content for one in made for message in one.messages)


def test_foreign_types_and_colours_are_said_as_they_are() -> None:
    odd = Catalog(
        tuple(replace(p, product_type="zorbal", colour="quartzine") for p in index().catalog.products[:80])
    )
    made = converse(CatalogIndex(odd), profiles(), 60)
    said = " ".join(user_text(one, label.turn) for one in made for label in one.labels)
    assert "zorbal" in said and "quartzine" in said

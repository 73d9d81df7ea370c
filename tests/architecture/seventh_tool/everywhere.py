"""What the rest of MUSE does with `stock`, run in a copy of the repository to which it was added."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from muse_core.evaluation.metrics import DECISIONS

from data_contracts.validate import validate
from muse_core.augmentation.candidates import Act, acts, perturbed
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig
from muse_core.conversation_files.read import read_chats
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.models import chat_format
from muse_core.models.chat_reader import parse
from muse_core.preferences.contexts import Context, Environment
from muse_core.preferences.contrast import contrast_match
from muse_core.records import to_table
from muse_core.scoring.call_match import match_calls
from muse_core.scoring.groundedness import check
from muse_core.tools.toolbox import Toolbox
from muse_core.types import LANGUAGES, Conversation, Message, ToolCall, TurnLabel
from muse_core.world.replay import replay, turn_messages
from muse_core.world.shop import Shop
from tests.contract.planted import good_rows, table_of
from tests.unit.conversation_files.builders_chats import called, chat, said, user
from tests.unit.dialogue import builders_dialogue
from tests.unit.tools.builders_tools import run, world

TOOL = "stock"


@cache
def index() -> CatalogIndex:
    """The synthetic shop, a third of it sold out."""
    products = builders_dialogue.index().catalog.products
    return CatalogIndex(
        Catalog(
            tuple(
                replace(one, attributes={**one.attributes, "stock": "sold out"}) if place % 3 == 0 else one
                for place, one in enumerate(products)
            )
        )
    )


@cache
def talks() -> tuple[Conversation, ...]:
    people = builders_dialogue.profiles()
    rng, book, config = np.random.default_rng(11), all_families(), RunConfig()
    return tuple(
        simulate(people[k % len(people)], index(), rng, config, book, f"c{k:06d}") for k in range(400)
    )


def asked() -> Iterator[tuple[Conversation, TurnLabel, tuple[Message, ...]]]:
    for one in talks():
        for label in one.labels:
            if label.decision == TOOL:
                yield one, label, turn_messages(one, label.turn)


# ---- the tool itself (the test that CONTRIBUTING asks for) ----------------------------------------


def test_it_says_whether_a_result_is_in_stock() -> None:
    box = Toolbox(world())
    assert run(box, TOOL, item=1).error == "there are no earlier results; call search first"
    run(box, "search", query="shirts", sort_by="price_low")
    before = box.world.session
    value = run(box, TOOL, item=1).value
    assert isinstance(value, dict) and value["facts"] == {"in stock": "yes"}
    assert run(box, TOOL, item=9).error == "no item 9 in the last results; positions go to 3"
    assert box.world.session is before


# ---- the simulator --------------------------------------------------------------------------------


def test_shoppers_of_every_language_and_script_ask_for_it() -> None:
    found = [(one.language, label) for one, label, _ in asked()]
    assert {language for language, _ in found} == set(LANGUAGES)
    assert {all_families().by_id[label.family].script for _, label in found} == {"en", "hi", "roman", "both"}
    assert all(label.turn_type == "comparison" for _, label in found)
    assert all(label.position for _, label in found)
    compared = sum(label.decision == "compare" for one in talks() for label in one.labels)
    assert 0.25 <= len(found) / (len(found) + compared) <= 0.55  # item_share is 0.4


def test_the_assistant_tells_both_answers_and_every_conversation_replays() -> None:
    people = {one.profile_id: one for one in builders_dialogue.profiles()}
    assert all(replay(one, index(), people[one.profile_id]) for one in talks())
    told = {json.loads(turn[1].content)["value"]["facts"]["in stock"] for _, _, turn in asked()}
    assert told == {"yes", "no"}
    for one, _, turn in asked():
        value = json.loads(turn[1].content)["value"]
        assert check(turn[-1].content, [value], one.language).grounded, turn[-1].content


# ---- what the model reads and writes --------------------------------------------------------------


def test_the_chat_format_shows_it_and_reads_it_back() -> None:
    assert "stock(item): say whether a result is in stock" in chat_format.tool_lines().splitlines()
    for one, _, turn in asked():
        text = chat_format.render(one.messages)
        assert " ; in stock: " in text and chat_format.render(parse(text)) == text
        (call,) = turn[0].tool_calls
        assert match_calls([call], [call]).exact


# ---- contracts ------------------------------------------------------------------------------------


def test_the_contracts_accept_it() -> None:
    validate("conversations", to_table("conversations", talks()))
    rows = good_rows("predictions")
    rows[0] |= {"gold_decision": TOOL, "predicted_decision": TOOL}
    validate("predictions", table_of("predictions", rows))
    assert TOOL in DECISIONS


# ---- augmentation, contrast pairs, own chats ------------------------------------------------------


def first_act() -> Act:
    one, label, _ = next(asked())
    return next(act for act in acts(one) if act.turn == label.turn)


def test_the_loss_filter_has_wrong_candidates_of_it() -> None:
    drawn = [wrong for seed in range(20) for wrong in perturbed(first_act(), 3, np.random.default_rng(seed))]
    items = {wrong.calls[0].arguments.get("item") for wrong in drawn if wrong.kind == "wrong_value"}
    assert items and first_act().calls[0].arguments["item"] not in items
    assert {wrong.calls[0].name for wrong in drawn if wrong.kind == "wrong_tool"} > {"search", "compare"}
    search = replace(first_act(), calls=(ToolCall("c0.0", "search", {"query": "shirt"}),))
    wrong = [one for seed in range(40) for one in perturbed(search, 3, np.random.default_rng(seed))]
    assert TOOL in {one.calls[0].name for one in wrong}


def test_contrast_pairs_are_made_of_it() -> None:
    people = {one.profile_id: one for one in builders_dialogue.profiles()}
    environment = Environment(Shop(index(), people), "references")
    contexts = [Context(one, label) for one, label, _ in asked()]
    for kind in ("needless_question", "wrong_tool", "wrong_value"):
        made = [match for one in contexts[:12] if (match := contrast_match(kind, one, environment, 0.5, 3))]
        assert made, kind
        assert all(match.chosen.parts.total == 1 for match in made), kind


def test_own_chats_may_call_it(tmp_path: Path) -> None:
    asks = user("is the second one in stock?"), called(TOOL, "a2", item=2), said("[1] is in stock.")
    line = chat(user("show me shirts"), called("search", query="shirt"), said(), *asks)
    path = tmp_path / "chats.jsonl"
    path.write_text(json.dumps(line))
    (one,) = read_chats(path, index(), {})
    assert isinstance(one, Conversation), one
    label = one.labels[1]
    assert (label.decision, label.turn_type, label.plans) == (TOOL, "comparison", ((TOOL,),))

"""Turns in unseen shops: what they are drawn from, what is left out, and where they replay."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from muse_core.catalog.other_shops import shop_name
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.evaluation.predict.exam import UNSEEN, Exam, exam_rows, read_exam
from muse_core.evaluation.predict.predictions import expert_rows, schema_in
from muse_core.evaluation.predict.unseen_shops import unseen_cases, unseen_statistics
from muse_core.records import from_table, to_table
from muse_core.types import Conversation
from muse_core.world.replay import replay
from muse_core.world.shop import Shop, other_index, own_talks
from tests.unit.dialogue.builders_dialogue import conversations, index, profiles


@cache
def elsewhere() -> tuple[Conversation, ...]:
    """Conversations in other shops, of all sides."""
    rng = np.random.default_rng(4)
    made = []
    for row, profile in enumerate(profiles()[:200]):
        name = shop_name(17, row % 5, profile.side)
        talk = simulate(profile, other_index(name), rng, RunConfig(), all_families(), f"o{row:06d}", name)
        made.append(talk)
    return tuple(made)


def everywhere() -> list[Conversation]:
    return [*conversations()[:150], *elsewhere()]


def test_they_replay_in_their_shop_and_keep_its_name_in_a_row() -> None:
    people = {one.profile_id: one for one in profiles()}
    shop = Shop(index(), people)
    for talk in elsewhere():
        assert replay(talk, shop.index_of(talk), people[talk.profile_id]), talk.conversation_id
    assert from_table("conversations", to_table("conversations", elsewhere())) == list(elsewhere())
    assert own_talks(everywhere()) == list(conversations()[:150])


def test_a_world_before_a_turn_is_that_shops() -> None:
    shop = Shop(index())
    talk = next(one for one in elsewhere() if len(one.labels) > 1)
    world = shop.world_before(talk, 1)
    assert world.catalog is other_index(str(talk.shop)).catalog
    assert shop.world_before(conversations()[0], 0).catalog is index().catalog


def test_turns_are_of_test_shoppers_in_other_shops() -> None:
    cases = unseen_cases(everywhere(), index().catalog, 30)
    assert len(cases) == 30
    assert {case.conversation.side for case in cases} == {"test"}
    assert all(case.conversation.shop for case in cases)
    assert unseen_cases(everywhere(), index().catalog, 0) == []


def test_a_shop_that_shares_a_word_with_the_own_one_is_left_out() -> None:
    cases = unseen_cases(everywhere(), index().catalog, 1000)
    shop = str(cases[0].conversation.shop)
    product = other_index(shop).catalog.products[0]
    nothing = replace(product, product_type="item", brand=None, facets={})
    for shared in (
        replace(nothing, product_type=f"small {product.product_type}"),
        replace(nothing, brand=product.brand),
        replace(nothing, facets=product.facets),
    ):
        left = unseen_cases(everywhere(), Catalog((shared,)), 1000)
        assert shop not in {case.conversation.shop for case in left}
        assert len(left) < len(cases)


def test_they_are_a_part_of_the_exam_and_judged_as_their_shop_has_the_tools() -> None:
    cases = tuple(unseen_cases(everywhere(), index().catalog, 40))
    exam = read_exam(from_table("test_cases", to_table("test_cases", exam_rows(Exam((), unseen=cases)))))
    assert exam.part(UNSEEN) == cases
    shop = Shop(index())
    rows = [row for case in cases for row in expert_rows([case], schema_in(case, shop))]
    found = {one.name: one for one in unseen_statistics(rows)}
    assert set(found) == {
        f"{name}_unseen_shops" for name in ("tool_accuracy", "exact_call", "argument_f1", "groundedness")
    }
    assert all(np.isclose(one.fold(one.parts.sum(0, keepdims=True)), 1) for one in found.values())

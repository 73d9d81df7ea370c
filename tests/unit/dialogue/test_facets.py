"""Facets, exclusions, choices and likeness in whole conversations: of the invented shop, of shops whose names
and values nobody has seen before, and of a shop without any."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.dialogue import facet_limits, goals
from muse_core.dialogue.assortment import assortment_of
from muse_core.dialogue.facet_phrases import facet_phrase
from muse_core.dialogue.script import SCRIPTS, Script
from muse_core.dialogue.voice import Voice
from muse_core.profiles.make import make_profiles
from muse_core.tools.shop_schema import schema_of
from muse_core.types import Conversation, Product, Profile, ToolCall, TurnLabel
from muse_core.world.replay import gold_call, replay, turn_messages, user_text
from tests.unit.dialogue.builders_dialogue import conversations, converse, index

COUNT = 150


def laptops() -> Catalog:
    """Names and values that stand in no word list; wide numbers, a count, yes/no, a facet of two values."""
    rng = np.random.default_rng(3)
    chips = ("quorvex m3", "quorvex m5", "talonite x2", "zephy 9")
    made = []
    for row in range(160):
        price = 20_000.0 + 997 * row
        facets = {
            "flarn_count": (str(int(rng.integers(1, 7))),),
            "vram": (f"{2 ** int(rng.integers(0, 5))} gb",),
            "memory": (f"{2 ** int(rng.integers(2, 6))} gb",),
            "glim_rate": (f"{float(np.round(rng.uniform(30, 900), 1)):g} glim",),
            "chipset": (chips[int(rng.integers(4))],),
            "ports": ("usb c", "hdmi") if row % 3 else ("usb c",),
            "zorbable": ("yes" if rng.random() < 0.5 else "no",),
        }
        kept = {name: values for name, values in facets.items() if rng.random() < 0.85}
        title = f"Korvo {chr(65 + row % 26)}{row} Laptop"
        brand, colour = ("Korvo", "Plento")[row % 2], ("black", "silver", "blue")[row % 3]
        made.append(
            Product(
                f"l{row}", title, "laptop", "electronics", brand=brand, colour=colour, price=price,
                rating=3.0 + row % 20 / 10, facets=kept,
            )
        )  # fmt: skip
    return Catalog(tuple(made))


def without_facets() -> Catalog:
    return Catalog(tuple(replace(one, facets={}) for one in index().catalog.products[:200]))


@lru_cache(maxsize=4)
def talks(name: str) -> tuple[CatalogIndex, tuple[Profile, ...], tuple[Conversation, ...]]:
    shop = CatalogIndex({"laptops": laptops, "bare": without_facets}[name]())
    people = tuple(make_profiles(shop.catalog, 60, {"en": 0.35, "hi": 0.3}, np.random.default_rng(6)))
    return shop, people, tuple(converse(shop, people, COUNT))


def calls_of(made: tuple[Conversation, ...]) -> list[tuple[Conversation, TurnLabel, ToolCall]]:
    found = ((one, label, gold_call(one, label.turn)) for one in made for label in one.labels)
    return [(one, label, call) for one, label, call in found if call is not None]


def slot(argument: str) -> str:
    return argument[4:] if argument.startswith(("min_", "max_", "not_")) else argument


def names_facet(call: ToolCall, facets: set[str]) -> bool:
    return bool({slot(name) for name in call.arguments} & facets) or call.arguments.get("attribute") in facets


@pytest.mark.parametrize("name", ["laptops", "bare"])
def test_every_conversation_replays(name: str) -> None:
    shop, people, made = talks(name)
    for row, one in enumerate(made):
        assert replay(one, shop, people[row % len(people)]), one.conversation_id


@pytest.mark.parametrize("name", ["laptops", "bare"])
def test_calls_fit_the_shops_schema(name: str) -> None:
    shop, _, made = talks(name)
    schema = schema_of(shop.catalog.facets)
    for _, _, call in calls_of(made):
        assert not schema.refusals(call.name, call.arguments), call
        assert call.arguments == {
            key: call.arguments[key] for key in schema.order(call.name) if key in call.arguments
        }


def test_an_unknown_shops_facets_are_asked_for_in_every_way() -> None:
    shop, _, made = talks("laptops")
    facets = {facet.name for facet in shop.catalog.facets}
    calls = [call for _, _, call in calls_of(made)]
    named = Counter(slot(name) for call in calls for name in call.arguments if slot(name) in facets)
    assert named.keys() == facets
    assert {call.name for call in calls if names_facet(call, facets)} >= {"search", "filter", "compare"}
    kinds = {type(value) for call in calls for name, value in call.arguments.items() if slot(name) in facets}
    assert kinds >= {bool, int, str}


def test_what_nobody_has_a_word_for_is_said_as_it_is_written() -> None:
    _, _, made = talks("laptops")
    for one, label, call in calls_of(made):
        said = " ".join(user_text(one, turn) for turn in range(label.turn + 1)).lower()
        chip = call.arguments.get("chipset")
        if isinstance(chip, str) and label.turn_type != "multi_step":
            assert chip in said, (said, call)
        if call.arguments.get("attribute") == "flarn_count":
            assert "flarn count" in said


def test_a_shop_without_facets_hears_of_none_but_of_what_nobody_wants() -> None:
    shop, _, made = talks("bare")
    assert not assortment_of(shop).facets
    calls = [call for _, _, call in calls_of(made)]
    ours = {"colour", "brand", "material"}
    assert {slot(name) for call in calls for name in call.arguments if name.startswith("not_")} <= ours
    assert all("also:" not in one.messages[0].content for one in made)


def test_the_system_message_tells_the_shops_facets() -> None:
    _, _, made = talks("laptops")
    for one in made:
        told, _, line = one.messages[0].content.partition("\n")
        assert told.startswith("also: ") and "glim_rate (glim)" in told and "zorbable (yes/no)" in told
        assert line.startswith(one.language)


def test_shares_of_the_invented_shop() -> None:
    facets = {facet.name for facet in index().catalog.facets}
    calls = calls_of(conversations())
    whole = [
        call for _, label, call in calls if "/request-" in label.family and label.turn_type == "complete"
    ]
    with_facet = sum(names_facet(call, facets) for call in whole) / len(whole)
    assert 0.25 <= with_facet <= 0.45
    likes = [call for _, label, call in calls if "/like-" in label.family]
    assert likes and all("like" in call.arguments for call in likes)
    turns = sum(len(one.labels) for one in conversations())
    excluded = sum(any(name.startswith("not_") for name in call.arguments) for _, _, call in calls)
    assert 0.004 <= excluded / turns <= 0.04
    either = [
        call
        for _, _, call in calls
        if any(isinstance(value, list) and name != "items" for name, value in call.arguments.items())
    ]
    assert len(either) / turns >= 0.004


def test_an_exclusion_is_no_idle_word() -> None:
    """What is not wanted is something that the shop has of this kind, and the target is not that."""
    shop = assortment_of(index())
    rng, seen = np.random.default_rng(1), 0
    for product in shop.wanted[:300]:
        unwanted = facet_limits.exclusion({}, product, shop.variety, shop.facets, rng)
        for name, value in unwanted.items():
            seen += 1
            assert goals.meets(product, name, value)
            values = value if isinstance(value, list) else [value]
            known = shop.variety.words[product.product_type, slot(name)]
            assert set(values) <= set(known)
    assert seen > 200


def test_limits_on_facets_are_met_and_round() -> None:
    shop = assortment_of(CatalogIndex(laptops()))
    rng = np.random.default_rng(1)
    for product in shop.wanted:
        for name in product.facets:
            limits = facet_limits.limit_on(shop.facets[name], product, shop.variety, rng)
            assert all(goals.meets(product, *one) for one in limits.items()), (product.facets, limits)
            if name == "glim_rate":  # 160 different numbers: nobody asks for 517.3
                assert name not in limits
                assert all(len(f"{value:g}".replace(".", "").strip("0")) <= 2 for value in limits.values())


def test_replies_tell_the_facets_that_were_asked_for() -> None:
    shop, _, made = talks("laptops")
    facets = {facet.name for facet in shop.catalog.facets}
    told = [
        (call.arguments["attribute"], turn_messages(one, label.turn)[-1].content)
        for one, label, call in calls_of(made)
        if call.name == "compare" and call.arguments.get("attribute") in facets
    ]
    assert told and all(f"[1:{facet}]" in text for facet, text in told)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_frame_of_a_facet_can_be_filled(script: Script) -> None:
    shop = assortment_of(CatalogIndex(laptops()))
    given = {
        "min_vram": 2, "max_vram": 8, "min_glim_rate": 100, "max_flarn_count": 3, "flarn_count": 4,
        "memory": 16, "chipset": ["zephy 9", "quorvex m3"], "zorbable": False, "ports": "hdmi",
    }  # fmt: skip
    for seed in range(20):
        voice = Voice(script, np.random.default_rng(seed), facets=shop.facets)
        for name in given:
            said = facet_phrase(voice, name, given, "laptop")
            assert said and not set(said) & set("{}(/)"), said

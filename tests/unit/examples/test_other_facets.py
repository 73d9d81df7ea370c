"""Training on other lists of facets: the same conversation, as a shop with other names would have it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.examples.conversations import examples_of
from muse_core.examples.other_facets import (
    facets_of,
    facets_used,
    other_names,
    read_names,
    reserved,
    with_another_list,
    with_names,
)
from muse_core.models import chat_format
from muse_core.models.tokenizer import train_tokenizer
from muse_core.profiles.system_line import parts_of
from muse_core.records import calls_of
from muse_core.tools.shop_schema import schema_of
from muse_core.types import Conversation
from muse_core.world.replay import replay
from tests.unit.conversation_files.builders_chats import called, chat, kept, said, user
from tests.unit.tools.builders_tools import laptops
from tests.unit.training.builders_training import row

NAMES = {"memory": "ram", "processor": "cpu"}


def renamed(catalog: Catalog, names: dict[str, str]) -> Catalog:
    return Catalog(
        tuple(
            replace(one, facets={names.get(name, name): values for name, values in one.facets.items()})
            for one in catalog
        )
    )


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Conversation:
    """Search by memory and processor, narrow, compare by memory; the touchscreen is never used."""
    line = chat(
        user("laptop 16 gb ram, i5 or ryzen 7, not i7"),
        called(query="laptop", min_memory=8, processor=["intel core i5", "amd ryzen 7"],
               not_processor="intel core i7"),
        said("Try [1] with [1:memory] at [1:price]."),
        user("at least 16 gb"), called("filter", memory=16), said("[1]: [1:memory], [1:processor]."),
        user("compare the first two by memory"), called("compare", items=[1, 2], attribute="memory"),
        said("[1:memory] and [2:memory]."),
        user("only red ones"), called("filter", colour="red"), said("None."),
    )  # fmt: skip
    return kept(tmp_path_factory.mktemp("chat"), line, catalog=laptops())


def test_what_is_used(talk: Conversation) -> None:
    assert list(facets_of(talk)) == ["memory", "touchscreen", "processor"]
    assert facets_used(talk) == ["memory", "processor"]


def test_a_renamed_conversation_replays_in_a_shop_with_these_names(talk: Conversation) -> None:
    other = with_names(talk, NAMES, ["processor", "memory"])
    assert other.messages[0].content == "also: cpu, ram (gb)\nen"
    shop = CatalogIndex(renamed(laptops(), NAMES))
    assert replay(other, shop, None) and not replay(talk, shop, None)
    schema = schema_of(shop.catalog.facets)
    assert all(not schema.refusals(call.name, call.arguments) for call in calls_of(other.messages))
    told = " ".join(message.content for message in other.messages[1:])
    assert "memory" not in re.sub("compare the first two by memory", "", told)
    first = next(call for call in calls_of(other.messages))
    assert list(first.arguments) == ["query", "cpu", "not_cpu", "min_ram"]
    assert chat_format.render(other.messages).count("min_ram=8") == 1


def test_what_people_say_and_where_a_call_becomes_possible_stay(talk: Conversation) -> None:
    other = with_names(talk, NAMES, ["processor", "memory"])
    heard = [[m.content for m in one.messages if m.role == "user"] for one in (talk, other)]
    assert heard[0] == heard[1] and other.labels == talk.labels
    back = with_names(other, {new: old for old, new in NAMES.items()}, ["ram", "cpu"])
    assert back.messages[1:] == talk.messages[1:]


def test_labels_name_the_arguments_as_the_call_does(talk: Conversation) -> None:
    label = replace(talk.labels[0], optional_arguments=("min_memory", "colour"))
    one = replace(talk, labels=(label, *talk.labels[1:]))
    assert with_names(one, NAMES, ["memory"]).labels[0].optional_arguments == ("min_ram", "colour")


def many(talk: Conversation, count: int = 400) -> list[Conversation]:
    return [replace(talk, conversation_id=f"c{n}") for n in range(count)]


def test_a_share_is_told_another_list_and_always_the_same(talk: Conversation) -> None:
    every = many(talk)
    told = [with_another_list(one, 0.2, 17) for one in every]
    changed = [new for old, new in zip(every, told, strict=True) if new is not old]
    assert 0.14 < len(changed) / len(every) < 0.26
    assert told == [with_another_list(one, 0.2, 17) for one in every]
    assert told != [with_another_list(one, 0.2, 18) for one in every]
    assert all(with_another_list(one, 0.0, 17) is one for one in every)
    more = [with_another_list(one, 0.5, 17) for one in every]
    assert all(a == b for a, b, c in zip(told, more, every, strict=True) if a is not c)


def test_other_lists_are_shorter_shuffled_renamed_and_valid(talk: Conversation) -> None:
    lists = [list(facets_of(with_another_list(one, 1.0, 17))) for one in many(talk)]
    assert {len(one) for one in lists} == {2, 3}
    assert {("memory", "processor"), ("processor", "memory")} <= set(map(tuple, lists)) or any(
        one[0] in other_names("processor") for one in lists
    )
    names = {name for one in lists for name in one}
    assert {"ram", "cpu", "touch"} <= names and "memory" in names
    for one in lists:
        assert len(set(one)) == len(one) and not set(one) & reserved()
        assert any(name in one for name in ("memory", *other_names("memory")))


def test_a_shop_without_facets_and_a_name_that_is_in_no_table(talk: Conversation) -> None:
    plain = replace(talk, messages=(replace(talk.messages[0], content="en"), *talk.messages[1:]))
    assert with_another_list(plain, 1.0, 17) is plain
    assert other_names("burner_count")[:3] == ["count_burner", "count", "item_burner_count"]
    assert other_names("warp")[0] == "item_warp" and "min" not in other_names("min_speed")


def test_the_table_names_no_argument_of_ours() -> None:
    for name in read_names()["names"]:
        others = other_names(name)
        assert len(set(others)) == len(others) >= 2 and name not in others, name
        assert not set(others) & reserved(), name
        assert all(re.fullmatch(r"(?!min_|max_|not_)[a-z][a-z0-9_]*", one) for one in others), name


def test_what_is_taught_is_decided_on_the_stored_conversation(talk: Conversation, tmp_path: Path) -> None:
    """The kept rows have the shop's names; the heads learn the same places and prices."""
    tokenizer = train_tokenizer(
        [chat_format.render(talk.messages)] * 4, 600, parts_of(talk.messages[0].content)[0]
    )
    asked = kept(tmp_path, chat(user("16 gb laptop under 50000"), called(query="laptop", memory=16,
                 max_price=50000), said("Try [1].")), catalog=laptops())  # fmt: skip
    (call,) = calls_of(asked.messages)
    rows = [row(0, conversation_id=asked.conversation_id, tool_calls=(placed(call.arguments, asked),))]

    def read(names: dict[str, str]) -> list[object]:
        def told(one: Conversation) -> Conversation:
            return with_names(one, names, list(facets_of(one)))

        (found,), statistics = examples_of(tokenizer, [asked], rows, "filtered", 2000, told=told)
        assert statistics.dropped_turns == 0
        (start,) = found.starts
        assert ("ram" in tokenizer.decode(found.ids)) == bool(names)
        return [start.tool, start.prices, [label for _, label in found.words], tokenizer.decode(
            [token for token, part in zip(found.ids, found.parts, strict=True) if part])]  # fmt: skip

    own, other = read({}), read(NAMES)
    assert own[:3] == other[:3] and str(own[3]).replace("memory=16", "ram=16") == other[3]


def placed(arguments: dict[str, object], one: Conversation) -> object:
    from muse_core.types import PlacedCall

    return PlacedCall("search", arguments, one.labels[0].position or 0, 1.0, {"items": [], "total": 0})

"""Chats of a shop with facets: their calls run, their values are read, their system message has the list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.profiles.system_line import system_content
from muse_core.records import calls_of
from muse_core.types import JsonValue
from muse_core.world.replay import replay
from tests.unit.conversation_files.builders_chats import called, chat, kept, reason, said, user
from tests.unit.tools.builders_tools import laptops

ALSO = "also: memory (gb), touchscreen (yes/no), processor\n"


def asking(text: str, **arguments: Any) -> dict[str, Any]:
    return chat(user(text), called(**{"query": "laptop", **arguments}), said("Try [1]."))


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"memory": 16}, {"memory": 16}),
        ({"min_memory": "16 GB"}, {"min_memory": 16}),
        ({"max_memory": "16384 mb"}, {"max_memory": 16}),
        ({"memory": "16"}, {"memory": 16}),
        ({"touchscreen": "Yes"}, {"touchscreen": True}),
        ({"touchscreen": False}, {"touchscreen": False}),
        ({"processor": "Intel Core i5"}, {"processor": "intel core i5"}),
        ({"processor": ["Intel Core i5", "amd ryzen 7"]}, {"processor": ["intel core i5", "amd ryzen 7"]}),
        ({"not_processor": ["amd ryzen 7"]}, {"not_processor": "amd ryzen 7"}),
    ],
)
def test_the_values_of_facets_are_read(
    given: dict[str, JsonValue], read: dict[str, JsonValue], tmp_path: Path
) -> None:
    found = kept(tmp_path, asking("laptop with 16 gb", **given), catalog=laptops())
    (call,) = calls_of(found.messages)
    assert call.arguments == {"query": "laptop", **read}
    assert found.messages[0].content == ALSO + "en"
    assert replay(found, CatalogIndex(laptops()), None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"fuel": "petrol"}, "turn 1: search has no argument 'fuel'; it has query"),
        ({"memory": "a lot"}, "memory: found 'a lot'"),
        ({"memory": "15 inch"}, "memory: found '15 inch'"),
        ({"touchscreen": "maybe"}, "touchscreen: found 'maybe'"),
    ],
)
def test_what_the_shop_does_not_take_is_a_reason(
    given: dict[str, JsonValue], said: str, tmp_path: Path
) -> None:
    assert said in reason(tmp_path, asking("laptop", **given), catalog=laptops())


def test_another_shop_has_no_such_argument(tmp_path: Path) -> None:
    assert "search has no argument 'memory'" in reason(tmp_path, asking("laptop", memory=16))


def test_the_list_of_an_exported_chat_is_not_about_the_shopper(tmp_path: Path) -> None:
    told = {"role": "system", "content": system_content(laptops().facets, "en | women | 25-34")}
    line = chat(told, user("laptop"), called(query="laptop"), said("Try [1]."))
    assert kept(tmp_path, line, catalog=laptops()).messages[0].content == ALSO + "en | women | 25-34"
    assert kept(tmp_path, chat(told, user(), called(), said())).messages[0].content == "en | women | 25-34"


@pytest.mark.parametrize(
    ("text", "arguments", "end"),
    [
        ("a touchscreen laptop please", {"touchscreen": True}, "a touchscreen laptop"),
        ("laptop intel core i5 or amd ryzen 7 ok", {"processor": ["intel core i5", "amd ryzen 7"]},
         "laptop intel core i5 or amd ryzen 7"),
        ("laptop with 16 gb or more", {"min_memory": 16}, "laptop with 16"),
    ],
)  # fmt: skip
def test_a_call_becomes_possible_behind_the_last_word_it_depends_on(
    text: str, arguments: dict[str, JsonValue], end: str, tmp_path: Path
) -> None:
    found = kept(tmp_path, asking(text, **arguments), catalog=laptops())
    assert found.labels[0].position == len(end)

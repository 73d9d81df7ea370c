"""The lists of tools follow the registry, wherever they were imported."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from muse_core.dialogue import agenda
from muse_core.errors import ConfigError
from muse_core.generation.faults import fault_of
from muse_core.models.chat_format import format_digest, tool_lines
from muse_core.tools.base import ShopWorld, Tool, ToolArguments
from muse_core.tools.foreign_calls import read_written
from muse_core.tools.shop_schema import PLAIN
from muse_core.tools.toolbox import (
    ALL_TOOLS,
    DECISIONS,
    OWN_TOOLS,
    PRODUCT_TOOLS,
    REGISTRY,
    TOOL_NAMES,
    TOOLS,
)
from muse_core.types import JsonValue, Message


class Pincode(ToolArguments):
    pincode: str


class Delivery(Tool):
    name: ClassVar[str] = "delivery"
    description: ClassVar[str] = "days until it arrives"
    Arguments: ClassVar[type[ToolArguments]] = Pincode
    returns_products: ClassVar[bool] = True
    asks_for: ClassVar[str] = "pincode"
    left_open: ClassVar[float] = 0.1

    def __call__(self, arguments: Any, world: ShopWorld) -> JsonValue:
        return {"text": "3 days"}


def named(name: str) -> Tool:
    return type("Named", (Delivery,), {"name": name})()


def test_every_view_follows_the_registry() -> None:
    own = tuple(tool.name for tool in OWN_TOOLS)
    delivery = Delivery()
    with REGISTRY.only(OWN_TOOLS):
        REGISTRY.register([delivery])
        assert tuple(ALL_TOOLS) == (*OWN_TOOLS, delivery) and len(ALL_TOOLS) == len(own) + 1
        assert tuple(TOOL_NAMES) == (*own, "delivery") and TOOL_NAMES[-1] == "delivery"
        assert tuple(DECISIONS) == (*own, "delivery", "none") and TOOL_NAMES.index("delivery") == len(own)
        assert TOOLS["delivery"] is delivery and "delivery" in PRODUCT_TOOLS
        assert PLAIN.order("delivery") == ("pincode",)
    assert tuple(ALL_TOOLS) == OWN_TOOLS and "delivery" not in TOOLS and "delivery" not in PRODUCT_TOOLS
    assert TOOLS.get("delivery") is None and tuple(DECISIONS) == (*own, "none")


def test_what_is_remembered_of_the_tools_is_made_anew_where_they_are_others() -> None:
    said = (Message("assistant", "delivery(110001) will do"),)
    before = tool_lines(), format_digest()
    assert fault_of((), said, False, "en") is None and not read_written("[delivery(pincode='1')]").before
    with REGISTRY.only([*OWN_TOOLS, Delivery()]):
        assert tool_lines().splitlines()[-1] == "delivery(pincode): days until it arrives"
        assert format_digest() != before[1] and agenda.missing()["pincode"] == 0.1
        assert fault_of((), said, False, "en") == "tag"
        (call,) = read_written("Sure: [delivery(pincode='1')] now").calls
        assert call[0] == "delivery"
    assert (tool_lines(), format_digest()) == before
    assert fault_of((), said, False, "en") is None and not read_written("Sure: [delivery(a='1')] now").calls


def test_what_is_there_already_is_not_added_twice() -> None:
    delivery = Delivery()
    with REGISTRY.only(OWN_TOOLS):
        REGISTRY.register([delivery])
        REGISTRY.register([delivery])
        assert TOOL_NAMES[-2:] == (OWN_TOOLS[-1].name, "delivery")


def test_every_taken_name_is_told_and_nothing_is_added() -> None:
    with REGISTRY.only(OWN_TOOLS):
        with pytest.raises(ConfigError) as told:
            REGISTRY.register([named("fit"), named("search"), named("none"), named("fit")])
        assert tuple(ALL_TOOLS) == OWN_TOOLS
    text = str(told.value)
    assert "'search' is taken by a tool of MUSE" in text and "'none' is taken by the decision" in text
    assert "'fit' is taken by another tool of `tools.extra`" in text


def test_use_leaves_nothing_of_what_was_used_before() -> None:
    with REGISTRY.only(OWN_TOOLS):
        REGISTRY.use([named("fit")])
        REGISTRY.use([named("delivery")])
        assert TOOL_NAMES[len(OWN_TOOLS) :] == ("delivery",)
        with pytest.raises(ConfigError):
            REGISTRY.use([named("search")])
        assert TOOL_NAMES[len(OWN_TOOLS) :] == ("delivery",)
        REGISTRY.use([])
        assert tuple(ALL_TOOLS) == OWN_TOOLS

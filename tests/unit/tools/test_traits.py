"""What a tool says of itself is so, and what it names exists: wordings, replies, questions, cues.

Who adds a tool reads here what is still missing: each failure says which file wants what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.dialogue.questions import ANSWERS
from muse_core.dialogue.replies import replies
from muse_core.dialogue.script import SCRIPTS
from muse_core.scoring.cue_words import cues
from muse_core.tools.base import Tool, new_world
from muse_core.tools.toolbox import ALL_TOOLS, TOOLS, Toolbox
from muse_core.types import JsonValue, TurnType
from muse_core.wordings.book import HERE, read_book
from muse_core.wordings.kinds import kinds
from tests.unit.tools.builders_tools import picture, product, run

# Calls of the tools that nobody calls carelessly.
ASKED = {"filter": {"sort_by": "rating"}, "visual_search": {"image": "att1"}}
_SLOT_OF_CUES = {"query": "product_type"}


def missing_wordings(tool: Tool) -> Iterator[str]:
    named: list[tuple[TurnType, str]] = [(tool.turn_type, kind) for kind in tool.wordings]
    named += [("missing_slot", tool.asks_for)] if tool.left_open else []
    book, _ = read_book(HERE)
    for turn_type, kind in named:
        known = kinds()[turn_type].get(kind)
        if known is None:
            yield (
                f"{tool.name}: no wording can ask for it: add `{kind} = {{ says = …, needs = […] }}` below "
                f"[{turn_type}] in muse_core/wordings/kinds.toml"
            )
        for script in known.only if known is not None else ():
            if not book[script, turn_type, kind]:
                yield (
                    f"{tool.name}: nobody can ask for it in {script}: add a table [{kind}] to "
                    f"muse_core/wordings/{script}/{turn_type}.toml"
                )


def missing_replies(tool: Tool) -> Iterator[str]:
    named = [*tool.replies, f"ask_{tool.asks_for}", *([tool.failure] if tool.failure else [])]
    for situation in named:
        for script in SCRIPTS:
            if not replies(script)["replies"].get(situation):
                yield (
                    f"{tool.name}: it has no reply `{situation}` in {script}: add `{situation} = […]` below "
                    f"[replies] in muse_core/wordings/{script}/replies.toml"
                )


def missing_answers(tool: Tool) -> Iterator[str]:
    slot = _SLOT_OF_CUES.get(tool.asks_for, tool.asks_for)
    if tool.left_open and tool.asks_for not in ANSWERS:
        yield (
            f"{tool.name}: shoppers do not answer `{tool.asks_for}`: add how they do to ANSWERS in "
            "muse_core/dialogue/questions.py"
        )
    if slot not in dict(cues().slots):
        yield (
            f"{tool.name}: no cue tells that a reply asks for `{slot}`: add its words below [slots] in "
            "muse_core/scoring/cues.toml"
        )


@pytest.mark.parametrize("tool", ALL_TOOLS, ids=lambda tool: tool.name)
def test_what_a_tool_names_exists(tool: Tool) -> None:
    problems = [*missing_wordings(tool), *missing_replies(tool), *missing_answers(tool)]
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("tool", ALL_TOOLS, ids=lambda tool: tool.name)
def test_a_tool_is_declared_in_full(tool: Tool) -> None:
    assert tool.name and tool.description and tool.wordings and tool.replies
    assert tool.turn_type in get_args(TurnType)
    names = set(tool.Arguments.model_fields)
    assert not tool.left_open or tool.asks_for in names, "what is left open is an argument of the tool"
    assert not tool.item_share or ("item" in names and tool.needs_results), "`item` is a last result"
    assert 0 <= tool.item_share < 1 and tool.needless >= 0 and 0 <= tool.left_open < 1
    guessed = TOOLS[tool.confused_with] if tool.confused_with else tool
    assert not tool.left_open or guessed.careless(lambda: "shirt", {}) is not None, (
        f"{tool.name}: contrast pairs need a call in place of asking for `{tool.asks_for}`: "
        "give it `careless`, or name in `confused_with` the tool that is called instead"
    )


def test_no_two_tools_lack_the_same_or_are_asked_for_in_the_same_words() -> None:
    slots = [tool.asks_for for tool in ALL_TOOLS if tool.left_open]
    shelves = [(tool.turn_type, kind) for tool in ALL_TOOLS for kind in tool.wordings]
    assert len(set(slots)) == len(slots) and len(set(shelves)) == len(shelves)


def test_no_wordings_of_a_tools_turn_type_are_nobodys() -> None:
    named = {(tool.turn_type, kind) for tool in ALL_TOOLS for kind in tool.wordings}
    types = {tool.turn_type for tool in ALL_TOOLS}
    written = {(turn_type, kind) for turn_type in types for kind in kinds()[turn_type]}
    assert written <= named, f"no tool lists these in its `wordings`: {sorted(written - named)}"


# ---- what a tool does with the last results -------------------------------------------------------


def shop_with_pictures() -> Toolbox:
    products = tuple(product(f"p{n}", rating=1.0 + n, image=picture(40 * n, 20, 20)) for n in range(1, 4))
    return Toolbox(new_world(CatalogIndex(Catalog(products)), attachments={"att1": picture(40, 20, 20)}))


def some_call(tool: Tool) -> dict[str, JsonValue]:
    arguments = tool.careless(lambda: "shirt", {})
    return arguments if arguments is not None else dict(ASKED[tool.name])


@pytest.mark.parametrize("tool", ALL_TOOLS, ids=lambda tool: tool.name)
def test_only_a_tool_that_needs_results_fails_without(tool: Tool) -> None:
    assert (run(shop_with_pictures(), tool.name, **some_call(tool)).error is not None) == tool.needs_results


@pytest.mark.parametrize("tool", ALL_TOOLS, ids=lambda tool: tool.name)
def test_only_a_tool_that_returns_products_changes_the_last_results(tool: Tool) -> None:
    box = shop_with_pictures()
    run(box, "search", query="shirt", max_price=10_000)
    before = box.world.session
    assert run(box, tool.name, **some_call(tool)).error is None
    assert (box.world.session is not before) == tool.returns_products

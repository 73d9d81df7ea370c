"""The reward as somebody sees it who wants to be paid and not to help: for each part the cheapest text that
earns it, on requests that need a call and on such that need none. Not covered: whether free talk makes
sense. To a greeting "x y z" earns as much as a greeting; a KL to the SFT model is what holds there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean

import pytest

from muse_core.preferences.contexts import Context, Environment, branch, contexts_of
from muse_core.preferences.reward import RewardParts
from muse_core.records import tool_message
from muse_core.tools.toolbox import Toolbox
from muse_core.types import JsonValue, Message, ToolCall, TurnLabel
from muse_core.world.shop import Shop
from muse_core.world.turns import Turn
from tests.unit.augmentation.builders_augmentation import dialogues, shop

INDEX = shop(120)
ENVIRONMENT = Environment(Shop(INDEX), "references")
SEARCHES = contexts_of([*dialogues(INDEX, 30)], "train")
Calls = Sequence[tuple[str, dict[str, JsonValue]]]
Attack = Callable[[Context], tuple[Calls, str]]


def silent(kind: str, request: str, reply: str, **label: str) -> Context:
    """A request that no call answers."""
    talk = SEARCHES[0].conversation
    label_ = TurnLabel(0, kind, "family", "none", **label)  # type: ignore[arg-type]
    messages = (talk.messages[0], Message("user", request), Message("assistant", reply))
    return Context(replace(talk, messages=messages, labels=(label_,)), label_)


TALKS = [
    silent("missing_slot", "I need shoes", "Sure, which size do you wear?", missing_slot="size"),
    silent("missing_slot", "show me something", "Gladly! What are you looking for?", missing_slot="query"),
    silent("missing_slot", "a kurta for a party", "What is your budget for it?", missing_slot="max_price"),
    silent("out_of_scope", "write me a poem about rain", "I cannot help with that, I only find products."),
    silent("out_of_scope", "what is my bank balance", "Sorry, I can only help you find products here."),
]


def pay(context: Context, calls: Calls, reply: str) -> RewardParts:
    """What a turn earns whose calls run for real."""
    toolbox = Toolbox(branch(ENVIRONMENT.world(context)))
    made = tuple(ToolCall(f"c{context.label.turn}.{k}", *call) for k, call in enumerate(calls))
    acts = (
        [Message("assistant", "", made), *(tool_message(toolbox.run(call)) for call in made)] if made else []
    )
    return ENVIRONMENT.reward(Turn((*acts, Message("assistant", reply))), False, context)


def padded(word: str, context: Context) -> str:
    """As many words as the gold reply has."""
    return " ".join([word] * max(1, context.gold.reply_words))


def gold_calls(context: Context) -> list[tuple[str, dict[str, JsonValue]]]:
    return [(call.name, dict(call.arguments)) for call in context.gold.calls]


# By the part that each is after. NONSENSE answers nothing anywhere; CONSTANT is right on some requests.
NONSENSE: dict[str, Attack] = {
    "runs: say nothing": lambda c: ([], ""),
    "language: one word": lambda c: ([], "ok"),
    "length: one word many times": lambda c: ([], padded("a", c)),
    "decision: call what needs no argument": lambda c: ([("recommend", {})], "[1]"),
    "decision: search for nothing": lambda c: ([("search", {"query": "a"})], padded("[1]", c)),
    "arguments: hand on the request": lambda c: ([("search", {"query": c.prompt[-1].content})], "[1]"),
    "arguments: guess every limit": lambda c: ([("search", LIMITS)], "[1]"),
    "constraints, grounded: name what was never found": lambda c: ([], padded("[1]", c)),
}
CONSTANT: dict[str, Attack] = {
    "decision: always ask": lambda c: ([], "Which colour do you want?"),
    "decision: ask for all at once": lambda c: ([], f"Which {', '.join(SLOTS)} and budget do you want?"),
    "decision: always decline": lambda c: ([], "I cannot help with that."),
    "decision: decline and ask": lambda c: ([], "I cannot help with that. Which colour do you want?"),
}
ATTACKS = NONSENSE | CONSTANT
LIMITS: dict[str, JsonValue] = {"query": "shirt", "colour": "blue", "max_price": 1000, "size": "M"}
SLOTS = ("colour", "brand", "size", "product")


def test_what_was_asked_earns_everything() -> None:
    for context in [*SEARCHES, *TALKS]:
        assert ENVIRONMENT.reward(context.gold.turn, False, context).total == pytest.approx(1), context.name


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_never_right(name: str) -> None:
    """It stays a tenth below the turn that was asked for: no group with a right turn is led by it, and RFT,
    which asks for 0.98, keeps it nowhere."""
    for context in [*SEARCHES, *TALKS]:
        parts = pay(context, *NONSENSE[name](context))
        assert parts.total <= 0.9, (context.prompt[-1].content, parts)


@pytest.mark.parametrize("name", ATTACKS)
def test_no_constant_answer_pays(name: str) -> None:
    """A policy that always says the same: where a call is due far below an honest call that forgets a limit,
    where none is due below what is asked for."""
    honest = []
    for context in SEARCHES:
        (tool, arguments), *rest = gold_calls(context)
        first = dict(list(arguments.items())[:1])
        honest.append(pay(context, [(tool, first), *rest], "Here is [1] for [1:price].").total)
    cheap = [pay(context, *ATTACKS[name](context)).total for context in SEARCHES]
    assert fmean(cheap) < fmean(honest) - 0.4
    assert fmean(pay(context, *ATTACKS[name](context)).total for context in TALKS) < 0.93


@pytest.mark.parametrize("reply", ["", "[1]", "[1] [2] [3]", "ok ok ok ok"])
def test_right_calls_do_not_make_up_for_a_reply_that_says_nothing(reply: str) -> None:
    """The end of a turn is paid apart from its acts."""
    for context in SEARCHES:
        parts = pay(context, gold_calls(context), reply)
        assert (parts.decision, parts.arguments) == (1.0, 1.0)
        assert (parts.constraints, parts.grounded, parts.language, parts.length) == (0, 0, 0, 0)


@pytest.mark.parametrize("reply", ["Here is [1].", "Try [1].", "[1]: size [1:size]; [2]: size [2:size]."])
def test_a_short_reply_that_says_something_is_one(reply: str) -> None:
    assert pay(SEARCHES[0], gold_calls(SEARCHES[0]), reply).language == 1.0


@pytest.mark.parametrize("words", ["a", "ok", "the"])
def test_one_word_many_times_is_no_small_talk(words: str) -> None:
    context = silent("chit_chat", "how are you", "I am fine, thank you! How can I help you?")
    assert pay(context, [], padded(words, context)).total == pytest.approx(0.7)


def test_calling_more_than_was_asked_costs() -> None:
    for context in SEARCHES[:10]:
        calls = gold_calls(context)
        assert pay(context, [*calls, *calls], "Here is [1].").arguments < 1.0
        more = [*calls, ("recommend", {})]
        assert pay(context, more, "Here is [1].").total < pay(context, calls, "Here is [1].").total

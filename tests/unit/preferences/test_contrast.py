"""Each of the ten types on a turn worked out by hand: what the rejected side does, and what it loses."""

from collections import Counter
from dataclasses import dataclass, replace

import pytest

from muse_core import records
from muse_core.preferences.contexts import Context, Environment, contexts_of
from muse_core.preferences.contrast import TYPES, contrast_match, contrast_pairs
from muse_core.preferences.evidence import need_replay
from muse_core.preferences.lint import lint
from muse_core.scoring.slots import asked_slot
from muse_core.tools.base import new_world
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Conversation, Goal, Message, ToolCall, TurnLabel
from muse_core.world.shop import Shop
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.preferences.builders_preferences import tokens_of

INDEX = shop()
ENVIRONMENT = Environment(Shop(INDEX), "references")
THRESHOLD = 0.6


def context(words, turn_type, calls=(), reply="Here is [1] for [1:price].", slot=None):
    """A conversation of one turn; the gold calls run for real."""
    toolbox, acts = Toolbox(new_world(INDEX)), []
    for step, (name, arguments) in enumerate(calls):
        call = ToolCall(f"c0.{step}", name, arguments)
        acts += [Message("assistant", "", (call,)), records.tool_message(toolbox.run(call))]
    plan = tuple(name for name, _ in calls)
    label = TurnLabel(
        0, turn_type, f"{turn_type}/en/plain", plan[0] if plan else "none", plans=(plan,), missing_slot=slot
    )
    messages = (Message("system", "en"), Message("user", words), *acts, Message("assistant", reply))
    one = Conversation("c7", "u1", "en", messages, Goal("buy"), "train", (label,))
    return Context(one, label)


SEARCH = context("kurtas under 3000", "complete", [("search", {"query": "kurta", "max_price": 3000})])
OPEN = context("find me something", "missing_slot", reply="What kind of item do you want?", slot="query")
ODD = context("how is the weather", "out_of_scope", reply="I cannot help with that, but I can show products.")
CHAIN = context(
    "kurtas, then only the red ones under 1500",
    "multi_step",
    [("search", {"query": "kurta"}), ("filter", {"colour": "red", "max_price": 1500})],
)


@dataclass(frozen=True)
class Wrong:
    """A rejected turn: names and arguments of its calls, its reply, and the parts that it lost."""

    calls: list
    reply: str
    lost: dict


def wrong(name, where=SEARCH, threshold=THRESHOLD):
    match = contrast_match(name, where, ENVIRONMENT, threshold, 17)
    assert match is not None and match.chosen.turn == where.gold.turn
    assert match.strength >= threshold
    gold, found = vars(match.chosen.parts), vars(match.rejected.parts)
    assert set(gold.values()) == {1.0}
    lost = {part: value for part, value in found.items() if value < 1 and part != "length"}
    turn = match.rejected.turn
    return Wrong([(call.name, call.arguments) for call in turn.calls], turn.reply, lost)


def test_needless_question():
    found = wrong("needless_question")
    assert found.calls == [] and asked_slot(found.reply, "en") == "product_type"
    assert found.lost == {"decision": 0, "arguments": 0, "constraints": 0}


def test_wrong_tool():
    found = wrong("wrong_tool")
    ((tool, _),) = found.calls
    assert tool in ("recommend", "translate")  # there is nothing to compare yet
    assert found.lost["decision"] == found.lost["arguments"] == 0


def test_premature_call():
    found = wrong("premature_call", OPEN)
    ((tool, arguments),) = found.calls
    assert tool == "search" and list(arguments) == ["query"] and "[1]" in found.reply
    assert found.lost == {"decision": 0, "arguments": 0}


def test_premature_call_for_other_slots():
    texts = context(
        "translate something", "missing_slot", reply="Which word should I translate?", slot="text"
    )
    ((tool, _),) = wrong("premature_call", texts).calls
    assert tool == "translate"
    items = context("compare", "missing_slot", reply="Which items should I compare?", slot="items")
    assert (
        contrast_match("premature_call", items, ENVIRONMENT, THRESHOLD, 17) is None
    )  # nothing has been shown


def test_needless_call():
    found = wrong("needless_call", ODD)
    ((tool, _),) = found.calls
    assert tool in ("search", "recommend")
    assert found.lost == {"decision": 0, "arguments": 0}


def test_wrong_value():
    """Two arguments, one with another value: F1 = 2·1 / (2·1 + 1 + 1)."""
    found = wrong("wrong_value")
    ((tool, arguments),) = found.calls
    gold = SEARCH.gold.calls[0].arguments
    assert tool == "search" and set(arguments) == set(gold)
    assert sum(arguments[key] != gold[key] for key in gold) == 1
    assert found.lost["arguments"] == pytest.approx(0.5) and "decision" not in found.lost


def test_dropped_limit():
    """Of two arguments one is missing: F1 = 2·1 / (2·1 + 1)."""
    found = wrong("dropped_limit", threshold=0.5)
    assert found.calls == [("search", {"query": "kurta"})]
    assert found.lost["arguments"] == pytest.approx(2 / 3)


def test_invented_argument():
    """Two arguments asked for, three more invented: F1 = 2·2 / (2·2 + 3)."""
    found = wrong("invented_argument")
    ((tool, arguments),) = found.calls
    assert tool == "search" and set(arguments) > {"query", "max_price"} and len(arguments) == 5
    assert found.lost == {"arguments": pytest.approx(4 / 7)}  # it is met by what the gold call found
    assert "[1]" in found.reply


def test_stopped_chain():
    """The filter's two arguments are missing: F1 = 2·1 / (2·1 + 2)."""
    found = wrong("stopped_chain", CHAIN)
    assert found.calls == [("search", {"query": "kurta"})]
    assert found.lost["arguments"] == pytest.approx(0.5)


def test_a_shorter_plan_that_is_accepted_is_no_fault():
    label = replace(CHAIN.label, plans=(("search", "filter"), ("search",)))
    accepted = Context(replace(CHAIN.conversation, labels=(label,)), label)
    assert contrast_match("stopped_chain", accepted, ENVIRONMENT, THRESHOLD, 17) is None


def test_ungrounded_reply():
    """The calls are the gold's; the reply says that nothing was found."""
    found = wrong("ungrounded_reply")
    assert found.calls == [("search", {"query": "kurta", "max_price": 3000})] and "[1]" not in found.reply
    assert found.lost == {"constraints": 0, "grounded": 0}


def test_a_reply_that_speaks_of_results_where_there_are_none():
    empty = context("shirts under 1", "complete", [("search", {"query": "shirt", "max_price": 1})], "Sorry.")
    match = contrast_match("ungrounded_reply", empty, ENVIRONMENT, 0.5, 17)
    assert "[1" in match.rejected.turn.reply and match.rejected.parts.grounded == 0


def test_wrong_question():
    """It asks, and so decides not to call, but not for what is missing: half of the decision."""
    found = wrong("wrong_question", OPEN)
    assert found.calls == [] and asked_slot(found.reply, "en") not in (None, "product_type")
    assert found.lost == {"decision": 0.5}


def test_a_difference_below_the_threshold_gives_no_pair():
    assert contrast_match("wrong_question", OPEN, ENVIRONMENT, 0.65, 17) is None


def test_types_keep_to_the_turns_that_they_suit():
    suited = {
        name: [where.label.turn_type for where in (SEARCH, OPEN, ODD, CHAIN) if kind.suits(where)]
        for name, kind in TYPES.items()
    }
    asked = ["complete", "multi_step"]
    assert suited == {
        **dict.fromkeys(TYPES, asked),
        "premature_call": ["missing_slot"],
        "wrong_question": ["missing_slot"],
        "needless_call": ["out_of_scope"],
        "stopped_chain": ["multi_step"],
    }


def test_an_easy_pair_parts_at_the_first_act_and_a_hard_one_does_not():
    for where in (SEARCH, OPEN, ODD, CHAIN):
        for name, kind in TYPES.items():
            match = contrast_match(name, where, ENVIRONMENT, 0.5, 17) if kind.suits(where) else None
            if match is not None:
                assert (match.rejected.parts.decision == 0) == (kind.grade == "easy"), name


def every(count=60):
    talks = dialogues(INDEX, count)
    odd = [
        replace(one, conversation_id=f"odd{k}", messages=where.conversation.messages, labels=(where.label,))
        for k, one in enumerate(talks[:20])
        for where in ((OPEN, ODD)[k % 2],)
    ]
    return contexts_of([*talks, *odd], "train")


def test_the_types_take_turns_and_every_pair_replays():
    contexts = every()
    pairs = contrast_pairs(contexts, 24, ENVIRONMENT, THRESHOLD, tokens_of, 17)
    counts = Counter(pair.evidence["type"] for pair in pairs)
    assert len(pairs) == 24 and max(counts.values()) - min(counts.values()) <= 2 and len(counts) >= 8
    assert {pair.kind for pair in pairs} == {"contrast"}
    assert all(pair.evidence["difficulty"] == TYPES[pair.evidence["type"]].grade for pair in pairs)
    assert len({(pair.conversation_id, pair.turn) for pair in pairs}) == 24  # one for each context
    assert need_replay(pairs, contexts, ENVIRONMENT) == 1.0


def test_the_same_seed_gives_the_same_pairs_and_fewer_are_the_first_of_more():
    contexts = every()
    pairs = contrast_pairs(contexts, 24, ENVIRONMENT, THRESHOLD, tokens_of, 17)
    assert contrast_pairs(contexts, 24, ENVIRONMENT, THRESHOLD, tokens_of, 17) == pairs
    assert contrast_pairs(contexts, 9, ENVIRONMENT, THRESHOLD, tokens_of, 17) == pairs[:9]
    assert contrast_pairs(contexts, 0, ENVIRONMENT, THRESHOLD, tokens_of, 17) == []
    assert contrast_pairs(contexts, 24, ENVIRONMENT, THRESHOLD, tokens_of, 18) != pairs


def test_more_than_there_are_gives_what_there_is():
    assert 0 < len(contrast_pairs([SEARCH, OPEN], 50, ENVIRONMENT, THRESHOLD, tokens_of, 17)) <= 2
    assert lint(contrast_pairs([SEARCH, OPEN], 50, ENVIRONMENT, THRESHOLD, tokens_of, 17), None).pairs

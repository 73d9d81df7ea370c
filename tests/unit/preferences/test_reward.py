import pytest

from muse_core.preferences.reward import GoldTurn, RewardParts, reasoning, reward
from muse_core.records import read_tool_message
from muse_core.types import Message, TurnLabel
from muse_core.world.turns import Turn
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.preferences.builders_preferences import sample, turn

INDEX = shop()
DIALOGUE = dialogues(INDEX, 1)[0]
GOLD = DIALOGUE.messages[2].tool_calls[0].arguments
LIMIT = GOLD["max_price"]


def of(reply, **arguments):
    return sample(DIALOGUE, INDEX, reply, **arguments).parts


def test_the_gold_turn_earns_everything():
    assert of(DIALOGUE.messages[4].content, **GOLD) == RewardParts(1, 1, 1, 1, 1, 1, 1)
    assert of(DIALOGUE.messages[4].content, **GOLD).quality == pytest.approx(5)


def test_a_missing_limit_costs_its_share_of_the_arguments():
    """Gold has query and max_price; only query is given: F1 = 2/3."""
    found = of("You may like [1] for [1:price].", query=GOLD["query"])
    assert found.arguments == pytest.approx(2 / 3)
    shown = read_tool_message(turn(DIALOGUE, INDEX, "", query=GOLD["query"])[1]).value["items"]
    assert found.constraints == float(shown[0]["price"] <= LIMIT)
    assert found.decision == found.runs == found.grounded == 1


def test_no_call_where_one_is_due():
    """0.10 runs + 0.10 grounded + 0.05 language + 0.05 length."""
    found = of("How can I help you with this today?")
    assert (found.decision, found.arguments, found.constraints) == (0, 0, 0)
    assert found.total == pytest.approx(0.30)


def test_a_call_where_none_is_due():
    talk = Message("assistant", "Hello! What are you looking for today?")
    gold = GoldTurn(TurnLabel(0, "chit_chat", "f", "none"), "en", Turn((talk,)), ())
    turned = Turn(turn(DIALOGUE, INDEX, "Here is [1] for you today.", query="shirt"))
    called = reward(turned, False, gold, INDEX.catalog.by_id)
    assert (called.decision, called.arguments, called.runs) == (0, 0, 1)
    assert reward(Turn((talk,)), False, gold, INDEX.catalog.by_id).total == pytest.approx(1)


def test_references_that_point_nowhere_are_ungrounded():
    found = of("You may like [9] for [11:price].", **GOLD)
    assert found.grounded == 0
    assert of("You may like the Deccan Purple Velvet Cape.", **GOLD).grounded == 0


def test_a_failing_call_does_not_run():
    found = of("Here is [1] for you now.", query="shirt", max_price="cheap")
    assert found.runs == 0


def test_language_and_length():
    assert of("यह देखिए [1] आपके लिए।", **GOLD).language == 0
    assert of("word " * 60 + "[1]", **GOLD).length == 0
    assert of("[1]", **GOLD).length in (0, 1)


def test_a_malformed_turn_decides_nothing():
    gold = GoldTurn.of(DIALOGUE, DIALOGUE.labels[0])
    assert reward(Turn(()), True, gold, INDEX.catalog.by_id) == RewardParts(0, 0, 0, 0, 0, 0, 0)


def test_plain_replies_name_products_by_title():
    messages = turn(DIALOGUE, INDEX, "", **GOLD)
    title = next(p.title for p in INDEX.catalog if f'"{p.product_id}"' in messages[1].content)
    plain = Turn((*messages[:2], Message("assistant", f"You may like {title} today.")))
    gold = GoldTurn.of(DIALOGUE, DIALOGUE.labels[0])
    assert reward(plain, False, gold, INDEX.catalog.by_id, "plain").constraints == 1
    assert reward(plain, False, gold, INDEX.catalog.by_id).constraints == 0


def test_reasoning_names_what_differs():
    good, bad = RewardParts(1, 1, 1, 1, 1, 1, 0), RewardParts(1, 1, 0.5, 1, 1, 1, 1)
    assert reasoning(good, bad) == "better: arguments 1 against 0.5; worse: fitting length 0 against 1."
    assert reasoning(good, good) == "no part differs."


@pytest.mark.parametrize(
    ("turn_type", "slot", "reply", "earned"),
    [
        ("missing_slot", "query", "Which product should I search for?", 1.0),
        ("missing_slot", "query", "Please send the picture.", 0.5),
        ("missing_slot", "query", "It is a fine day today.", 0.5),
        ("missing_slot", None, "It is a fine day today.", 1.0),  # the label does not say what is missing
        ("out_of_scope", None, "I cannot help with that, I only find products.", 1.0),
        ("out_of_scope", None, "Which product should I search for?", 0.5),
        ("chit_chat", None, "It is a fine day today.", 1.0),
    ],
)
def test_a_turn_without_a_call_must_say_what_is_due(turn_type, slot, reply, earned):
    said = Turn((Message("assistant", reply),))
    gold = GoldTurn(TurnLabel(0, turn_type, "f", "none", missing_slot=slot), "en", said, ())
    assert reward(said, False, gold, INDEX.catalog.by_id).decision == earned


def test_a_limit_that_a_second_search_gave_up_need_not_be_met():
    """search(query, max_price=1) finds nothing; search(query) shows products above that price."""
    calls = [
        turn(DIALOGUE, INDEX, "", query=GOLD["query"], max_price=1)[:2],
        turn(DIALOGUE, INDEX, "", query=GOLD["query"])[:2],
    ]
    both = Turn((*calls[0], *calls[1], Message("assistant", "Nothing under 1; without it [1] at [1:price].")))
    gold = GoldTurn(TurnLabel(0, "complete", "f", "search"), "en", both, ())
    assert reward(both, False, gold, INDEX.catalog.by_id).constraints == 1

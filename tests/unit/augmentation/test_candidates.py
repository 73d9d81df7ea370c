import numpy as np

from muse_core.augmentation.candidates import Candidate, acts, perturbed
from muse_core.augmentation.execution import execute
from muse_core.tools.base import new_world
from muse_core.types import ToolCall
from tests.unit.augmentation.builders_augmentation import dialogues, shop


def test_acts_are_the_messages_with_calls():
    (conversation,) = dialogues(shop(), 1)
    found = list(acts(conversation))
    assert [(act.turn, act.number, act.calls[0].name) for act in found] == [
        (0, 0, "search"),
        (1, 0, "filter"),
    ]
    assert all(conversation.messages[act.place].tool_calls == act.calls for act in found)


def test_perturbed_calls_differ_from_gold_and_from_each_other():
    conversations = dialogues(shop(), 20)
    rng = np.random.default_rng(0)
    kinds = set()
    for act in (act for one in conversations for act in acts(one)):
        wrong = perturbed(act, 2, rng)
        calls = [(one.calls[0].name, one.calls[0].arguments) for one in wrong]
        assert (act.calls[0].name, act.calls[0].arguments) not in calls
        assert all(calls.count(call) == 1 for call in calls)
        kinds |= {one.kind for one in wrong}
    assert kinds == {"wrong_tool", "wrong_value", "dropped_limit"}


def test_wrong_candidates_do_not_move_the_session():
    index = shop()
    world = new_world(index)
    gold = Candidate("gold", (ToolCall("c0.0", "search", {"query": "kurta"}),))
    wrong = Candidate("wrong_value", (ToolCall("c0.0", "search", {"query": "saree"}),))
    done = execute([gold, wrong], (), world).candidates
    shown = [item["id"] for item in done[0].results[0].value["items"]]
    assert list(world.session.last_shown) == shown
    assert done[1].results[0].value != done[0].results[0].value
    assert not done[0].failed


def test_the_rest_of_a_chain_runs_behind_each_candidate_and_without_any():
    gold = Candidate("gold", (ToolCall("c0.0", "search", {"query": "kurta"}),))
    wrong = Candidate("wrong_value", (ToolCall("c0.0", "search", {"query": "saree"}),))
    later = (ToolCall("c0.1", "filter", {"colour": "blue"}),)
    done = execute([gold, wrong], later, new_world(shop()))
    assert "Blue" in done.candidates[0].rest and "Kurta" in done.candidates[0].rest
    assert "Saree" in done.candidates[1].rest
    assert "error" in done.rest_without  # nothing to filter without a search
    assert done.texts(with_rest=True)[0].call.endswith(done.rest_without)
    assert done.texts(with_rest=False)[0].call == "search(query='kurta')"

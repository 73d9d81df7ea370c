"""Facets and exclusions got wrong, as a careless reader does."""

import numpy as np

from muse_core.augmentation.candidates import Act, perturbed
from muse_core.augmentation.misread_facets import misread_facet
from muse_core.tools.shop_schema import ShopSchema
from muse_core.types import Facet, ToolCall, TurnLabel

MEMORY = Facet("memory", "number", "gb", ("4 gb", "32 gb"))
STORAGE = Facet("storage", "number", "gb", ("64 gb", "512 gb"))
CHIP = Facet("chip", "choice", "", ("m3", "m5", "x2"))
TOUCH = Facet("touchscreen", "yes_no", "", ("yes", "no"))
FACETS = (MEMORY, STORAGE, CHIP, TOUCH)


def misread(**arguments):
    """Every way in which a call is misread within some draws."""
    call = ToolCall("c0.0", "search", {"query": "laptop", **arguments})
    drawn = (misread_facet(call, FACETS, np.random.default_rng(seed)) for seed in range(60))
    return [dict(one.arguments) for one in drawn if one is not None]


def test_a_number_becomes_another_or_is_given_to_a_facet_of_the_same_unit():
    found = misread(memory=16)
    assert {"query": "laptop", "storage": 16} in found
    assert any(one.get("memory") in (8, 32) for one in found)
    assert {"query": "laptop", "min_storage": 8} in misread(min_memory=8)


def test_a_choice_becomes_another_of_the_shop_and_a_yes_a_no():
    assert {one["chip"] for one in misread(chip="m3")} == {"m5", "x2"}
    assert {one["chip"] for one in misread(chip=["m3", "m5"])} == {"x2"}
    assert misread(touchscreen=True)[0]["touchscreen"] is False


def test_what_is_not_wanted_is_taken_for_what_is_wanted():
    assert {"query": "laptop", "colour": "red"} in misread(not_colour="red")
    assert all(one != {"query": "laptop", "not_chip": "m3"} for one in misread(not_chip="m3"))


def test_nothing_is_misread_without_a_facet():
    assert not misread(colour="red")


def test_misread_calls_run_and_differ_and_exclusions_are_dropped():
    schema = ShopSchema(FACETS)
    call = ToolCall("c0.0", "search", {"query": "laptop", "not_brand": "Korvo", "memory": 16})
    act = Act(0, 0, 0, TurnLabel(0, "complete", "f", "search"), (call,))
    dropped = set()
    for seed in range(60):
        for one in perturbed(act, 3, np.random.default_rng(seed), FACETS):
            wrong = one.calls[0]
            assert wrong.arguments != call.arguments
            if wrong.name == "search":
                assert not schema.refusals("search", wrong.arguments), wrong
            if one.kind == "dropped_limit":
                dropped |= call.arguments.keys() - wrong.arguments.keys()
    assert dropped == {"not_brand", "memory"}

"""Pairs as forked examples: what counts, what is held out, what is skipped."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from transformers import PreTrainedTokenizerFast

from muse_core.examples import pairs as dpo
from muse_core.examples.example import Example
from muse_core.models.tokenizer import encode
from muse_core.types import Message
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import pair


def test_a_pair_is_one_document_with_masked_prompt_and_results() -> None:
    loaded = tiny_model()
    found = dpo.example_of(loaded, pair(0), 512, "turn")
    assert found is not None and found.fork is not None
    first = found.fork[0]
    assert counted(found, loaded.tokenizer) == [
        "<tool>search(query='shirt', max_price=500)</tool><result>Try [1] at [1:price].<|end|>",
        "What size do you want?<|end|>",
    ]
    prompt = encode(loaded.tokenizer, pair(0).prompt, open_turn=True).ids
    assert found.ids[:first] == prompt and not any(found.parts[:first])
    assert dpo.example_of(loaded, pair(0), 30, "turn") is None


def counted(found: Example, tokenizer: PreTrainedTokenizerFast) -> list[str]:
    """The text of the counted tokens of both sides."""
    assert found.fork is not None
    first, second = found.fork
    return [
        tokenizer.decode([i for i, p in zip(found.ids[at], found.parts[at], strict=True) if p])
        for at in (slice(first, second), slice(second, None))
    ]


def test_only_the_act_in_which_the_sides_part_counts() -> None:
    """A call against a question: the reply behind the call's result is no part of it."""
    loaded = tiny_model()
    found = dpo.example_of(loaded, pair(0), 512, "act")
    assert found is not None and not any(found.parts[: found.fork[0]])  # type: ignore[index]
    assert counted(found, loaded.tokenizer) == [
        "<tool>search(query='shirt', max_price=500)</tool><result>",
        "What size do you want?<|end|>",
    ]


def test_acts_that_both_sides_share_stand_before_the_parting_one() -> None:
    loaded, one = tiny_model(), pair(0)
    other = replace(one, rejected=(*one.chosen[:2], Message("assistant", "Nothing here.")))
    found = dpo.example_of(loaded, other, 512, "act")
    assert found is not None
    call = "<tool>search(query='shirt', max_price=500)</tool><result>"
    assert counted(found, loaded.tokenizer) == [
        f"{call}Try [1] at [1:price].<|end|>",
        f"{call}Nothing here.<|end|>",
    ]


def test_two_calls_that_differ_leave_both_replies_out() -> None:
    loaded, one = tiny_model(), pair(0)
    call = replace(one.chosen[0].tool_calls[0], arguments={"query": "saree"})
    wrong = (replace(one.chosen[0], tool_calls=(call,)), *one.chosen[1:])
    found = dpo.example_of(loaded, replace(one, rejected=wrong), 512, "act")
    assert found is not None
    assert counted(found, loaded.tokenizer) == [
        "<tool>search(query='shirt', max_price=500)</tool><result>",
        "<tool>search(query='saree')</tool><result>",
    ]


def test_pairs_that_decide_the_other_way_come_more_often() -> None:
    """Six of them say "ask", two "search", one neither: the two come up to six times in all."""
    ways = {f"a{n}": ("none", "search") for n in range(6)}
    ways |= {f"b{n}": ("search", "none") for n in range(2)}
    ways |= {"c0": ("search", "search"), "d0": ("filter", "search")}
    found = dpo.PairSet(train={name: Example([1], [0]) for name in ways}, directions=ways)
    assert Counter(found.in_turn(1)) == dict.fromkeys(ways, 1)
    assert Counter(found.in_turn(2)) == dict.fromkeys(ways, 1) | {"b0": 2, "b1": 2}
    assert Counter(found.in_turn(6)) == dict.fromkeys(ways, 1) | {"b0": 3, "b1": 3}


def test_only_pairs_to_train_on_come_again() -> None:
    call, asks = pair(0).chosen, pair(0).rejected
    turned = replace(pair(1), chosen=asks, rejected=call)
    found = dpo.pair_set(tiny_model(), [*(pair(n) for n in (0, 2, 3, 4)), turned], 512, "turn")
    assert found.directions["c0.0"] == ("search", "none") and found.directions["c1.0"] == ("none", "search")
    order = found.in_turn(9)
    assert set(order) == set(found.train)
    assert order.count("c1.0") == len(found.train) - 1


def test_about_a_tenth_is_held_out() -> None:
    share = sum(dpo.is_held_out(f"c{n}") for n in range(2000)) / 2000
    assert 0.08 < share < 0.13


@pytest.mark.parametrize("limit", [512, 30])
def test_what_does_not_fit_or_comes_twice_is_skipped_and_counted(limit: int) -> None:
    again = [replace(pair(n), pair_id=f"again {n}") for n in range(5)]
    found = dpo.pair_set(tiny_model(), [*(pair(n) for n in range(30)), *again], limit, "act")
    counts = {name: int(value) for name, value in found.as_metrics().items()}
    fitting = limit > 30
    assert counts["dpo_pairs"] + counts["dpo_held_out_pairs"] == 30 * fitting
    assert counts["dpo_duplicate_pairs"] == 5 * fitting
    assert counts["dpo_too_long_pairs"] == 35 * (not fitting)
    if fitting:
        assert found.train and found.held_out and not found.train.keys() & found.held_out.keys()
        assert {name for name in found.held_out} == {f"c{n}.0" for n in range(30) if dpo.is_held_out(f"c{n}")}

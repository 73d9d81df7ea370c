"""Pairs as forked examples: what counts, what is held out, what is skipped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from muse_core.examples import pairs as dpo
from muse_core.models.tokenizer import encode
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import pair


def test_a_pair_is_one_document_with_masked_prompt_and_results() -> None:
    loaded = tiny_model()
    found = dpo.example_of(loaded, pair(0), 512)
    assert found is not None and found.fork is not None
    first, second = found.fork
    branches = [slice(first, second), slice(second, None)]
    texts = [
        loaded.tokenizer.decode([i for i, p in zip(found.ids[at], found.parts[at], strict=True) if p])
        for at in branches
    ]
    assert texts == [
        "<tool>search(query='shirt', max_price=500)</tool><result>Try [1] at [1:price].<|end|>",
        "What size do you want?<|end|>",
    ]
    prompt = encode(loaded.tokenizer, pair(0).prompt, open_turn=True).ids
    assert found.ids[:first] == prompt and not any(found.parts[:first])
    assert dpo.example_of(loaded, pair(0), 30) is None


def test_about_a_tenth_is_held_out() -> None:
    share = sum(dpo.is_held_out(f"c{n}") for n in range(2000)) / 2000
    assert 0.08 < share < 0.13


@pytest.mark.parametrize("limit", [512, 30])
def test_what_does_not_fit_or_comes_twice_is_skipped_and_counted(limit: int) -> None:
    again = [replace(pair(n), pair_id=f"again {n}") for n in range(5)]
    found = dpo.pair_set(tiny_model(), [*(pair(n) for n in range(30)), *again], limit)
    counts = {name: int(value) for name, value in found.as_metrics().items()}
    fitting = limit > 30
    assert counts["dpo_pairs"] + counts["dpo_held_out_pairs"] == 30 * fitting
    assert counts["dpo_duplicate_pairs"] == 5 * fitting
    assert counts["dpo_too_long_pairs"] == 35 * (not fitting)
    if fitting:
        assert found.train and found.held_out and not found.train.keys() & found.held_out.keys()
        assert {name for name in found.held_out} == {f"c{n}.0" for n in range(30) if dpo.is_held_out(f"c{n}")}

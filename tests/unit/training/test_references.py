"""References: the model's own log-probs, published under what they depend on."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from muse_core.models.log_probs import turn_log_probs
from muse_core.training import references
from muse_core.training.references import KIND, references_of
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_dpo import module_of, pair_examples, prepared
from tests.unit.training.builders_training import context, pair


def test_they_are_the_models_own_log_probs_and_counts(tmp_path: Path) -> None:
    _, _, pairs, found, _ = prepared(tmp_path)
    for number in range(6):
        sides = [(pair(number).prompt, turn) for turn in (pair(number).chosen, pair(number).rejected)]
        expected = turn_log_probs(tiny_model(), sides)
        assert found.log_probs[f"c{number}.0"] == pytest.approx([side.total for side in expected], abs=1e-3)
        assert found.tokens[f"c{number}.0"] == tuple(side.tokens for side in expected)
    given = found.given_to(pairs)
    assert {name: example.references for name, example in given.items()} == found.log_probs


def test_they_outlive_the_work_folder_and_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, _, pairs, first, ctx = prepared(tmp_path)
    shutil.rmtree(ctx.work)
    [receipt] = ctx.store.list()
    assert receipt.kind == KIND and ctx.store.read_table(receipt).num_rows == 6

    def recomputed(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(references, "compute", recomputed)
    other = module_of(loaded, beta=0.2, loss="ipo", learning_rate=1e-3)
    assert references_of(other, loaded, pairs, context(tmp_path, "another run")) == first


@pytest.mark.parametrize("change", ["weights", "pairs", "mask", "micro-batches"])
def test_what_they_depend_on_is_in_their_key(tmp_path: Path, change: str) -> None:
    loaded, module, pairs, _, ctx = prepared(tmp_path)
    if change == "weights":
        with torch.no_grad():
            next(module.model.parameters()).view(-1)[0] += 1
    if change == "pairs":
        pairs = dict(reversed(pairs.items()))
    if change == "mask":
        one = pairs["c0.0"]
        pairs |= {"c0.0": replace(one, parts=[*one.parts[:-1], 0])}
    if change == "micro-batches":
        module = module_of(loaded)
        module.config = module.config.model_copy(update={"micro_batch_tokens": 100})
    references_of(module, loaded, pairs, ctx)
    assert len(ctx.store.list()) == 2


def test_micro_batches_do_not_change_them(tmp_path: Path) -> None:
    loaded = tiny_model()
    pairs, found = pair_examples(loaded), []
    for limit in (1, 10**6):
        module = module_of(loaded)
        module.config = module.config.model_copy(update={"micro_batch_tokens": limit})
        found.append(references.compute(module, pairs, context(tmp_path))[0])
    assert torch.allclose(*found, atol=1e-4)

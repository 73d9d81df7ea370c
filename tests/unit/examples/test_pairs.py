from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from muse_core.errors import MuseError
from muse_core.examples.example import Example
from muse_core.models.log_probs import turn_log_probs
from muse_core.models.tokenizer import encode
from muse_core.training import dpo
from muse_core.training.losses import PreferenceLoss
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import pair


def prepared(tmp_path: Path) -> tuple[PreferenceLoss, list[Example]]:
    loaded = tiny_model()
    module = PreferenceLoss(loaded, 0.1)
    found = [dpo.example_of(loaded, pair(n), 512) for n in range(6)]
    return module, dpo.with_references(module, [e for e in found if e], "cpu", tmp_path, 400)


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


def test_references_are_the_models_own_log_probs_and_are_cached(tmp_path: Path) -> None:
    module, found = prepared(tmp_path)
    sides = [(pair(0).prompt, pair(0).chosen), (pair(0).prompt, pair(0).rejected)]
    expected = [side.total for side in turn_log_probs(tiny_model(), sides)]
    assert found[0].references == pytest.approx(expected, abs=1e-3)
    [cache] = tmp_path.glob("references-*.json")
    cache.write_text("[" + ",".join(["[1.0, 2.0]"] * 6) + "]")
    again = dpo.with_references(module, found, "cpu", tmp_path, 400)
    assert again[0].references == (1.0, 2.0)


def test_the_first_loss_is_ln_two(tmp_path: Path) -> None:
    module, documents = prepared(tmp_path)
    dpo.check_first_loss(module, documents, "cpu", 10**6)
    values = dpo.measure(module, documents, "cpu", 400)
    assert values["dev_dpo_loss"] == pytest.approx(math.log(2), abs=1e-5)
    assert values["dev_chosen_drift"] == pytest.approx(0.0, abs=1e-5)
    assert "Preference Accuracy" in dpo.epoch_line(1, values)


def test_a_wrong_reference_is_refused(tmp_path: Path) -> None:
    module, documents = prepared(tmp_path)
    wrong = [replace(e, references=(e.references[0] + 1, e.references[1])) for e in documents]
    with pytest.raises(MuseError, match="ln 2"):
        dpo.check_first_loss(module, wrong, "cpu", 10**6)


def test_about_a_tenth_is_held_out() -> None:
    share = sum(dpo.is_held_out(f"c{n}") for n in range(2000)) / 2000
    assert 0.08 < share < 0.13

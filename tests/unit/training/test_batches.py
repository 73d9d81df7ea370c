from __future__ import annotations

import numpy as np
import torch

from muse_core.examples.example import Example
from muse_core.training.batches import collate, micro_batches, plan_steps, totals
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import examples


def test_every_example_once_per_epoch() -> None:
    plan = plan_steps([10] * 7, 3, 2, np.random.default_rng(0))
    assert [len(step) for step in plan.order] == [3, 3, 1, 3, 3, 1] and plan.epoch_ends == (3, 6)
    first = sorted(index for step in plan.order[:3] for index in step)
    assert first == list(range(7)) and plan.order[:3] != plan.order[3:]


def test_max_tokens_ends_the_plan() -> None:
    plan = plan_steps([10] * 7, 2, 5, np.random.default_rng(0), max_tokens=85)
    assert len(plan) == 5 and plan.epoch_ends == (4, 5)


def test_collate_points_at_the_supervised_tokens() -> None:
    chosen = examples(tiny_model(), 3)
    micro = collate(chosen, "cpu")
    assert micro.tokens == sum(len(e) for e in chosen)
    flat = [token for e in chosen for token, part in zip(e.ids, e.parts, strict=True) if part]
    assert micro.targets.tolist() == flat == micro.packed.ids[micro.rows + 1].tolist()
    assert micro.branches[micro.branches % 2 == 0].floor_divide(2).bincount().tolist() == [
        sum(p > 0 for p in e.parts) for e in chosen
    ]
    assert micro.word_labels.sum() == 3 and len(micro.start_rows) == 9
    assert micro.prices.shape == (9, 2) and micro.prices.isnan().sum() == 18 - 6


def test_totals_do_not_depend_on_the_cut() -> None:
    chosen = examples(tiny_model(), 4)
    whole = totals(chosen)
    counted = torch.cat([micro.parts for micro in micro_batches(chosen, 200, "cpu")]).bincount(minlength=4)
    assert whole.parts[1:4] == tuple(float(n) for n in counted[1:])
    assert whole.examples == 4 and whole.starts == 12 and whole.prices == 8


def test_a_second_branch_starts_from_the_prompt() -> None:
    forked = Example([5, 6, 7, 8, 9, 10], [0, 0, 3, 3, 3, 3], fork=(2, 4))
    micro = collate([Example([4, 4], [0, 3]), forked], "cpu")
    assert micro.packed.positions.tolist() == [0, 1, 0, 1, 2, 3, 2, 3]
    assert micro.targets.tolist() == [4, 7, 8, 9, 10]
    assert micro.rows.tolist() == [0, 3, 4, 3, 6]
    assert micro.branches.tolist() == [0, 2, 2, 3, 3]

"""How the next token is chosen, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from muse_core.errors import ConfigError
from muse_core.generation.sampling import Sampling, Wish, all_tokens, choose, nucleus_tokens

LOGITS = torch.log(torch.tensor([[0.15, 0.5, 0.05, 0.3]]))
ALL, HOT = Sampling(1.0), Sampling(1.0, top_p=0.7)


def tokens(sampling: Sampling, *uniforms: float) -> list[int]:
    return choose(LOGITS, [Wish(0, sampling, uniform) for uniform in uniforms])


def test_a_draw_is_the_first_token_whose_cumulative_mass_is_above_the_number():
    """Cumulative: 0.15, 0.65, 0.70, 1.00."""
    assert tokens(ALL, 0.0, 0.149, 0.151, 0.649, 0.651, 0.699, 0.701, 0.999999) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_top_p_keeps_the_smallest_nucleus():
    """Ordered: 0.5, 0.3, 0.15, 0.05. With 0.7 the nucleus is the first two (0.8); renormalised their
    masses are 0.625 and 0.375."""
    assert tokens(HOT, 0.0, 0.624, 0.626, 0.999999) == [1, 1, 3, 3]


@pytest.mark.parametrize(
    ("top_p", "nucleus"), [(0.01, {1}), (0.49, {1}), (0.51, {1, 3}), (0.79, {1, 3}), (0.81, {0, 1, 3}),
                           (0.94, {0, 1, 3}), (0.96, {0, 1, 2, 3})],
)  # fmt: skip
def test_the_nucleus_for_each_top_p(top_p, nucleus):
    uniforms = torch.linspace(0, 0.999999, 500, dtype=torch.float64)[None]
    assert set(nucleus_tokens(LOGITS, torch.tensor([top_p]), uniforms)[0].tolist()) == nucleus


def test_equal_probabilities_keep_the_order_of_the_vocabulary():
    flat = torch.zeros(1, 4)
    assert set(
        nucleus_tokens(flat, torch.tensor([0.5]), torch.tensor([[0.0, 0.6]]).double())[0].tolist()
    ) == {0, 1}


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_sharpens_or_flattens(temperature):
    """p^(1/T), renormalised."""
    uniforms = torch.tensor(np.random.default_rng(0).random((1, 20_000)))
    drawn = all_tokens(LOGITS / temperature, uniforms)[0]
    expected = torch.tensor([0.15, 0.5, 0.05, 0.3]) ** (1 / temperature)
    shares = torch.bincount(drawn, minlength=4) / drawn.numel()
    assert torch.allclose(shares, expected / expected.sum(), atol=0.01)


def test_a_ruled_out_token_is_never_drawn():
    logits = torch.tensor([[float("-inf"), 0.0, float("-inf")]])
    wishes = [Wish(0, sampling, uniform) for sampling in (ALL, HOT) for uniform in (0.0, 0.5, 1 - 2**-53)]
    assert choose(logits, wishes) == [1] * len(wishes)


def test_wishes_do_not_influence_each_other():
    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    kinds = [Sampling(), Sampling(0.7), Sampling(1.0), Sampling(0.7, top_p=0.9), Sampling(1.0, top_p=0.5)]
    wishes = [Wish(at, kind, u) for at in range(3) for kind in kinds for u in (0.1, 0.55, 0.93)]
    together = choose(logits, wishes)
    assert together == [choose(logits, [wish])[0] for wish in wishes]
    assert choose(logits, wishes[::-1]) == together[::-1]
    greedy = [token for token, wish in zip(together, wishes, strict=True) if wish.sampling == Sampling()]
    assert greedy == [best for best in logits.argmax(-1).tolist() for _ in range(3)]


def test_impossible_sampling_is_refused_with_every_problem():
    with pytest.raises(ConfigError) as caught:
        Sampling(temperature=-1.0, top_p=0.0, max_new_tokens=0)
    assert len(caught.value.problems) == 3
    with pytest.raises(ConfigError, match="temperature"):
        Sampling(temperature=float("nan"))

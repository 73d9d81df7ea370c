"""How the next token is chosen: greedy, or drawn at a temperature from the nucleus (top-p).

A draw is the inverse of the cumulative distribution at one uniform number. The number comes from the
row's own generator, one for each token, so that a row's tokens follow from its seed and its text alone,
whoever shares its batch (the logits of a batch differ by rounding, which matters once in about a
million draws).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from muse_core.errors import ConfigError

Grammar = Literal["auto", "off", "schema", "readings", "taught"]


@dataclass(frozen=True)
class Sampling:
    """temperature 0 = greedy; top_p keeps the smallest set of most probable tokens with that mass
    (Holtzman et al. 2020); `max_new_tokens` bounds one act. `grammar`:

    - `auto`: what `answer` takes for a model; where nobody is answered (`respond` alone), none
    - `schema`: well-formed acts only (`grammar.py`)
    - `readings`: also only values that were read for that argument, or said in a call before, and rather all
      of those of the last words (`read_values.py`)
    - `taught`: no call, and only a sentence that the model was taught (`taught.py`)
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_new_tokens: int = 96
    grammar: Grammar = "auto"

    def __post_init__(self) -> None:
        problems = []
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            problems.append(f"temperature: found {self.temperature}; expected 0 (greedy) or more")
        if not 0 < self.top_p <= 1:
            problems.append(f"top_p: found {self.top_p}; expected above 0, at most 1")
        if self.max_new_tokens < 1:
            problems.append(f"max_new_tokens: found {self.max_new_tokens}; expected at least 1")
        if problems:
            raise ConfigError("tokens cannot be chosen in this way; correct:", problems)


@dataclass(frozen=True)
class Wish:
    """One token asked for: from which row of the logits, how, and the uniform number in [0, 1)."""

    at: int
    sampling: Sampling
    uniform: float = 0.0

    @property
    def distribution(self) -> tuple[int, float, float]:
        return self.at, self.sampling.temperature, self.sampling.top_p


def choose(logits: torch.Tensor, wishes: Sequence[Wish]) -> list[int]:
    """One token for each wish; `logits` is [rows, vocabulary]. Each distribution is computed once,
    however many wishes draw from it."""
    tokens = [0] * len(wishes)
    greedy = [place for place, wish in enumerate(wishes) if wish.sampling.temperature == 0]
    if greedy:
        best = logits.argmax(-1).tolist()
        for place in greedy:
            tokens[place] = best[wishes[place].at]
    for is_nucleus in (False, True):
        drawn = [
            place
            for place, wish in enumerate(wishes)
            if wish.sampling.temperature > 0 and (wish.sampling.top_p < 1) == is_nucleus
        ]
        if drawn:
            found = _draw(logits, [wishes[place] for place in drawn], is_nucleus)
            for place, token in zip(drawn, found, strict=True):
                tokens[place] = token
    return tokens


def _draw(logits: torch.Tensor, wishes: Sequence[Wish], is_nucleus: bool) -> list[int]:
    places: dict[tuple[int, float, float], list[int]] = {}
    for place, wish in enumerate(wishes):
        places.setdefault(wish.distribution, []).append(place)
    rows, temperatures, masses = (logits.new_tensor(column) for column in zip(*places, strict=True))
    scaled = logits[rows.long()] / temperatures[:, None]
    most = max(map(len, places.values()))
    uniforms = [
        [wishes[at].uniform for at in drawn] + [0.0] * (most - len(drawn)) for drawn in places.values()
    ]
    numbers = torch.tensor(uniforms, dtype=torch.float64, device=logits.device)
    picked = (nucleus_tokens(scaled, masses, numbers) if is_nucleus else all_tokens(scaled, numbers)).tolist()
    tokens = [0] * len(wishes)
    for row, drawn in zip(picked, places.values(), strict=True):
        for at, token in zip(drawn, row, strict=False):
            tokens[at] = token
    return tokens


def all_tokens(logits: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """Token ids [rows, draws] for uniform numbers [rows, draws], from the whole distribution of each
    row: the first token whose cumulative probability is above the number."""
    mass = logits.softmax(-1).double().cumsum(-1)
    return _first_above(mass, uniforms * mass[:, -1:])


def nucleus_tokens(logits: torch.Tensor, top_p: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """The same from each row's nucleus: tokens in order of probability, until `top_p` [rows] is reached.
    Equal probabilities keep the order of the vocabulary."""
    ordered, order = logits.softmax(-1).double().sort(dim=-1, descending=True, stable=True)
    mass = ordered.cumsum(-1)
    is_outside = mass - ordered >= top_p[:, None]
    kept = mass.masked_fill(is_outside, 0).amax(-1, keepdim=True)
    return order.gather(-1, _first_above(mass, uniforms * kept))


def _first_above(mass: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    return torch.searchsorted(mass, numbers, right=True).clamp(max=mass.shape[-1] - 1)

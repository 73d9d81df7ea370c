"""What steps the weights: fused AdamW, or Muon for the matrices of the layers with AdamW for the rest.

Muon (Jordan et al. 2024) orthogonalises each matrix's momentum. Measured once on the quickstart's data
and model after 300,000 tokens: 78 % of the tool decisions right on dev, against 33 % with AdamW alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from muse_core.models.family import is_matrix
from muse_core.training.muon import Muon

BETAS = (0.9, 0.95)  # a short run: the second moment must not remember the start (as GPT-3, LLaMA)


def optimizer_of(
    module: torch.nn.Module, learning_rate: float, weight_decay: float, muon_learning_rate: float = 0.0
) -> torch.optim.Optimizer:
    """Weight decay on matrices only, never on norms and biases. `muon_learning_rate` 0 = AdamW alone.

    Every group has `lr_scale`: its share of the scheduled learning rate."""
    trained = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
    inner = [p for name, p in trained if muon_learning_rate and p.ndim == 2 and is_matrix(name)]
    taken = {id(p) for p in inner}
    outer = [p for _, p in trained if id(p) not in taken]
    groups = [
        {"params": [p for p in outer if p.ndim >= 2], "weight_decay": weight_decay, "lr_scale": 1.0},
        {"params": [p for p in outer if p.ndim < 2], "weight_decay": 0.0, "lr_scale": 1.0},
    ]
    adamw = torch.optim.AdamW([g for g in groups if g["params"]], lr=learning_rate, betas=BETAS, fused=True)
    if not inner:
        return adamw
    group = {"params": inner, "lr_scale": muon_learning_rate / learning_rate}
    return MuonWithAdamW(Muon([group], lr=muon_learning_rate, weight_decay=weight_decay), adamw)


class MuonWithAdamW(torch.optim.Optimizer):
    """Two optimizers as one: stepped, saved and loaded together."""

    def __init__(self, muon: Muon, adamw: torch.optim.AdamW) -> None:
        self.parts = (muon, adamw)
        super().__init__([p for part in self.parts for g in part.param_groups for p in g["params"]], {})
        self._share_groups()

    def _share_groups(self) -> None:
        """The learning rate that is set here is the one that the parts use."""
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for part in self.parts:
            part.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        for part in self.parts:
            part.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self.parts[0].state_dict(), "adamw": self.parts[1].state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for part, name in zip(self.parts, ("muon", "adamw"), strict=True):
            part.load_state_dict(state_dict[name])
        self._share_groups()

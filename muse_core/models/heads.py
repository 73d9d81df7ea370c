"""The heads beside the model: position, and two diagnostics (docs/decisions.md#what-the-model-predicts).

- position: at the token that ends each word of the last user utterance, the log-odds that the call's
  arguments depend on nothing after this word.
- tool (diagnostic): softmax over [0, z1…z6] at `<|assistant|>`; the constant 0 stands for "no tool".
- numeric (diagnostic): log1p of min_price and max_price at the same token.

They live in `heads.safetensors`, so that the model folder loads in plain transformers.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from muse_core.tools.toolbox import TOOL_NAMES

FILE = "heads.safetensors"
NUMBERS = ("min_price", "max_price")
USUAL_PRICE = 1000.0


class Heads(torch.nn.Module):
    """Three linear maps from the hidden state; they start at zero (a coin's log-odds), prices at
    USUAL_PRICE, so that the first steps are not spent on the size of a price."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        with torch.random.fork_rng():  # the layers draw weights that are zeroed below
            self.position = torch.nn.Linear(hidden_size, 1)
            self.tool = torch.nn.Linear(hidden_size, len(TOOL_NAMES))
            self.numeric = torch.nn.Linear(hidden_size, len(NUMBERS))
        for parameter in self.parameters():
            torch.nn.init.zeros_(parameter)
        torch.nn.init.constant_(self.numeric.bias, math.log1p(USUAL_PRICE))

    def position_logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, hidden) at word ends -> (n,) log-odds."""
        return self.position(hidden).squeeze(-1)

    def tool_logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, hidden) at `<|assistant|>` -> (n, tools + 1): index 0 is no tool, then TOOL_NAMES in order."""
        scores = self.tool(hidden)
        return torch.cat([scores.new_zeros(len(scores), 1), scores], dim=1)

    def numbers(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, hidden) at `<|assistant|>` -> (n, 2): log1p of the prices in NUMBERS."""
        return self.numeric(hidden)


def save_heads(heads: Heads, folder: Path) -> None:
    save_file({name: tensor.detach().cpu() for name, tensor in heads.state_dict().items()}, folder / FILE)


def load_heads(folder: Path, hidden_size: int) -> Heads:
    """The folder's heads; new ones where it has none (a plain transformers folder)."""
    heads = Heads(hidden_size)
    if (folder / FILE).exists():
        heads.load_state_dict(load_file(folder / FILE))
    return heads

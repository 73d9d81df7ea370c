"""A causal LM as one ONNX graph for prefill and decode, with a flat list of past keys and values.

Inputs: `input_ids` [batch, tokens] int64, `attention_mask` [batch, past + tokens] int64,
`position_ids` [batch, tokens] int64, and for each layer `past_key.<i>`, `past_value.<i>`
[batch, kv heads, past, head dim]. Outputs: `logits` [batch, vocab] of the last token (a serving
graph needs no others, and scoring all positions halves its speed), `present_key.<i>`,
`present_value.<i>` [batch, kv heads, past + tokens, head dim].

Not covered: static caches, several adapters, encoder-decoder models.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from transformers import DynamicCache, PretrainedConfig, PreTrainedModel

from muse_core.models.family import next_logits, window_of
from muse_core.models.sliding_window import layer_masks

MODEL_FILE = "model.onnx"


class ServingGraph(torch.nn.Module):
    """The exported function."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        position_ids: torch.Tensor,
        past: list[torch.Tensor],
    ) -> tuple[torch.Tensor, ...]:
        cache = DynamicCache()  # without config: whole where layers have a window, as the masks expect
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        output = self.model.base_model(
            input_ids=input_ids,
            attention_mask=self._masks(attention_mask, input_ids.shape[1]),
            position_ids=position_ids,
            past_key_values=cache,
            use_cache=True,
        )
        logits = next_logits(self.model, output.last_hidden_state[:, -1])
        flat = [tensor for layer in output.past_key_values.layers for tensor in (layer.keys, layer.values)]
        return (logits, *flat)

    def _masks(self, attention_mask: torch.Tensor, tokens: int) -> torch.Tensor | dict[str, torch.Tensor]:
        """What the layers may look at, where some have a window; else the mask as it came."""
        if window_of(self.model.config) is None:
            return attention_mask
        places = torch.arange(attention_mask.shape[1], device=attention_mask.device)
        own = places[-tokens:]
        is_read = attention_mask.bool()[:, None, None] & (places <= own[:, None])
        is_read = is_read | (places == own[:, None])  # padding sees itself: a row without a key is no number
        return layer_masks(self.model, is_read, own.expand(len(attention_mask), -1))


def cache_names(layers: int, prefix: str) -> list[str]:
    """`past` -> past_key.0, past_value.0, past_key.1, …"""
    return [f"{prefix}_{part}.{layer}" for layer in range(layers) for part in ("key", "value")]


def export_onnx(model: PreTrainedModel, folder: Path, opset: int) -> Path:
    """Writes `folder/model.onnx` (weights beside it as external data) and returns its path."""
    graph = ServingGraph(model).eval()
    layers = model.config.num_hidden_layers
    path = folder / MODEL_FILE
    with _quiet_exporter(), torch.no_grad():
        torch.onnx.export(
            graph,
            _example(model),
            path,
            dynamo=True,
            external_data=True,
            opset_version=opset,
            input_names=["input_ids", "attention_mask", "position_ids", *cache_names(layers, "past")],
            output_names=["logits", *cache_names(layers, "present")],
            dynamic_shapes=_dynamic_shapes(layers),
            verbose=False,
        )
    return path


def head_shape(config: PretrainedConfig) -> tuple[int, int]:
    """How many key and value heads a layer has, and the size of one."""
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return config.num_key_value_heads, size


def _example(model: PreTrainedModel) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Two rows, three new tokens, five past ones; one position masked, because an all-ones example
    mask can be optimised away."""
    heads, head_dim = head_shape(model.config)
    mask = torch.ones(2, 8, dtype=torch.long)
    mask[1, 0] = 0
    past = [
        torch.zeros(2, heads, 5, head_dim, dtype=model.dtype)
        for _ in range(2 * model.config.num_hidden_layers)
    ]
    return torch.ones(2, 3, dtype=torch.long), mask, torch.arange(5, 8).repeat(2, 1), past


def _dynamic_shapes(layers: int) -> dict[str, object]:
    batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens")
    past, total = torch.export.Dim("past"), torch.export.Dim.DYNAMIC
    return {
        "input_ids": {0: batch, 1: tokens},
        "attention_mask": {0: batch, 1: total},
        "position_ids": {0: batch, 1: tokens},
        "past": [{0: batch, 2: past} for _ in range(2 * layers)],
    }


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """The exporter logs and warns about its own internals; errors still raise."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

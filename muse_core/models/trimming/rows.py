"""A model with fewer rows: its embeddings, its output layer, and every id that its configuration names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from muse_core.errors import ConfigError
from muse_core.models.trimming.described import LEAVE

_IDS = ("_token_id", "_token_ids", "_token_index", "suppress_tokens", "bad_words_ids")


def named_ids(model: PreTrainedModel) -> set[int]:
    """The tokens that the configuration and the generation settings name."""
    found: set[int] = set()
    for holder in _holders(model):
        for _, value in _entries(holder):
            found.update(_flat(value))
    return found


def keep_rows(model: PreTrainedModel, ids: Sequence[int]) -> None:
    """Row n of the new tables is row `ids[n]` of the old ones; ids elsewhere follow. Tied tables stay tied.
    ConfigError where something else is as long as the vocabulary. In place."""
    inputs, outputs = model.get_input_embeddings(), model.get_output_embeddings()
    _refuse_other_tables(model, (inputs, outputs))
    index = torch.tensor(list(ids))
    is_tied = outputs is not None and outputs.weight is inputs.weight
    inputs.weight = _rows(inputs.weight, index)
    inputs.num_embeddings = len(ids)
    if outputs is not None:
        outputs.weight = inputs.weight if is_tied else _rows(outputs.weight, index)
        outputs.out_features = len(ids)
        if getattr(outputs, "bias", None) is not None:
            outputs.bias = _rows(outputs.bias, index)
    new = {old: at for at, old in enumerate(ids)}
    if inputs.padding_idx is not None:
        inputs.padding_idx = new.get(inputs.padding_idx)
    for holder in _holders(model):
        for name, value in _entries(holder):
            setattr(holder, name, _mapped(value, new))
    model.config.get_text_config().vocab_size = len(ids)
    if hasattr(model, "vocab_size"):
        model.vocab_size = len(ids)


def _rows(table: torch.Tensor, index: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(table.detach()[index.to(table.device)].clone(), requires_grad=table.requires_grad)


def _refuse_other_tables(model: PreTrainedModel, known: Sequence[nn.Module | None]) -> None:
    length = model.get_input_embeddings().num_embeddings
    own = {id(parameter) for module in known if module is not None for parameter in module.parameters()}
    others = [
        name
        for name, parameter in model.named_parameters()
        if id(parameter) not in own and length in parameter.shape
    ]
    if others:
        raise ConfigError(
            f"base.trim_vocab: {', '.join(others[:3])} is as long as the vocabulary ({length}) beside the "
            f"embeddings; expected no such table. {LEAVE}"
        )


def _holders(model: PreTrainedModel) -> list[Any]:
    text = model.config.get_text_config()
    found = [model.config, model.generation_config, *([] if text is model.config else [text])]
    return [holder for holder in found if holder is not None]


def _entries(holder: Any) -> list[tuple[str, Any]]:
    return [
        (name, value) for name, value in vars(holder).items() if name.endswith(_IDS) and value is not None
    ]


def _flat(value: Any) -> list[int]:
    if isinstance(value, int):
        return [value]
    return [inner for one in value for inner in _flat(one)] if isinstance(value, list | tuple) else []


def _mapped(value: Any, new: Mapping[int, int]) -> Any:
    """The new id of each id; one that the vocabulary does not have stays out."""
    if isinstance(value, int):
        return new.get(value)
    return [_mapped(one, new) for one in value] if isinstance(value, list | tuple) else value

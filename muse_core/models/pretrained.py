"""A base that somebody else has trained: a hub id, a folder or a GGUF file, as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from muse_core.config.run_config import BaseConfig
from muse_core.errors import ConfigError
from muse_core.models.heads import Heads
from muse_core.models.loading import LoadedModel, load_tokenizer, without_progress_bars
from muse_core.types import JsonValue


def base_tokenizer(config: BaseConfig) -> PreTrainedTokenizerFast:
    """The tokenizer of `base.model`, without weights."""
    name = _named(config)
    source, how = source_of(name)
    try:
        return load_tokenizer(source, **how)
    except (OSError, ValueError, ImportError) as problem:
        raise ConfigError(advice(name, problem)) from problem


def from_pretrained(config: BaseConfig, tokenizer: PreTrainedTokenizerFast | None = None) -> LoadedModel:
    """A hub id, a folder or a `.gguf` file as it comes: fp32, its own tokenizer (no tags added yet), which is
    loaded first where it is not given."""
    if tokenizer is None:
        tokenizer = base_tokenizer(config)
    name = _named(config)
    source, how = source_of(name)
    try:
        with without_progress_bars():
            model = AutoModelForCausalLM.from_pretrained(
                source, config=base_config(name), dtype=torch.float32, attn_implementation="sdpa",
                trust_remote_code=False, **how,
            )  # fmt: skip
    except (OSError, ValueError, ImportError) as problem:
        raise ConfigError(advice(name, problem)) from problem
    if how:
        model = _without_quantization(model)
    about: dict[str, JsonValue] = {"base": "pretrained", "base_model": Path(name).name, "can_call": False}
    return LoadedModel(model, tokenizer, Heads(model.config.hidden_size), about=about)


def _named(config: BaseConfig) -> str:
    if not config.model:
        raise ConfigError(
            "base.source is 'pretrained' but base.model is empty: give a hub id, a folder or a .gguf file"
        )
    return config.model


def base_config(name: str) -> PretrainedConfig:
    """Of `base.model`; raises what transformers raises. A GGUF file is parsed as a whole for it, half a
    minute with 262,144 tokens, and it is asked for before a run, for the budget and by the base stage."""
    source, how = source_of(name)
    if how:
        return deepcopy(_of_gguf(name, Path(name).stat().st_mtime_ns))
    return AutoConfig.from_pretrained(source, trust_remote_code=False)


@lru_cache(maxsize=2)
def _of_gguf(name: str, changed_ns: int) -> PretrainedConfig:
    source, how = source_of(name)
    return AutoConfig.from_pretrained(source, trust_remote_code=False, **how)


def source_of(name: str) -> tuple[str, dict[str, str]]:
    """What transformers is called with. ConfigError for a `.gguf` file that is not there."""
    path = Path(name)
    if path.suffix == ".gguf":
        if not path.is_file():
            raise ConfigError(
                f"base.model: there is no file {name}. Give the path of an existing .gguf file."
            )
        return str(path.parent), {"gguf_file": path.name}
    return name, {}


def advice(name: str, problem: Exception) -> str:
    """Why a base could not be loaded, and what to do."""
    first = (str(problem).splitlines() or [""])[0][:200]
    return (
        f"the base model {name!r} could not be loaded ({type(problem).__name__}: {first}). "
        "Expected a hub id with network access, a local transformers folder, or a .gguf file (needs the "
        "package gguf). Give a local path with --set base.model=PATH, or train a small model from "
        "scratch with --preset quickstart."
    )


def _without_quantization(model: PreTrainedModel) -> PreTrainedModel:
    """GGUF models refuse save_pretrained; a fresh model of the same config with the same weights does not."""
    config = type(model.config)(**_plain_config(model.config.to_dict()))
    config._attn_implementation = "sdpa"
    fresh = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    fresh.load_state_dict(model.state_dict())
    fresh.tie_weights()
    return fresh


def _plain_config(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {key: value for key, value in values.items() if key != "quantization_config"}

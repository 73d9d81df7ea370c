"""What is not a known family, or not as we compute it, is refused by its configuration."""

from __future__ import annotations

import pytest
from transformers import AutoConfig, Gemma3TextConfig, LlamaConfig

from muse_core.errors import ConfigError
from muse_core.models.family import FAMILIES, family_of, refusals


@pytest.mark.parametrize("kind", ["gpt2", "gemma2", "lfm2", "mamba", "phi3", "olmoe"])
def test_an_unknown_architecture_is_refused_with_what_is_known(kind: str) -> None:
    config = AutoConfig.for_model(kind)
    with pytest.raises(ConfigError, match=kind) as problem:
        family_of(config)
    assert all(known in str(problem.value) for known in FAMILIES)
    assert refusals(config) == [str(problem.value)]


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (Gemma3TextConfig(attn_logit_softcapping=50.0), "capped"),
        (Gemma3TextConfig(use_bidirectional_attention=True), "looks ahead"),
        (
            LlamaConfig(rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}),
            "rope_type dynamic",
        ),
    ],
)
def test_what_would_be_computed_wrongly_is_refused(config: object, why: str) -> None:
    (found,) = refusals(config)
    assert why in found


def test_models_as_they_come_are_not() -> None:
    assert refusals(Gemma3TextConfig()) == refusals(LlamaConfig()) == []

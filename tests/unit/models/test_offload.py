"""A model that finds no room on the GPU keeps layers elsewhere, and says the same."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

import pytest
import torch

from muse_core.models import loading
from muse_core.models.loading import load_model, save_model
from muse_core.models.offload import is_placed, placement
from tests.unit.models.builders_models import tiny_model

GIB = 2**30


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    for number in (1, 2):
        with (tmp_path / f"model-{number}.safetensors").open("wb") as file:
            file.truncate(4 * GIB)  # sparse
    return tmp_path


@pytest.mark.parametrize(("free", "is_short"), [(8 * GIB, True), (9 * GIB, True), (11 * GIB, False)])
def test_what_does_not_fit_with_room_to_decode_is_placed_layer_by_layer(
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    free: int,
    is_short: bool,
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 80 * GIB))
    with caplog.at_level(logging.WARNING):
        found = placement(weights, "cuda")
    assert bool(found) == is_short
    if is_short:
        assert found["device_map"] == "auto" and found["max_memory"][0] == int(0.8 * free)
        assert "8.0 GiB of weights" in caplog.text and "smaller base.model" in caplog.text


def test_a_cpu_has_no_other_place(weights: Path) -> None:
    assert placement(weights, "cpu") == {}


def on_disk(folder: Path, device: str, *, layers: int, place: Path) -> dict[str, object]:
    """The last layer on the disk, as there is no GPU here."""
    rest = {name: "cpu" for name in ("model.embed_tokens", "model.norm", "model.rotary_emb", "lm_head")}
    every = {f"model.layers.{n}": "disk" if n == layers - 1 else "cpu" for n in range(layers)}
    return {"device_map": rest | every, "offload_folder": str(place)}


def test_a_model_with_a_layer_elsewhere_answers_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "model"
    save_model(tiny_model(), saved)
    plain = load_model(saved)
    layers = plain.model.config.num_hidden_layers
    monkeypatch.setattr(loading, "placement", partial(on_disk, layers=layers, place=tmp_path / "disk"))
    assert not is_placed(load_model(saved).model), "a model that is trained lies in one place"
    placed = load_model(saved, is_only_asked=True)
    assert is_placed(placed.model)
    assert any(weight.is_meta for weight in placed.model.parameters())
    ids = torch.arange(12)[None] + 3
    with torch.no_grad():
        assert torch.equal(plain.model(ids).logits, placed.to("cpu").model(ids).logits)

"""The exported graphs against the PyTorch model they come from, on a tiny random model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from muse_core.config.run_config import BaseConfig
from muse_core.errors import HardwareError, MuseError
from muse_core.export import tensorrt
from muse_core.export.manifest import base_terms, file_list, model_card
from muse_core.export.onnx_graph import MODEL_FILE, export_onnx
from muse_core.export.parity import check
from muse_core.export.quantize import INT8_FILE, int8_per_channel, quantize_int8
from muse_core.export.runtime import OnnxModel
from muse_core.models.chat_format import render
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.tokenizer import encode, train_tokenizer
from tests import builders


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    tokenizer = train_tokenizer([render(builders.conversation().messages)] * 3, 400)
    config = BaseConfig(hidden_size=32, num_layers=2, num_heads=2, intermediate_size=64, max_positions=1024)
    model = from_scratch(config, tokenizer, seed=1)
    model.model.eval()
    return model


@pytest.fixture(scope="module")
def folder(loaded, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("export")
    export_onnx(loaded.model, target, opset=20)
    quantize_int8(target / MODEL_FILE, target / INT8_FILE)
    return target


@pytest.fixture
def prompts(loaded) -> list[list[int]]:
    texts = ("shirts under 2000", "show me a red saree please", "hello")
    return [
        encode(
            loaded.tokenizer, (builders.conversation().messages[0], builders.search_turn(text)[0]), True
        ).ids
        for text in texts
    ]


def test_fp32_graph_is_the_model(loaded, folder, prompts):
    parity = check(loaded, OnnxModel(folder / MODEL_FILE, threads=1), prompts, max_new_tokens=12)
    assert parity.cases == 3
    assert parity.max_logit_difference < 1e-4
    assert parity.same_tokens == parity.same_call == 1.0


def test_batch_and_padding_do_not_matter(folder, prompts):
    graph = OnnxModel(folder / MODEL_FILE, threads=1)
    together = graph.last_logits(prompts)
    alone = np.concatenate([graph.last_logits([prompt]) for prompt in prompts])
    assert np.abs(together - alone).max() < 1e-4


def test_int8_is_close_and_smaller(loaded, folder, prompts):
    parity = check(loaded, OnnxModel(folder / INT8_FILE, threads=1), prompts, max_new_tokens=4)
    assert 0 < parity.max_logit_difference < 0.1
    assert (folder / f"{INT8_FILE}.data").stat().st_size < (folder / f"{MODEL_FILE}.data").stat().st_size


def test_another_model_is_noticed(loaded, folder, prompts):
    other = LoadedModel(type(loaded.model)(loaded.model.config).eval(), loaded.tokenizer, loaded.heads)
    with torch.no_grad():
        other.model.model.norm.weight.mul_(3)
    parity = check(other, OnnxModel(folder / MODEL_FILE, threads=1), prompts, max_new_tokens=4)
    assert parity.max_logit_difference > 1e-2


def test_int8_rounds_to_half_a_step():
    weight = np.random.default_rng(0).normal(size=(16, 8)).astype(np.float32)
    weight[:, 3] = 0
    quantised, scale = int8_per_channel(weight)
    assert np.abs(quantised * scale - weight).max() <= scale.max() / 2 + 1e-7


def test_a_graph_without_weights_is_refused(tmp_path):
    import onnx
    from onnx import TensorProto, helper

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["y"])], "g", [x], [helper.make_empty_tensor_value_info("y")]
    )
    onnx.save(helper.make_model(graph), tmp_path / "neg.onnx")
    with pytest.raises(MuseError, match="nothing to quantise"):
        quantize_int8(tmp_path / "neg.onnx", tmp_path / "out.onnx")


def test_tensorrt_off_and_missing_say_why(monkeypatch, tmp_path):
    assert tensorrt.build_engine(tmp_path / "m.onnx", tmp_path, "off").reason == "export.tensorrt is off"
    monkeypatch.setattr(tensorrt, "MODULES", ("no_such_tensorrt",))
    assert (
        "pip install -e '.[tensorrt]'" in tensorrt.build_engine(tmp_path / "m.onnx", tmp_path, "auto").reason
    )
    with pytest.raises(HardwareError, match="neither tensorrt nor"):
        tensorrt.build_engine(tmp_path / "m.onnx", tmp_path, "require")


@pytest.mark.parametrize("name", [MODEL_FILE, INT8_FILE])
def test_tensorrt_rtx_builds_an_engine_where_it_is_installed(folder, tmp_path, monkeypatch, name):
    pytest.importorskip("tensorrt_rtx", reason="the extra 'tensorrt' is not installed")
    monkeypatch.setattr(tensorrt, "MODULES", ("tensorrt_rtx",))
    report = tensorrt.build_engine(folder / name, tmp_path, "auto")
    assert report.status == "built" and (tmp_path / report.file).stat().st_size == report.nbytes


def test_model_card_names_files_and_figures(folder):
    parity = {"cases": 3, "max_logit_difference": 1e-6, "speed_ratio": 2.0}
    parity |= dict.fromkeys(("same_tokens", "same_decision", "same_call"), 1.0)
    manifest = {
        "model_digest": "abc", "files": file_list(folder), "int8": "published", "tensorrt": None,
        "parity": {"onnx": parity}, "facets": "",
    }  # fmt: skip
    card = model_card(manifest, {"metrics": {"loss": 1.25}})
    assert MODEL_FILE in card and "2.00x" in card and "loss: 1.25" in card
    told = model_card(manifest | {"facets": "memory (gb), fuel"}, {"metrics": {"loss": 1.25}})
    assert "also be asked for: memory (gb), fuel." in told and "also be asked" not in card


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({"base_model": "gemma-3-270m-q4_k_m.gguf"}, "google/gemma-3-270m, Gemma Terms of Use (https://"),
        ({"base_model": "SmolLM2-135M-Instruct", "base_licence": "other"}, "Apache-2.0"),
        ({"base_model": "mine", "base_licence": "mit"}, "mine, mit."),
        ({"base_model": "mine"}, "mine, licence not stated"),
    ],
)
def test_the_card_says_whose_licence_binds_the_weights(about: dict[str, str], told: str) -> None:
    manifest = {
        "model_digest": "abc",
        "files": [],
        "int8": "off",
        "tensorrt": None,
        "parity": {},
        "facets": "",
    }
    card = model_card(manifest | {"base": base_terms(about)}, {})
    assert f"Trained from: {told}" in card.replace("HuggingFaceTB/SmolLM2-135M-Instruct, ", "")
    assert "Trained from" not in model_card(manifest | {"base": base_terms({"base": "scratch"})}, {})

"""The exported graphs against the PyTorch model they come from, on a tiny random model."""

from __future__ import annotations

import copy
import shutil
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from muse_core.config.run_config import BaseConfig, ExportConfig
from muse_core.errors import ArtifactError, HardwareError, MuseError
from muse_core.export import latency, tensorrt
from muse_core.export.contexts import Context, dev_contexts
from muse_core.export.latency import Latency
from muse_core.export.manifest import base_terms, file_list, model_card
from muse_core.export.onnx_graph import MODEL_FILE, export_onnx, head_shape
from muse_core.export.parity import Parity, Rate, Slice, check
from muse_core.export.quantize import INT8_FILE, int8_per_channel, quantize_int8
from muse_core.export.runtime import OnnxDecoding, OnnxModel, cache_problems
from muse_core.models.chat_format import render
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.tokenizer import encode, train_tokenizer
from muse_core.progress import Silent
from muse_core.stages import export
from muse_core.types import ToolCall
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


@pytest.fixture(scope="module")
def contexts(loaded) -> list[Context]:
    texts = ("shirts under 2000", "show me a red saree please", "hello")
    system, call = builders.conversation().messages[0], ToolCall("c0.0", "search", {"query": "shirt"})
    prompts = [(system, builders.search_turn(text)[0]) for text in texts]
    return [
        Context(encode(loaded.tokenizer, prompt, True).ids, text, language, "search", call)
        for prompt, text, language in zip(prompts, texts, ("en", "en", "hi"), strict=True)
    ]


@pytest.fixture
def prompts(contexts) -> list[list[int]]:
    return [one.ids for one in contexts]


def test_fp32_graph_is_the_model_in_all_and_in_every_slice(loaded, folder, contexts):
    graph = OnnxModel(folder / MODEL_FILE, threads=1)
    parity = check(loaded, graph, contexts, max_new_tokens=12)
    assert parity.whole.max_logit_difference < 1e-3 and parity.whole.same_tokens == 1.0
    assert parity.slices["language=en"].cases == 2 and parity.slices["language=hi"].cases == 1
    assert sum(one.cases for name, one in parity.slices.items() if name.startswith("margin")) == 3
    assert parity.exact_call == parity.exact_call_of_model and parity.exact_call.n == 3
    assert parity.drop == 0.0 and parity.first_difference == ""
    assert cache_problems(graph, contexts[0].ids, head_shape(loaded.model.config)) == []
    flat = parity.as_metrics("onnx")
    assert flat["onnx.cases"] == 3 and flat["onnx.exact_call.high"] > flat["onnx.exact_call.low"]


def test_a_cache_of_another_shape_is_told_of_both_batches(folder, prompts):
    graph = OnnxModel(folder / MODEL_FILE, threads=1)
    found = cache_problems(graph, prompts[0], (2, 99))
    assert len(found) == 8 and found[0].startswith("batch 1, step 0: found a cache of {(1, 2, ")
    assert found[-1].startswith("batch 3, step 3: ") and found[-1].endswith(", 99)")


@pytest.mark.parametrize(("kept", "said"), [(None, "it is missing"), (100, "it has 100 bytes")])
def test_a_graph_without_its_data_file_is_refused(folder, tmp_path, kept, said):
    shutil.copy(folder / MODEL_FILE, tmp_path)
    if kept is not None:
        (tmp_path / f"{MODEL_FILE}.data").write_bytes((folder / f"{MODEL_FILE}.data").read_bytes()[:kept])
    with pytest.raises(ArtifactError, match=f"model.onnx.data beside it, and {said}; expected"):
        OnnxModel(tmp_path / MODEL_FILE)
    with pytest.raises(ArtifactError, match="there is no file"):
        OnnxModel(tmp_path / "other.onnx")


def test_batch_and_padding_do_not_matter(folder, prompts):
    graph = OnnxModel(folder / MODEL_FILE, threads=1)
    together, texts = graph.answers(prompts, (), 3)
    alone = [graph.answers([prompt], (), 3) for prompt in prompts]
    assert np.abs(together - np.concatenate([logits for logits, _ in alone])).max() < 1e-4
    assert texts == [text for _, (text,) in alone]


def test_int8_is_close_and_smaller(loaded, folder, contexts):
    parity = check(loaded, OnnxModel(folder / INT8_FILE, threads=1), contexts, max_new_tokens=4)
    assert 0 < parity.whole.max_logit_difference < 0.1
    assert (folder / f"{INT8_FILE}.data").stat().st_size < (folder / f"{MODEL_FILE}.data").stat().st_size


def exporter(loaded, contexts, folder, monkeypatch, **changes) -> export._Exporter:
    made = folder / MODEL_FILE
    monkeypatch.setattr(export, "export_onnx", lambda model, to, opset: made)
    config = ExportConfig(latency=False, tensorrt="off", **changes)
    ctx: Any = SimpleNamespace(progress=Silent())
    return export._Exporter(config, loaded, contexts, folder, ctx)


def test_a_graph_that_is_not_the_model_is_left_out_and_its_first_difference_said(
    loaded, folder, contexts, tmp_path, monkeypatch, caplog
):
    for name in (MODEL_FILE, f"{MODEL_FILE}.data"):
        shutil.copy(folder / name, tmp_path)
    other = copy.deepcopy(loaded)
    with torch.no_grad():
        other.model.model.norm.weight.neg_()
    made = exporter(other, contexts, tmp_path, monkeypatch).run()
    assert made.parts["forms"]["onnx"].startswith("left out: its logits differ by ")
    assert list(made.parts["forms"]) == ["onnx"] and not made.graphs and made.parts["tensorrt"] is None
    assert not list(tmp_path.glob("model*"))
    assert "“shirts under 2000” (en): PyTorch wrote " in caplog.text


def test_int8_may_lose_a_point_and_no_more(contexts):
    def parity(lost: float) -> Parity:
        part = Slice(200, 0.2, 0.97, 0.99, 0.99)
        ours, graphs = Rate(0.9, 0.85, 0.94, 200), Rate(0.9 - lost, 0.8, 0.95, 200)
        return Parity(part, {}, ours, graphs, ours, ours)

    assert export._faults("int8", parity(0.005), ExportConfig()) == []
    assert export._faults("int8", parity(0.02), ExportConfig()) == [
        "it loses 2.0 points against PyTorch, expected at most 1"
    ]
    assert export._faults("int8", parity(0.02), ExportConfig(int8_max_drop=0.05)) == []


def test_contexts_are_of_the_development_side_and_of_every_language(loaded):
    talks = [
        builders.conversation(conversation_id=f"{side}{number}", side=side, language=language)
        for side in ("train", "dev")
        for number, language in enumerate(("en", "en", "en", "hi", "mixed"))
    ]
    found = dev_contexts(loaded, talks, 4)
    assert [one.language for one in found] == ["en", "en", "hi", "mixed"]
    assert {one.decision for one in found} == {"search"} and found[0].call.arguments["max_price"] == 2000
    assert found[0].text == "show me shirts under 2000"


def test_latency_is_measured_beside_pytorch_in_one_run(loaded, folder, prompts, monkeypatch):
    monkeypatch.setattr(latency, "STEPS", 3)
    monkeypatch.setattr(latency, "ROUNDS", 1)
    memory = latency._memory_mb

    def of_graphs(place: Path, prompt: Any) -> float | None:
        return None if place.is_dir() else memory(place, prompt)

    monkeypatch.setattr(latency, "_memory_mb", of_graphs)
    (folder / "model").mkdir(exist_ok=True)
    found = latency.measure(loaded, {"onnx": folder / MODEL_FILE}, folder / "model", prompts[0])
    assert list(found) == ["eager", "onnx"]
    for one in found.values():
        assert 0 < one.token_ms_p50 <= one.token_ms_p95 <= one.token_ms_p99 and one.first_token_ms > 0
        assert min(one.tokens_per_s_1, one.tokens_per_s_8, one.tokens_per_s_32) > 0
    assert found["onnx"].size_mb > 0 and 20 < found["onnx"].memory_mb < 2000
    assert found["onnx"].as_metrics("onnx")["onnx.tokens_per_s_32"] == found["onnx"].tokens_per_s_32


def test_both_loops_write_the_same(loaded, folder, prompts):
    theirs = OnnxDecoding(OnnxModel(folder / MODEL_FILE, threads=1), [prompts[0]])
    ours = latency.EagerDecoding(loaded, prompts[0])
    assert theirs.step().tolist() == ours.step().tolist()
    theirs.widen(3), ours.widen(3)
    for _ in range(5):
        told = theirs.step().tolist()
        assert told == ours.step().tolist() and told == [told[0]] * 3


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


def test_model_card_names_files_and_figures(folder, loaded, contexts):
    parity = asdict(check(loaded, OnnxModel(folder / MODEL_FILE, threads=1), contexts, max_new_tokens=2))
    speed = asdict(Latency(10.0, 1.0, 2.0, 3.0, 900.0, 4000.0, 9000.0, 12.5, None))
    manifest = {
        "model_digest": "abc", "files": file_list(folder), "forms": {"onnx": "published"}, "tensorrt": None,
        "parity": {"onnx": parity}, "facets": "", "latency": {"onnx": speed | {"speed_ratio": 2.0}},
    }  # fmt: skip
    card = model_card(manifest, {"metrics": {"loss": 1.25}})
    assert MODEL_FILE in card and "loss: 1.25" in card and "- onnx: published" in card
    assert "| 10.0 ms | 1.00 / 2.00 / 3.00 ms | 900 / 4,000 / 9,000 | – | 12.5 MB | 2.00x |" in card
    assert "| … language=hi | 1 |" in card and "| PyTorch | | | | | | " in card
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
        "forms": {},
        "latency": {},
        "tensorrt": None,
        "parity": {},
        "facets": "",
    }
    card = model_card(manifest | {"base": base_terms(about)}, {})
    assert f"Trained from: {told}" in card.replace("HuggingFaceTB/SmolLM2-135M-Instruct, ", "")
    assert "Trained from" not in model_card(manifest | {"base": base_terms({"base": "scratch"})}, {})

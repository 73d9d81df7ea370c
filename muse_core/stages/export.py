"""dpo model → export folder: `model/` (the plain transformers folder), `model.onnx`, `model.int8.onnx`,
an `.engine` where TensorRT can build one, `tools.json` (the tools of the shop that it has learnt),
`MODEL_CARD.md` and `manifest.json`.

Assumes a model folder of this version. Fails when the fp32 graph does not give the model's logits and
greedy tokens on development contexts; an int8 graph that loses too many calls is left out and said so.
Not covered: TensorRT execution (engines are built and hashed, not run), tensorrt-llm, GGUF.
"""

from __future__ import annotations

import itertools
import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from muse_core.catalog.facets import shown
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.export.manifest import base_terms, file_list, model_card
from muse_core.export.onnx_graph import export_onnx
from muse_core.export.parity import Parity, check
from muse_core.export.quantize import INT8_FILE, quantize_int8
from muse_core.export.runtime import OnnxModel
from muse_core.export.tensorrt import build_engine
from muse_core.models.learnt_shop import learnt_facets, write_tools
from muse_core.models.loading import LoadedModel, load_model
from muse_core.models.tokenizer import encode
from muse_core.records import from_table
from muse_core.types import ArtifactRef, Conversation
from muse_core.world.replay import context_before

READS = ("export",)
KIND = "export"

logger = logging.getLogger(__name__)
MAX_LOGIT_DIFFERENCE = 1e-2
MAX_PROMPT_TOKENS = 768
ACT_TOKENS = 64


def run(config: RunConfig, *, conversations: ArtifactRef, dpo: ArtifactRef, ctx: StageContext) -> ArtifactRef:
    """The export folder of the DPO model."""
    model_folder = ctx.store.folder(dpo)
    loaded = load_model(model_folder)  # graphs are checked on the CPU
    dev = _dev_prompts(loaded, from_table("conversations", ctx.store.read_table(conversations)))
    prompts = list(itertools.islice(dev, config.export.parity_cases))
    metrics: dict[str, float] = {}

    def fill(folder: Path) -> None:
        shutil.copytree(model_folder, folder / "model")
        write_tools(loaded.about, folder)
        parts = _export_graphs(config, loaded, prompts, folder, ctx)
        metrics.update(parts.pop("metrics"))
        parts["facets"] = shown(learnt_facets(loaded.about))
        parts["base"] = base_terms(loaded.about)
        _write_papers(folder, parts, dpo, ctx)

    return ctx.store.write_folder(KIND, fill, ctx.fingerprint, metrics=metrics)


def _dev_prompts(loaded: LoadedModel, conversations: list[Conversation]) -> Iterator[list[int]]:
    for conversation in conversations:
        if conversation.side != "dev":
            continue
        for label in conversation.labels:
            context = context_before(conversation, label.turn)
            yield encode(loaded.tokenizer, context, open_turn=True, max_tokens=MAX_PROMPT_TOKENS).ids


def _export_graphs(
    config: RunConfig, loaded: LoadedModel, prompts: list[list[int]], folder: Path, ctx: StageContext
) -> dict[str, Any]:
    parts: dict[str, Any] = {"metrics": {}, "parity": {}, "int8": "off", "tensorrt": None}
    if not config.export.onnx:
        return parts
    ctx.progress.update(0, 4, "onnx graph")
    graph = export_onnx(loaded.model, folder, config.export.opset)
    _check_fp32(parts, loaded, graph, prompts)
    ctx.progress.update(2, 4, "int8")
    best = graph
    if config.export.int8:
        quantize_int8(graph, folder / INT8_FILE)
        best = _check_int8(config, parts, loaded, folder, prompts) or graph
    ctx.progress.update(3, 4, "tensorrt engine")
    parts["tensorrt"] = asdict(build_engine(best, folder, config.export.tensorrt))
    ctx.progress.update(4, 4, f"tensorrt {parts['tensorrt']['status']}")
    return parts


def _check_fp32(parts: dict[str, Any], loaded: LoadedModel, graph: Path, prompts: list[list[int]]) -> None:
    parity = check(loaded, OnnxModel(graph), prompts, ACT_TOKENS)
    if parity.max_logit_difference > MAX_LOGIT_DIFFERENCE:
        raise MuseError(
            f"the ONNX graph differs from the model by {parity.max_logit_difference:.3g} logits on "
            f"{parity.cases} contexts; expected at most {MAX_LOGIT_DIFFERENCE}. Try another export.opset, "
            "or --set export.onnx=false to publish the PyTorch model alone."
        )
    _record(parts, "onnx", parity)


def _check_int8(
    config: RunConfig, parts: dict[str, Any], loaded: LoadedModel, folder: Path, prompts: list[list[int]]
) -> Path | None:
    path = folder / INT8_FILE
    parity = check(loaded, OnnxModel(path), prompts, ACT_TOKENS)
    _record(parts, "int8", parity)
    if 1.0 - parity.same_call <= config.export.int8_max_changed_calls:
        parts["int8"] = "published"
        return path
    parts["int8"] = f"left out: {1 - parity.same_call:.0%} of the acts changed"
    logger.warning("int8 graph %s (limit %.0f %%)", parts["int8"], 100 * config.export.int8_max_changed_calls)
    for file in (path, path.with_name(path.name + ".data")):
        file.unlink(missing_ok=True)
    return None


def _record(parts: dict[str, Any], name: str, parity: Parity) -> None:
    parts["parity"][name] = asdict(parity)
    parts["metrics"].update(parity.as_metrics(name))


def _write_papers(folder: Path, parts: dict[str, Any], dpo: ArtifactRef, ctx: StageContext) -> None:
    manifest = parts | {"model_digest": dpo.digest, "files": file_list(folder)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True), "utf-8")
    (folder / "MODEL_CARD.md").write_text(model_card(manifest, ctx.store.manifest(dpo)), "utf-8")

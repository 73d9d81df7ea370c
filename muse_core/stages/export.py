"""dpo model → export folder: `model/` (the plain transformers folder), `model.onnx`, `model.int8.onnx`,
an `.engine` where TensorRT can build one, `model.gguf` for llama.cpp (`export.gguf`), `tools.json` (the tools
of the shop that it has learnt), `muse_tool_parser.py` (vLLM's plugin), `MODEL_CARD.md` and `manifest.json`.

Assumes a model folder of this version. A graph that does not do what the model does on development contexts
is left out, and its first differing context is said. Not covered: TensorRT execution (engines are built and
hashed, not run), tensorrt-llm.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from muse_core.catalog.facets import shown
from muse_core.config.run_config import ExportConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.export.contexts import Context, dev_contexts
from muse_core.export.gguf_file import gguf_problems, write_gguf
from muse_core.export.latency import EAGER, measure
from muse_core.export.llama_cpp import LlamaCpp, cut_otherwise, is_installed
from muse_core.export.manifest import base_terms, file_list, model_card
from muse_core.export.onnx_graph import export_onnx, head_shape
from muse_core.export.parity import Form, Parity, check
from muse_core.export.plugin import write_parser
from muse_core.export.quantize import INT8_FILE, quantize_int8
from muse_core.export.runtime import OnnxModel, cache_problems
from muse_core.export.tensorrt import build_engine
from muse_core.models.learnt_shop import learnt_facets, write_tools
from muse_core.models.loading import LoadedModel, load_model
from muse_core.progress import Phases
from muse_core.records import from_table
from muse_core.types import ArtifactRef, Conversation

READS = ("export",)
KIND = "export"

log = logging.getLogger(__name__)
MAX_LOGIT_DIFFERENCE, MIN_SAME_TOKENS = 1e-2, 0.99  # of an fp32 graph
ACT_TOKENS = 64
ONNX, INT8, TENSORRT, TIMING, GGUF = "onnx", "int8", "tensorrt engine", "latency", "gguf"
NO_LLAMA_CPP = "llama.cpp is not here to check it; pip install -e '.[gguf]'"


def run(config: RunConfig, *, conversations: ArtifactRef, dpo: ArtifactRef, ctx: StageContext) -> ArtifactRef:
    """The export folder of the DPO model."""
    model_folder = ctx.store.folder(dpo)
    loaded = load_model(model_folder)  # graphs are checked on the CPU
    talks = from_table("conversations", ctx.store.read_table(conversations))
    contexts = dev_contexts(loaded, talks, config.export.parity_cases)
    metrics: dict[str, float] = {}
    about: dict[str, Any] = {}

    def fill(folder: Path) -> None:
        shutil.copytree(model_folder, folder / "model")
        write_tools(loaded.about, folder)
        write_parser(folder)
        made = _Exporter(config.export, loaded, contexts, folder, ctx, talks).run()
        metrics.update(made.metrics)
        about.update(made.parts)
        told = {"facets": shown(learnt_facets(loaded.about)), "base": base_terms(loaded.about)}
        parts = made.parts | told
        _write_papers(folder, parts, dpo, ctx)

    return ctx.store.write_folder(KIND, fill, ctx.fingerprint, metrics=metrics, about=about)


@dataclass
class _Exporter:
    """Makes the forms of one model in a folder. `parts`: what manifest, card and report tell of them."""

    config: ExportConfig
    loaded: LoadedModel
    contexts: list[Context]
    folder: Path
    ctx: StageContext
    talks: Sequence[Conversation] = ()  # whose tokens a GGUF file must have
    metrics: dict[str, float] = field(default_factory=dict)
    graphs: dict[str, Path] = field(default_factory=dict)
    parts: dict[str, Any] = field(
        default_factory=lambda: {"forms": {}, "parity": {}, "latency": {}, "tensorrt": None}
    )

    def run(self) -> _Exporter:
        """Each form in turn; one that was left out is no ground for another."""
        if not (self.config.onnx or self.config.gguf):
            return self
        if not self.contexts:
            raise MuseError(
                "there is no conversation of the development side to check a graph on; make more "
                "(conversations.count, profiles.count), or set export.onnx=false and export.gguf=false"
            )
        phases = Phases(self.ctx.progress, self._work())
        if self.config.onnx:
            self._graphs(phases)
        if self.config.gguf:
            phases.begin(GGUF)
            self._gguf()
        return self

    def _work(self) -> dict[str, float]:
        """The parts that are due, and about how long each takes."""
        work = {}
        if self.config.onnx:
            work = {ONNX: 5.0, INT8: 2.0 * self.config.int8, TENSORRT: 1.0, TIMING: 1.0 * self.config.latency}
        if self.config.gguf:
            work[GGUF] = 5.0
        return work

    def _graphs(self, phases: Phases) -> None:
        phases.begin(ONNX)
        self._judge(ONNX, export_onnx(self.loaded.model, self.folder, self.config.opset))
        if self.config.int8 and ONNX in self.graphs:
            phases.begin(INT8)
            path = self.folder / INT8_FILE
            quantize_int8(self.graphs[ONNX], path)
            self._judge(INT8, path)
        if self.graphs:
            phases.begin(TENSORRT)
            best = self.graphs.get(INT8) or self.graphs[ONNX]
            self.parts["tensorrt"] = asdict(build_engine(best, self.folder, self.config.tensorrt))
        if self.config.latency and self.graphs:
            phases.begin(TIMING)
            self._time()

    def _gguf(self) -> None:
        """The file, if GGUF can say what the model is and llama.cpp does with it what the model does."""
        if wrong := gguf_problems(self.loaded) or ([] if is_installed() else [NO_LLAMA_CPP]):
            self._leave_out(GGUF, wrong)
            return
        path = write_gguf(self.loaded, self.folder)
        runs = LlamaCpp(path, self.loaded.model.config.max_position_embeddings)
        wrong = cut_otherwise(self.loaded, runs, self.talks)
        parity = self._compare(GGUF, runs)
        wrong += _faults(GGUF, parity, self.config)
        if not wrong:
            self.parts["forms"][GGUF] = "published"
            return
        self._leave_out(GGUF, wrong, parity.first_difference)
        path.unlink()

    def _judge(self, name: str, path: Path) -> None:
        """Keeps a graph, or takes its files away and says why."""
        graph = OnnxModel(path)
        parity = self._compare(name, graph)
        shape = head_shape(self.loaded.model.config)
        wrong = [*_faults(name, parity, self.config), *cache_problems(graph, self.contexts[0].ids, shape)]
        if not wrong:
            self.parts["forms"][name] = "published"
            self.graphs[name] = path
            return
        self._leave_out(
            name, wrong, parity.first_difference or "no context in which they wrote different things"
        )
        for file in (path, path.with_name(path.name + ".data")):
            file.unlink(missing_ok=True)

    def _compare(self, name: str, form: Form) -> Parity:
        parity = check(self.loaded, form, self.contexts, ACT_TOKENS, self.ctx.progress)
        self.parts["parity"][name] = asdict(parity)
        self.metrics.update(parity.as_metrics(name))
        return parity

    def _leave_out(self, name: str, wrong: list[str], said: str = "") -> None:
        self.parts["forms"][name] = f"left out: {'; '.join(wrong)}"
        log.warning("%s %s. %s", name, self.parts["forms"][name], said)

    def _time(self) -> None:
        found = measure(self.loaded, self.graphs, self.folder / "model", self.contexts[0].ids)
        eager = found[EAGER].tokens_per_s_1
        for name, one in found.items():
            self.parts["latency"][name] = asdict(one) | {"speed_ratio": one.tokens_per_s_1 / eager}
            self.metrics.update(one.as_metrics(name) | {f"{name}.speed_ratio": one.tokens_per_s_1 / eager})


def _faults(name: str, parity: Parity, config: ExportConfig) -> list[str]:
    """What speaks against a graph: an fp32 one must be the model, an int8 one may lose a little."""
    if name == INT8:
        is_worse = parity.drop > config.int8_max_drop
        limit = f"at most {100 * config.int8_max_drop:g}"
        return (
            [f"it loses {100 * parity.drop:.1f} points against PyTorch, expected {limit}"] if is_worse else []
        )
    whole, found = parity.whole, []
    if not whole.max_logit_difference <= MAX_LOGIT_DIFFERENCE:
        found.append(
            f"its logits differ by {whole.max_logit_difference:.3g}, expected {MAX_LOGIT_DIFFERENCE}"
        )
    if whole.same_tokens < MIN_SAME_TOKENS:
        found.append(f"it writes the same in {whole.same_tokens:.1%}, expected {MIN_SAME_TOKENS:.0%}")
    return [one if name == GGUF else f"{one}; another export.opset may help" for one in found]


def _write_papers(folder: Path, parts: dict[str, Any], dpo: ArtifactRef, ctx: StageContext) -> None:
    manifest = parts | {"model_digest": dpo.digest, "files": file_list(folder)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True), "utf-8")
    (folder / "MODEL_CARD.md").write_text(model_card(manifest, ctx.store.manifest(dpo)), "utf-8")

"""A TensorRT engine from the exported ONNX graph: `tensorrt` where it is installed, else `tensorrt_rtx`.

TensorRT-RTX builds engines without a GPU (and cannot run them there); it has no target for Hopper.
Networks are strongly typed: precision is in the graph (Q/DQ for int8), never in builder flags.
`build_engine` returns what was done; a machine without either package, or without a target, is
"skipped" with the reason, and the caller decides whether that is an error.

Not covered: refit, several optimisation profiles, timing caches (RTX has none).
"""

from __future__ import annotations

import hashlib
import importlib
import logging
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from muse_core.errors import HardwareError, MuseError

logger = logging.getLogger(__name__)
MODULES = ("tensorrt", "tensorrt_rtx")
MAX_BATCH, MAX_TOKENS, MAX_PAST = 8, 256, 1024
HOPPER = (9, 0)


@dataclass(frozen=True)
class EngineReport:
    """`status` is built or skipped; `executed` whether the engine was run on a GPU here."""

    status: str
    reason: str = ""
    module: str = ""
    version: str = ""
    file: str = ""
    nbytes: int = 0
    sha256: str = ""
    executed: bool = False


def build_engine(onnx_path: Path, folder: Path, choice: str = "auto") -> EngineReport:
    """Builds `folder/<name>.engine`. `choice`: auto | off | require (then a skip is a HardwareError)."""
    if choice == "off":
        return EngineReport("skipped", "export.tensorrt is off")
    found = _find_module()
    reason = _why_not(found)
    if reason:
        if choice == "require":
            raise HardwareError(f"export.tensorrt=require, but {reason}")
        return EngineReport("skipped", reason)
    assert found is not None
    plan = _build(found, onnx_path)
    path = folder / f"{onnx_path.stem}.engine"
    path.write_bytes(plan)
    return EngineReport(
        "built",
        module=found.__name__,
        version=str(found.__version__),
        file=path.name,
        nbytes=len(plan),
        sha256=hashlib.sha256(plan).hexdigest(),
        executed=False,
    )


def _find_module() -> ModuleType | None:
    for name in MODULES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


def _why_not(module: ModuleType | None) -> str:
    if module is None:
        return "neither tensorrt nor tensorrt_rtx is installed; pip install -e '.[tensorrt]' installs one"
    gpu = torch.cuda.is_available()
    if module.__name__ == "tensorrt_rtx":
        if gpu and torch.cuda.get_device_capability() == HOPPER:
            return "TensorRT-RTX has no target for Hopper GPUs; install tensorrt instead"
        return ""
    return "" if gpu else "tensorrt needs a GPU to build engines and there is none here"


def _build(trt: ModuleType, onnx_path: Path) -> bytes:
    log = _Log.of(trt)
    builder = trt.Builder(log)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, log)
    if not parser.parse_from_file(str(onnx_path)):
        problems = "; ".join(str(parser.get_error(i)) for i in range(parser.num_errors))
        raise MuseError(f"TensorRT cannot read {onnx_path.name}: {problems[:600]}")
    config = builder.create_builder_config()
    config.add_optimization_profile(_profile(builder, network))
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise MuseError(f"TensorRT built no engine from {onnx_path.name}: {log.tail()}")
    return bytes(plan)


def _profile(builder: Any, network: Any) -> Any:
    """One profile: batch 1 to 8, 1 to 256 new tokens, 0 to 1024 past ones."""
    profile = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        shapes = [_shape(tensor, batch, tokens, past) for batch, tokens, past in _POINTS]
        profile.set_shape(tensor.name, *shapes)
    return profile


_POINTS = ((1, 1, 0), (1, 1, 256), (MAX_BATCH, MAX_TOKENS, MAX_PAST))


def _shape(tensor: Any, batch: int, tokens: int, past: int) -> tuple[int, ...]:
    if tensor.name == "attention_mask":
        return (batch, past + tokens)
    if tensor.name in ("input_ids", "position_ids"):
        return (batch, tokens)
    return (batch, tensor.shape[1], past, tensor.shape[3])


class _Log:
    """Keeps TensorRT's own lines, so that a failure can quote them."""

    @staticmethod
    def of(trt: ModuleType) -> Any:
        class Logger(trt.ILogger):  # type: ignore[name-defined, misc]
            def __init__(self) -> None:
                super().__init__()
                self.lines: list[str] = []

            def log(self, severity: Any, message: str) -> None:
                if severity <= trt.ILogger.Severity.WARNING:
                    self.lines.append(message)
                logger.debug("tensorrt: %s", message)

            def tail(self) -> str:
                return " | ".join(self.lines[-5:]) or "it gave no reason"

        return Logger()

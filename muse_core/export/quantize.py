"""Weight-only int8 of an ONNX graph: every 2-D MatMul weight becomes int8 with one scale per output
channel behind a DequantizeLinear node, so that the same file feeds ONNX Runtime and TensorRT.

Symmetric round-to-nearest, scale = max|w| / 127. Activations stay float. The token embedding (and an
output layer tied to it) stays float: it is looked up, not multiplied, and quantising it costs most
of the accuracy for the least of the speed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muse_core.errors import MuseError

if TYPE_CHECKING:
    import onnx

INT8_FILE = "model.int8.onnx"


def quantize_int8(source: Path, target: Path) -> int:
    """Writes `target` (and `target`.data) from `source`; returns how many weights were quantised.

    Raises MuseError when the graph has no MatMul with a constant 2-D weight."""
    import onnx

    model = onnx.load(source)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes: list[onnx.NodeProto] = []
    done: set[str] = set()
    for node in model.graph.node:
        name = node.input[1] if node.op_type == "MatMul" else ""
        if name in weights and len(weights[name].dims) == 2:
            if name not in done:
                nodes.append(_quantise_weight(model.graph, weights[name]))
                done.add(name)
            node.input[1] = f"{name}_dequantized"
        nodes.append(node)
    if not done:
        raise MuseError(f"{source.name} has no MatMul with a constant weight; nothing to quantise")
    _replace_nodes(model.graph, nodes, done)
    data = target.name + ".data"
    onnx.save(model, target, save_as_external_data=True, location=data, size_threshold=1024)
    return len(done)


def int8_per_channel(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`weight` [in, out] -> int8 [in, out] and float32 scales [out]."""
    scale = np.abs(weight).max(axis=0) / 127.0
    scale = np.where(scale == 0, 1.0, scale).astype(np.float32)
    return np.clip(np.rint(weight / scale), -127, 127).astype(np.int8), scale


def _quantise_weight(graph: onnx.GraphProto, tensor: onnx.TensorProto) -> onnx.NodeProto:
    """Adds the int8 tensor and its scales; returns the DequantizeLinear node that stands for the weight."""
    from onnx import helper, numpy_helper

    name = tensor.name
    quantised, scale = int8_per_channel(numpy_helper.to_array(tensor).astype(np.float32))
    graph.initializer.append(numpy_helper.from_array(quantised, f"{name}_int8"))
    graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
    return helper.make_node(
        "DequantizeLinear", [f"{name}_int8", f"{name}_scale"], [f"{name}_dequantized"], axis=1
    )


def _replace_nodes(graph: onnx.GraphProto, nodes: list[onnx.NodeProto], quantised: set[str]) -> None:
    still_read = {name for node in nodes for name in node.input}
    kept = [t for t in graph.initializer if t.name not in quantised or t.name in still_read]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.initializer[:]
    graph.initializer.extend(kept)

"""fp32 products of a linear layer: torch's own against `models/cpu_linear.py`.

    OMP_NUM_THREADS=2 python -m tests.benchmarks.linear_products --json

Forward and backward of one layer on 1,088 rows, in the shapes of the quickstart's model, of a 9M model and
of SmolLM2-135M; one after the other, again and again. Prints one JSON object: `cpu_ratio` and `wall_ratio`
(median of the paired ratios over repeats, by shape; above 1: oneDNN is faster) and `conditions`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from statistics import median

import torch
from torch import nn

from muse_core.models.cpu_linear import is_for_onednn, onednn_linear

ROWS, PASSES = 1088, 20
SHAPES = ((192, 192), (192, 512), (320, 864), (864, 320), (576, 1536))


def timed(layer: nn.Linear, values: torch.Tensor) -> tuple[float, float]:
    """CPU and wall seconds of some passes."""
    gradient = torch.ones(ROWS, layer.out_features)
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(PASSES):
        layer(values).backward(gradient)
    return time.process_time() - cpu, time.perf_counter() - wall


def ratios(inputs: int, outputs: int, repeats: int) -> tuple[float, float]:
    layer, values = nn.Linear(inputs, outputs, bias=False), torch.randn(ROWS, inputs, requires_grad=True)
    found = []
    for _ in range(repeats + 1):  # the first round builds the kernels
        plain = timed(layer, values)
        with onednn_linear(layer):
            found.append([one / other for one, other in zip(plain, timed(layer, values), strict=True)])
    cpu, wall = zip(*found[1:], strict=True)
    return median(cpu), median(wall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="the only format there is")
    asked = parser.parse_args()
    if not is_for_onednn(nn.Linear(8, 8)):
        sys.exit("linear_products: oneDNN is taken on CPUs with AVX-512 only; expected one")
    found = {f"{i}x{o}": ratios(i, o, asked.repeats) for i, o in SHAPES}
    conditions = {"rows": ROWS, "threads": torch.get_num_threads(), "torch": torch.__version__} | vars(asked)
    cpu, wall = ({name: round(pair[k], 3) for name, pair in found.items()} for k in (0, 1))
    print(json.dumps({"cpu_ratio": cpu, "wall_ratio": wall, "conditions": conditions}))


if __name__ == "__main__":
    main()

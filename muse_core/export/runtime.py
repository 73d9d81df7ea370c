"""An exported graph run by ONNX Runtime: greedy decoding with the flat cache, for parity and timing.

Not a server: one batch at a time, right lengths by left padding, no sampling.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.errors import ArtifactError


class OnnxModel:
    """`OnnxModel(path)`; `answers(prompts, …)` decodes. ArtifactError where the weights beside the graph are
    missing or cut off."""

    tells_log_probs = False

    def __init__(self, path: Path, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            providers = ["CPUExecutionProvider"]
            self.session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception:  # onnxruntime's own are many, and say little of a missing file
            check_data_files(path)
            raise
        self.past = [entry for entry in self.session.get_inputs() if entry.name.startswith("past_")]

    def answers(
        self, prompts: Sequence[Sequence[int]], stop: Collection[int], max_new_tokens: int
    ) -> tuple[np.ndarray, list[list[int]]]:
        """[prompts, vocab] float32 logits behind each prompt, and its greedy continuation, up to and
        including the first token of `stop`. Each prompt is read once."""
        decoding = OnnxDecoding(self, prompts)
        steps = [decoding.step()]
        first, ended = decoding.logits, np.isin(steps[0], list(stop))
        while len(steps) < max_new_tokens and not ended.all():
            steps.append(decoding.step())
            ended |= np.isin(steps[-1], list(stop))
        return first, [up_to_stop(row, stop) for row in np.stack(steps, 1).tolist()]

    def run(self, ids: np.ndarray, mask: np.ndarray, past: list[np.ndarray]) -> list[np.ndarray]:
        """Logits [rows, vocab] and the present cache of new tokens behind a past."""
        positions = np.maximum(mask.cumsum(-1) - 1, 0)[:, -ids.shape[1] :]
        feed: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
        feed.update({entry.name: value for entry, value in zip(self.past, past, strict=True)})
        return self.session.run(None, feed)

    def empty_past(self, rows: int) -> list[np.ndarray]:
        return [np.zeros((rows, entry.shape[1], 0, entry.shape[3]), np.float32) for entry in self.past]


class OnnxDecoding:
    """Rows under way. The first `step` reads the prompts, each further one a token."""

    def __init__(self, model: OnnxModel, prompts: Sequence[Sequence[int]]) -> None:
        self._model = model
        self._ids, self._mask = _left_padded(prompts)
        self.past = model.empty_past(len(prompts))
        self.logits = np.empty((len(prompts), 0), np.float32)  # [rows, vocab], of the last step

    def widen(self, rows: int) -> None:
        """From one row to so many equal ones."""
        self._ids, self._mask = np.repeat(self._ids, rows, 0), np.repeat(self._mask, rows, 0)
        self.past = [np.repeat(part, rows, 0) for part in self.past]

    def step(self) -> np.ndarray:
        """The next token of every row, greedy."""
        self.logits, *self.past = self._model.run(self._ids, self._mask, self.past)
        tokens = np.asarray(self.logits.argmax(-1))
        self._ids, self._mask = tokens[:, None], np.pad(self._mask, ((0, 0), (0, 1)), constant_values=1)
        return tokens


def up_to_stop(tokens: Sequence[int], stop: Collection[int]) -> list[int]:
    """Up to and including the first token of `stop`; all of them where there is none."""
    end = next((at + 1 for at, token in enumerate(tokens) if token in stop), len(tokens))
    return list(tokens[:end])


def check_data_files(path: Path) -> None:
    """ArtifactError where a file that holds the graph's weights is missing or too short."""
    import onnx

    if not path.is_file():
        raise ArtifactError(
            f"there is no file {path}; expected an exported graph with its .data file beside it"
        )
    needed: dict[str, int] = {}
    for tensor in onnx.load(path, load_external_data=False).graph.initializer:
        told = {entry.key: entry.value for entry in tensor.external_data}
        if "location" in told:
            end = int(told.get("offset", 0)) + int(told.get("length", 0))
            needed[told["location"]] = max(needed.get(told["location"], 0), end)
    for name, size in needed.items():
        beside = path.parent / name
        found = beside.stat().st_size if beside.is_file() else None
        if found is None or found < size:
            there = "it is missing" if found is None else f"it has {found:,} bytes"
            raise ArtifactError(
                f"{path.name} keeps its weights in {name} beside it, and {there}; expected {size:,} bytes. "
                "Copy both files together, or export again"
            )


def cache_problems(model: OnnxModel, prompt: Sequence[int], shape: tuple[int, int]) -> list[str]:
    """What is wrong with the cache over a prefill and three steps, at batches of 1 and 3; [] for nothing.
    `shape`: (key and value heads, size of a head)."""
    problems = []
    for rows in (1, 3):
        decoding = OnnxDecoding(model, [prompt] * rows)
        for step in range(4):
            decoding.step()
            wanted = (rows, shape[0], len(prompt) + step, shape[1])
            found = {value.shape for value in decoding.past} - {wanted}
            if found or not all(np.isfinite(value).all() for value in decoding.past):
                what = f"a cache of {found}" if found else "no finite numbers"
                problems.append(f"batch {rows}, step {step}: found {what}, expected {wanted}")
    return problems


def _left_padded(prompts: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    width = max(map(len, prompts))
    ids = np.zeros((len(prompts), width), np.int64)
    mask = np.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = prompt
        mask[row, width - len(prompt) :] = 1
    return ids, mask

"""An exported graph run by ONNX Runtime: greedy decoding with the flat cache, for parity and timing.

Not a server: one batch at a time, right lengths by left padding, no sampling.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np


class OnnxModel:
    """`OnnxModel(path)`; `greedy(prompts, …)` decodes, `last_logits(prompts)` scores."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.past = [entry for entry in self.session.get_inputs() if entry.name.startswith("past_")]

    def last_logits(self, prompts: Sequence[Sequence[int]]) -> np.ndarray:
        """[prompts, vocab] float32 logits after each prompt's last token."""
        ids, mask = _left_padded(prompts)
        return self._run(ids, mask, self._empty_past(len(prompts)))[0]

    def greedy(
        self, prompts: Sequence[Sequence[int]], stop: Collection[int], max_new_tokens: int
    ) -> list[list[int]]:
        """Each prompt's continuation, up to and including the first token of `stop`."""
        ids, mask = _left_padded(prompts)
        past = self._empty_past(len(prompts))
        produced: list[list[int]] = [[] for _ in prompts]
        for _ in range(max_new_tokens):
            logits, *past = self._run(ids, mask, past)
            tokens = logits.argmax(-1)
            for row, token in zip(produced, tokens.tolist(), strict=True):
                if not row or row[-1] not in stop:
                    row.append(token)
            if all(row[-1] in stop for row in produced):
                break
            ids, mask = tokens[:, None], np.pad(mask, ((0, 0), (0, 1)), constant_values=1)
        return produced

    def _run(self, ids: np.ndarray, mask: np.ndarray, past: list[np.ndarray]) -> list[np.ndarray]:
        positions = np.maximum(mask.cumsum(-1) - 1, 0)[:, -ids.shape[1] :]
        feed: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
        feed.update({entry.name: value for entry, value in zip(self.past, past, strict=True)})
        return self.session.run(None, feed)

    def _empty_past(self, rows: int) -> list[np.ndarray]:
        return [np.zeros((rows, entry.shape[1], 0, entry.shape[3]), np.float32) for entry in self.past]


def _left_padded(prompts: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    width = max(map(len, prompts))
    ids = np.zeros((len(prompts), width), np.int64)
    mask = np.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = prompt
        mask[row, width - len(prompt) :] = 1
    return ids, mask

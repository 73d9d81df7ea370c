"""Does the exported graph do what the PyTorch model does? Measured on development contexts.

fp32 must give the same logits (max |Δ|) and the same greedy tokens. int8 is judged on acts, because
its text may differ harmlessly: the share of contexts in which it takes the same decision and makes
the same call. Speed is tokens per second at batch 1, the graphs and `generate` run in turn.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from muse_core.export.runtime import OnnxModel
from muse_core.generation.decode import Sampling, decode, prefill
from muse_core.models.chat_format import END, RESULT
from muse_core.models.chat_reader import parse_turn
from muse_core.models.loading import LoadedModel

BATCH = 8
TIMED_TOKENS = 48
TIMED_ROUNDS = 3


@dataclass(frozen=True)
class Parity:
    """One graph against PyTorch. Shares are in [0, 1]; `max_logit_difference` in logits."""

    cases: int
    max_logit_difference: float
    same_tokens: float
    same_decision: float
    same_call: float
    tokens_per_s: float
    speed_ratio: float

    def as_metrics(self, name: str) -> dict[str, float]:
        return {f"{name}.{key}": float(value) for key, value in asdict(self).items()}


@torch.no_grad()
def check(loaded: LoadedModel, graph: OnnxModel, prompts: Sequence[list[int]], max_new_tokens: int) -> Parity:
    """Greedy first acts of `prompts` (token ids that end with an open assistant turn) on both."""
    stop = {int(loaded.tokenizer.convert_tokens_to_ids(token)) for token in (END, RESULT)}
    rows = prefill(loaded.model, prompts)
    logits = torch.stack([row.logits for row in rows]).cpu().numpy()
    decode(loaded.model, rows, stop, Sampling(max_new_tokens=max_new_tokens))
    batches = [prompts[start : start + BATCH] for start in range(0, len(prompts), BATCH)]
    theirs = [tokens for batch in batches for tokens in graph.greedy(batch, stop, max_new_tokens)]
    difference = np.abs(np.concatenate([graph.last_logits(batch) for batch in batches]) - logits).max()
    acts = [(_act(loaded, row.new), _act(loaded, new)) for row, new in zip(rows, theirs, strict=True)]
    speed, ratio = _speed(loaded, graph, prompts[0])
    return Parity(
        len(prompts),
        float(difference),
        float(np.mean([row.new == tokens for row, tokens in zip(rows, theirs, strict=True)])),
        float(np.mean([ours[0] == graph_act[0] for ours, graph_act in acts])),
        float(np.mean([ours == graph_act for ours, graph_act in acts])),
        speed,
        ratio,
    )


def _act(loaded: LoadedModel, tokens: list[int]) -> tuple[str, str]:
    """(decision, call): what the text does, not how a reply is worded."""
    turn = parse_turn(loaded.tokenizer.decode(tokens), 0)
    if turn.malformed or not turn.calls:
        return ("malformed" if turn.malformed else "none", "")
    return turn.calls[0].name, repr(sorted(turn.calls[0].arguments.items()))


def _speed(loaded: LoadedModel, graph: OnnxModel, prompt: list[int]) -> tuple[float, float]:
    """Tokens per second of the graph, and its ratio to `generate`; medians, run in turn."""
    ids = torch.tensor([prompt], device=loaded.device)

    def eager() -> None:
        loaded.model.generate(
            ids, attention_mask=torch.ones_like(ids), pad_token_id=loaded.tokenizer.pad_token_id,
            max_new_tokens=TIMED_TOKENS, min_new_tokens=TIMED_TOKENS, do_sample=False,
        )  # fmt: skip

    pairs = [
        (_seconds(eager), _seconds(lambda: graph.greedy([prompt], (), TIMED_TOKENS)))
        for _ in range(TIMED_ROUNDS)
    ]
    ours = statistics.median(pair[1] for pair in pairs)
    return TIMED_TOKENS / ours, statistics.median(pair[0] / pair[1] for pair in pairs)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start

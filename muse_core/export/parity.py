"""Does an exported graph do what the PyTorch model does? Measured on development contexts, greedy first acts.

In all and in slices, by language and by how sure the model is (the gap between its two likeliest first
tokens, in logits: where it is small, rounding decides). Against the gold act: right tool and exact call, of
both, with Wilson intervals; `drop` is what the graph loses of the greater one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from muse_core.evaluation.score.statistics import wilson
from muse_core.export.contexts import Context
from muse_core.generation.decode import Sampling, decode, prefill
from muse_core.models.chat_format import END, RESULT
from muse_core.models.chat_reader import ParsedTurn, parse_turn
from muse_core.models.learnt_shop import learnt_facets
from muse_core.models.loading import LoadedModel
from muse_core.progress import Progress, Silent
from muse_core.scoring.call_match import match_call
from muse_core.tools.shop_schema import ShopSchema, schema_of
from muse_core.types import LANGUAGES

BATCH = 8
SILENT = Silent()
MARGINS = ((0.0, 1.0), (1.0, 4.0), (4.0, float("inf")))


class Form(Protocol):
    """An exported form at work. `answers`: what it thinks of the next token of each prompt, [prompts,
    vocabulary], and its greedy text. The former are logits; where `tells_log_probs`, log-probabilities, NaN
    for tokens of which it says nothing (they count as equal)."""

    tells_log_probs: bool

    def answers(
        self, prompts: Sequence[Sequence[int]], stop: Collection[int], max_new_tokens: int
    ) -> tuple[np.ndarray, list[list[int]]]: ...


@dataclass(frozen=True)
class Rate:
    """A share of `n` cases with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}]"


@dataclass(frozen=True)
class Slice:
    """Shares are in [0, 1]; `max_logit_difference` in logits."""

    cases: int
    max_logit_difference: float
    same_tokens: float
    same_decision: float
    same_call: float


@dataclass(frozen=True)
class Parity:
    """One graph against PyTorch. `slices`: "language=hi", "margin<1" … -> figures; `first_difference`: the
    first context in which they wrote different things, with both texts, "" where there is none."""

    whole: Slice
    slices: dict[str, Slice]
    tool_accuracy: Rate
    exact_call: Rate
    tool_accuracy_of_model: Rate
    exact_call_of_model: Rate
    first_difference: str = ""

    @property
    def drop(self) -> float:
        """What the graph loses of tool accuracy or exact call, whichever is more; 0 for nothing."""
        tool = self.tool_accuracy_of_model.value - self.tool_accuracy.value
        return max(tool, self.exact_call_of_model.value - self.exact_call.value, 0.0)

    def as_metrics(self, name: str) -> dict[str, float]:
        flat = {key: float(value) for key, value in vars(self.whole).items()} | {"drop": self.drop}
        for key in ("tool_accuracy", "exact_call"):
            rate: Rate = getattr(self, key)
            flat |= {key: rate.value, f"{key}.low": rate.low, f"{key}.high": rate.high}
        return {f"{name}.{key}": value for key, value in flat.items()}


@dataclass(frozen=True)
class _Case:
    """What both wrote in one context."""

    context: Context
    difference: float
    margin: float
    ours: list[int]
    graphs: list[int]
    our_act: ParsedTurn
    graph_act: ParsedTurn


@torch.no_grad()
def check(
    loaded: LoadedModel,
    graph: Form,
    contexts: Sequence[Context],
    max_new_tokens: int,
    progress: Progress = SILENT,
) -> Parity:
    """Both on all contexts."""
    cases = list(_answered(loaded, graph, contexts, max_new_tokens, progress))
    schema = schema_of(learnt_facets(loaded.about))
    ours, graphs = [one.our_act for one in cases], [one.graph_act for one in cases]
    return Parity(
        _slice(cases),
        {name: _slice(part) for name, part in _parts(cases)},
        _tool_accuracy(contexts, graphs),
        _exact_call(contexts, graphs, schema),
        _tool_accuracy(contexts, ours),
        _exact_call(contexts, ours, schema),
        _first_difference(loaded, cases),
    )


def _answered(
    loaded: LoadedModel, graph: Form, contexts: Sequence[Context], max_new_tokens: int, progress: Progress
) -> Iterator[_Case]:
    stop = {int(loaded.tokenizer.convert_tokens_to_ids(token)) for token in (END, RESULT)}
    rows = prefill(loaded.model, [one.ids for one in contexts])
    told = torch.stack([row.logits for row in rows if row.logits is not None]).float()
    logits = (told.log_softmax(-1) if graph.tells_log_probs else told).cpu().numpy()
    decode(loaded.model, rows, stop, Sampling(max_new_tokens=max_new_tokens))
    theirs = _of_the_form(graph, contexts, stop, max_new_tokens, progress)
    for context, row, mine, (found, new) in zip(contexts, rows, logits, theirs, strict=True):
        second, first = np.sort(mine)[-2:]
        acts = (parse_turn(loaded.tokenizer.decode(tokens), 0) for tokens in (row.new, new))
        known = np.abs(found - mine)[~np.isnan(found)]
        difference = float(known.max()) if len(known) else 0.0
        yield _Case(context, difference, float(first - second), row.new, new, *acts)


def _of_the_form(
    graph: Form, contexts: Sequence[Context], stop: Collection[int], max_new_tokens: int, progress: Progress
) -> list[tuple[np.ndarray, list[int]]]:
    """Logits and text of each context. Prompts of about one length go together: padding costs like text."""
    order = sorted(range(len(contexts)), key=lambda at: len(contexts[at].ids))
    found: dict[int, tuple[np.ndarray, list[int]]] = {}
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        answers = graph.answers([contexts[at].ids for at in batch], stop, max_new_tokens)
        found.update(zip(batch, zip(*answers, strict=True), strict=True))
        progress.update(len(found), len(order), "contexts answered")
    return [found[at] for at in range(len(contexts))]


def decision(act: ParsedTurn) -> str:
    """The tool that an act calls first, `none`, or `malformed`."""
    if act.malformed:
        return "malformed"
    return act.calls[0].name if act.calls else "none"


def _call(act: ParsedTurn) -> tuple[str, str]:
    """What an act does, not how its reply is worded."""
    calls = act.calls if not act.malformed else ()
    return decision(act), repr([sorted(call.arguments.items()) for call in calls])


def _slice(cases: Sequence[_Case]) -> Slice:
    def share(same: Iterator[bool]) -> float:
        return float(np.mean(list(same)))

    return Slice(
        len(cases),
        max(one.difference for one in cases),
        share(one.ours == one.graphs for one in cases),
        share(decision(one.our_act) == decision(one.graph_act) for one in cases),
        share(_call(one.our_act) == _call(one.graph_act) for one in cases),
    )


def _parts(cases: Sequence[_Case]) -> Iterator[tuple[str, list[_Case]]]:
    named = {f"language={one}": [c for c in cases if c.context.language == one] for one in LANGUAGES}
    for low, high in MARGINS:
        name = f"margin>={low:g}" if high == float("inf") else f"margin<{high:g}"
        named[name] = [one for one in cases if low <= one.margin < high]
    return ((name, part) for name, part in named.items() if part)


def _tool_accuracy(contexts: Sequence[Context], acts: Sequence[ParsedTurn]) -> Rate:
    return _rate([decision(act) == one.decision for one, act in zip(contexts, acts, strict=True)])


def _exact_call(contexts: Sequence[Context], acts: Sequence[ParsedTurn], schema: ShopSchema) -> Rate:
    """Of the contexts in which a call is due."""
    return _rate(
        [
            not act.malformed
            and match_call(one.call, next(iter(act.calls), None), one.optional, schema).exact
            for one, act in zip(contexts, acts, strict=True)
            if one.call is not None
        ]
    )


def _rate(right: Sequence[bool]) -> Rate:
    """Of no case nothing is known: between 0 and 1."""
    if not right:
        return Rate(0.0, 0.0, 1.0, 0)
    low, high = wilson(sum(right), len(right))
    return Rate(sum(right) / len(right), low, high, len(right))


def _first_difference(loaded: LoadedModel, cases: Sequence[_Case]) -> str:
    for one in cases:
        if one.ours != one.graphs:
            ours, graphs = (loaded.tokenizer.decode(tokens) for tokens in (one.ours, one.graphs))
            return (
                f"“{one.context.text}” ({one.context.language}): PyTorch wrote {ours!r}, the graph {graphs!r}"
            )
    return ""

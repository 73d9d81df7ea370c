"""The assistant's turn: decode, run the tools it calls, decode on, until it replies. Batched.

`respond` takes many requests at once, each with its own shop world, and returns what the assistant
did in each: the calls, their results and the reply, as messages. Requests do not influence each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from muse_core.generation.decode import Row, Sampling, decode, prefill
from muse_core.models.chat_format import END, RESULT, parse_turn, result_text
from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer import encode, encode_text
from muse_core.progress import Progress
from muse_core.records import tool_message
from muse_core.tools.base import ShopWorld
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Message, ToolResult

MAX_ROUNDS = 4  # rounds of calls in one turn; a plan of three tools needs three
SLICE = 512  # requests whose caches are held at the same time


@dataclass(frozen=True)
class TurnRequest:
    """`context` ends with a user message; `world` stands as it was before this turn; `turn` is the
    0-based user turn; `seed` is used when sampling."""

    context: tuple[Message, ...]
    world: ShopWorld
    turn: int
    seed: int = 0


@dataclass(frozen=True)
class TurnOutcome:
    """`messages`: every act of the turn with its tool messages; `text`: the model's own text of all
    acts; `malformed`: a call that cannot be read, or no end within the limit; `stopped`: why it ended."""

    messages: tuple[Message, ...]
    text: str
    malformed: bool
    stopped: str  # "end" | "length" | "calls"


@dataclass
class _Turn:
    request: TurnRequest
    row: Row
    messages: list[Message] = field(default_factory=list)
    text: str = ""
    outcome: TurnOutcome | None = None
    calls: int = 0

    def finish(self, stopped: str, malformed: bool = False) -> None:
        self.outcome = TurnOutcome(tuple(self.messages), self.text, malformed, stopped)


def respond(
    loaded: LoadedModel,
    requests: Sequence[TurnRequest],
    sampling: Sampling,
    *,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> list[TurnOutcome]:
    """One outcome per request, in order. `sampling.max_new_tokens` bounds each act of the turn."""
    outcomes: list[TurnOutcome] = []
    for start in range(0, len(requests), SLICE):
        outcomes += _respond_slice(loaded, requests[start : start + SLICE], sampling, batch_size)
        if progress is not None:
            progress.update(len(outcomes), len(requests), "turns")
    return outcomes


def _respond_slice(
    loaded: LoadedModel, requests: Sequence[TurnRequest], sampling: Sampling, batch_size: int
) -> list[TurnOutcome]:
    longest = loaded.model.config.max_position_embeddings - (MAX_ROUNDS + 1) * sampling.max_new_tokens
    prompts = [encode(loaded.tokenizer, request.context, True, longest).ids for request in requests]
    turns = [
        _Turn(request, row) for request, row in zip(requests, prefill(loaded.model, prompts), strict=True)
    ]
    for turn in turns:
        turn.row.rng = np.random.default_rng(turn.request.seed)
    for _ in range(MAX_ROUNDS + 1):
        going = [turn for turn in turns if turn.outcome is None]
        for batch in _batches(going, batch_size):
            _advance(loaded, batch, sampling)
    for turn in turns:
        if turn.outcome is None:
            turn.finish("calls", malformed=True)
    return [turn.outcome for turn in turns if turn.outcome is not None]


def _batches(turns: Sequence[_Turn], size: int) -> Iterator[list[_Turn]]:
    """Rows of like length together: a batch is as wide as its longest row."""
    ordered = sorted(turns, key=lambda turn: turn.row.length + len(turn.row.pending))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _advance(loaded: LoadedModel, turns: Sequence[_Turn], sampling: Sampling) -> None:
    """One act of every turn: decoded up to `<result>` or `<|end|>`, its calls run."""
    end, run = (loaded.tokenizer.convert_tokens_to_ids(token) for token in (END, RESULT))
    decode(loaded.model, [turn.row for turn in turns], {end, run}, sampling)
    for turn in turns:
        text = loaded.tokenizer.decode(turn.row.new, clean_up_tokenization_spaces=False)
        turn.text += text
        _take_act(loaded, turn, text, is_complete=turn.row.new[-1] in (end, run))


def _take_act(loaded: LoadedModel, turn: _Turn, text: str, is_complete: bool) -> None:
    act = parse_turn(text, turn.request.turn, turn.calls)
    if act.calls and act.malformed is None:
        turn.messages.append(Message("assistant", "", act.calls))
        turn.calls += len(act.calls)
    elif not act.calls and act.reply is not None:
        turn.messages.append(Message("assistant", act.reply))
    if act.malformed is not None or not is_complete:
        turn.finish("end" if is_complete else "length", malformed=True)
    elif act.calls:
        _run_calls(loaded, turn, [Toolbox(turn.request.world).run(call) for call in act.calls])
    else:
        turn.finish("end")


def _run_calls(loaded: LoadedModel, turn: _Turn, results: Sequence[ToolResult]) -> None:
    """Appends the results to the messages and to the row, for the next act to read."""
    for position, result in enumerate(results):
        turn.messages.append(tool_message(result))
        shown = ("" if position == 0 else RESULT, result_text(result))
        for text in filter(None, shown):
            turn.row.pending += encode_text(loaded.tokenizer, text)

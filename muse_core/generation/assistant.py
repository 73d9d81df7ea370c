"""The assistant's turn: decode, run the tools it calls, decode on, until it replies. Batched.

`respond` takes many requests at once, each with its own shop world, and returns what the assistant
did in each: the calls, their results and the reply, as messages. Requests do not influence each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from muse_core.generation.crew import Luggage, open_crew
from muse_core.generation.decode import Decoder
from muse_core.generation.grammar import Guide, grammar_of
from muse_core.generation.prefill import Row, prefill_in_turn
from muse_core.generation.read_values import read_values
from muse_core.generation.sampling import Sampling
from muse_core.generation.taught import TaughtGuide, sayable, taught_guide
from muse_core.models.chat_format import END, RESULT, result_text
from muse_core.models.chat_reader import ParsedTurn, parse_turn
from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer import encode, encode_text
from muse_core.profiles.system_line import language_of
from muse_core.progress import Progress, Silent
from muse_core.reading.shop_words import ShopWords, words_of
from muse_core.records import tool_message
from muse_core.tools.base import Session, ShopWorld
from muse_core.tools.shop_schema import schema_of
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Message, ToolCall
from muse_core.world.turns import since_the_shopper

MAX_ROUNDS = 4  # rounds of calls in one turn; a plan of three tools needs three


@dataclass(frozen=True)
class TurnRequest:
    """`context` ends with a user message; `world` stands as it was before this turn; `turn` is the
    0-based user turn; `seed` is used when sampling; `sampling`: its own, in place of the call's. A turn
    that goes on behind acts of its own has these at the end of `context`; `calls` of them were calls.
    `runs_tools` off: the turn ends at its first act with calls, which somebody else runs. `words`: of the
    shop in which the user's words are read, where it is not that of `world`.

    Requests that share the very same `context` object (the samples of one context) are read once."""

    context: tuple[Message, ...]
    world: ShopWorld
    turn: int
    seed: int = 0
    sampling: Sampling | None = None
    calls: int = 0
    runs_tools: bool = True
    words: ShopWords | None = None


@dataclass(frozen=True)
class TurnOutcome:
    """`messages`: every act of the turn with its tool messages; `text`: the model's own text of all
    acts; `malformed`: a call that cannot be read, `<result>` without a call, or no end within a limit;
    `stopped`: why it ended:

    - `end`: it replied, or wrote what cannot be read
    - `length`: an act of `max_new_tokens` without an end
    - `calls`: it went on calling after MAX_ROUNDS rounds of calls
    - `handed`: its calls are for somebody else to run
    - `positions`: the context, or a result, left no room among the positions that the model has
    """

    messages: tuple[Message, ...]
    text: str
    malformed: bool
    stopped: str


@dataclass
class Turn:
    """A turn under way: what was done so far, and the outcome once it is over."""

    request: TurnRequest
    sampling: Sampling
    messages: list[Message] = field(default_factory=list)
    text: str = ""
    outcome: TurnOutcome | None = None
    calls: int = 0
    acts: int = 0

    def take(self, act: ParsedTurn) -> None:
        """Writes down what an act says: whole calls, or a reply."""
        if act.calls and act.malformed is None:
            self.messages.append(Message("assistant", "", act.calls))
            self.calls += len(act.calls)
        elif not act.calls and act.reply is not None:
            self.messages.append(Message("assistant", act.reply))


def respond(
    loaded: LoadedModel,
    requests: Sequence[TurnRequest],
    sampling: Sampling,
    *,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> list[TurnOutcome]:
    """One outcome per request, in order. `max_new_tokens` bounds each act of the turn. Each request's world
    is left as its calls have changed it. Inside `crew_of` many requests are shared among processes.

    Memory: that of `Decoder`, and the token ids of all requests."""
    crew = open_crew()
    if crew is None or not crew.is_worth(len(requests)):
        return _respond_here(loaded, requests, sampling, batch_size, progress)
    outcomes: list[TurnOutcome] = []
    work = partial(_respond_there, crew.pack(loaded), sampling, batch_size)
    for answered in crew.share(work, requests):
        for outcome, session in answered:
            requests[len(outcomes)].world.session = session
            outcomes.append(outcome)
        if progress is not None:
            progress.update(len(outcomes), len(requests), "turns")
    return outcomes


def _respond_there(
    model: Luggage, sampling: Sampling, batch_size: int, requests: Sequence[TurnRequest]
) -> list[tuple[TurnOutcome, Session]]:
    """In a process of a crew: the outcomes, and the sessions that the calls have left."""
    outcomes = _respond_here(model.unpack(), requests, sampling, batch_size, None)
    return [(outcome, request.world.session) for outcome, request in zip(outcomes, requests, strict=True)]


def _respond_here(
    loaded: LoadedModel,
    requests: Sequence[TurnRequest],
    sampling: Sampling,
    batch_size: int,
    progress: Progress | None,
) -> list[TurnOutcome]:
    turns = dict(enumerate(turn_of(one, sampling) for one in requests))
    room = _CountedRoom(loaded, progress or Silent(), len(turns))
    rows = room.rows(turns)
    Decoder(loaded.model, rows, {room.end, room.call}, room.after_act, batch_size).run()
    return [turn.outcome for turn in turns.values() if turn.outcome is not None]


def turn_of(request: TurnRequest, sampling: Sampling) -> Turn:
    """A turn at its beginning; one whose calls somebody else has run goes on counting its rounds."""
    acts = 0 if request.runs_tools else _acts_at_the_end(request.context)
    return Turn(request, request.sampling or sampling, calls=request.calls, acts=acts)


def _acts_at_the_end(context: Sequence[Message]) -> int:
    return sum(bool(message.tool_calls) for message in since_the_shopper(context))


class Room:
    """All turns under way, by number: who enters, and what happens when one of them has written an act."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.model, self.tokenizer, self.replies = loaded.model, loaded.tokenizer, loaded.replies
        self.turns: dict[int, Turn] = {}
        self.end, self.call = (self.tokenizer.convert_tokens_to_ids(tag) for tag in (END, RESULT))
        self.positions = int(self.model.config.max_position_embeddings)

    def rows(self, turns: Mapping[int, Turn]) -> Iterator[list[Row]]:
        """Turns that enter, as rows; one whose last user message alone is too long to be read is over."""
        self.turns.update(turns)
        prompts = self._prompts(turns)
        readable = [number for number, prompt in prompts.items() if len(prompt) < self.positions]
        for number in set(turns) - set(readable):
            self._finish(number, "positions", malformed=True)
        for rows in prefill_in_turn(self.model, [prompts[number] for number in readable]):
            for row in rows:
                row.number = readable[row.number]
                turn = self.turns[row.number]
                row.sampling, row.rng = turn.sampling, np.random.default_rng(turn.request.seed)
                row.guide = self._guide(turn)
            yield rows

    def _guide(self, turn: Turn) -> Guide | TaughtGuide | None:
        """For the next act of a turn, in grammar mode."""
        if turn.sampling.grammar in ("auto", "off"):
            return None
        if turn.sampling.grammar == "taught":
            context = turn.request.context
            told = sayable(self.replies.get(language_of(context), {}), context)
            return taught_guide(self.tokenizer, told)
        words = turn.request.words or words_of(turn.request.world.catalog)
        grammar = grammar_of(self.tokenizer, self.model.config.vocab_size, schema_of(words.facets))
        if turn.sampling.grammar == "schema":
            return grammar.guide()
        return grammar.guide(read_values((*turn.request.context, *turn.messages), words))

    def _prompts(self, turns: Mapping[int, Turn]) -> dict[int, list[int]]:
        """Each context's token ids, cut at user turns so that there is room for the turn to come."""
        found: dict[tuple[int, int], list[int]] = {}
        prompts = {}
        for number, turn in turns.items():
            context = turn.request.context
            answer = (MAX_ROUNDS + 1) * turn.sampling.max_new_tokens
            longest = max(self.positions - answer, self.positions // 2)
            key = (id(context), longest)
            if key not in found:
                found[key] = encode(self.tokenizer, context, True, longest).ids
            prompts[number] = found[key]
        return prompts

    def after_act(self, row: Row) -> list[int] | None:
        """One act: read, its calls run. What the model reads next; None when the turn is over."""
        turn = self.turns[row.number]
        text = self.tokenizer.decode(row.new, clean_up_tokenization_spaces=False)
        turn.text += text
        turn.acts += 1
        act = parse_turn(text, turn.request.turn, turn.calls)
        turn.take(act)
        if row.new[-1] not in (self.end, self.call):
            is_long = len(row.new) >= row.sampling.max_new_tokens
            self._finish(row.number, "length" if is_long else "positions", malformed=True)
        elif act.malformed is not None or not act.calls:
            is_result_of_nothing = not act.calls and row.new[-1] == self.call
            self._finish(row.number, "end", malformed=act.malformed is not None or is_result_of_nothing)
        elif not turn.request.runs_tools:
            self._hand_over(row.number, turn)
        else:
            row.guide = self._guide(turn)
            return self._run_calls(row, turn, act.calls)
        return None

    def _hand_over(self, number: int, turn: Turn) -> None:
        if turn.acts <= MAX_ROUNDS:
            self._finish(number, "handed", malformed=False)
        else:
            turn.messages.pop()  # nobody runs these
            self._finish(number, "calls", malformed=True)

    def _run_calls(self, row: Row, turn: Turn, calls: Sequence[ToolCall]) -> list[int] | None:
        """Appends the results; their token ids as the model reads them behind its own `<result>`."""
        results = [Toolbox(turn.request.world).run(call) for call in calls]
        turn.messages += [tool_message(result) for result in results]
        texts = [part for result in results for part in (RESULT, result_text(result))][1:]
        shown = [token for text in texts for token in encode_text(self.tokenizer, text)]
        if turn.acts > MAX_ROUNDS:
            self._finish(row.number, "calls", malformed=True)
        elif row.length + len(shown) >= self.positions:
            self._finish(row.number, "positions", malformed=True)
        else:
            return shown
        return None

    def _finish(self, number: int, stopped: str, malformed: bool) -> None:
        turn = self.turns.pop(number)
        turn.outcome = TurnOutcome(tuple(turn.messages), turn.text, malformed, stopped)


class _CountedRoom(Room):
    """One that says how many of its turns are over."""

    def __init__(self, loaded: LoadedModel, progress: Progress, count: int) -> None:
        super().__init__(loaded)
        self.progress, self.count, self.finished = progress, count, 0

    def _finish(self, number: int, stopped: str, malformed: bool) -> None:
        super()._finish(number, stopped, malformed)
        self.finished += 1
        self.progress.update(self.finished, self.count, "turns")

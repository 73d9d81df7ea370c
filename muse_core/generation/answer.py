"""How a turn is answered, everywhere: served, measured, in the closed loop.

The model reads the conversation behind the system line of the shopper's last turn (`system_line.py`), runs
its tools, and replies. What must not be shown (`faults.py`) is repaired: the calls of the turn stay, and the
model goes on behind them once more, drawing at a temperature or held to sentences that it was taught, a few
times; then a safe sentence stands in.
Every answer says what was wrong and what was done, and keeps the model's own turn, which is what metrics
about the model judge. Greedy and repaired turns alike follow from the request alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from muse_core.dialogue.safe_replies import safe_reply
from muse_core.generation.assistant import TurnOutcome, TurnRequest, respond
from muse_core.generation.decode import Sampling
from muse_core.generation.faults import Fault, fault_of
from muse_core.generation.taught import sayable
from muse_core.models.loading import LoadedModel
from muse_core.profiles.system_line import addressed, language_of
from muse_core.progress import Progress
from muse_core.reading.attached import with_readings
from muse_core.reading.shop_words import words_of
from muse_core.records import calls_of, result_values
from muse_core.tools.references import last_shown, lexicalise
from muse_core.types import Language, Message
from muse_core.world.turns import reply_of, since_the_shopper

GREEDY = Sampling(temperature=0.0)
TRIES = 3
LAST_TRY = TRIES - 1
WARMTH, MASS = 0.7, 0.95  # of the samples that repair

Repair = Literal["sample", "sentence"]


@dataclass(frozen=True)
class Answered:
    """One turn as it is served: its messages, and the reply as the shopper reads it.

    `own` is what the model did by itself, `fault` what must not be shown of it, `repair` what stands in its
    place: another sample, or a safe sentence. Without a repair the turn is the model's own."""

    messages: tuple[Message, ...]
    text: str
    language: Language
    own: TurnOutcome
    fault: Fault | None = None
    repair: Repair | None = None


def answer(
    loaded: LoadedModel,
    requests: Sequence[TurnRequest],
    sampling: Sampling = GREEDY,
    *,
    repairs: bool = True,
    progress: Progress | None = None,
) -> list[Answered]:
    """The assistant's turn for each request, in order; the worlds stand behind what is served.

    `repairs` off: faults are found and named, but stay."""
    asked = [as_read(loaded, one) for one in requests]
    sampling = as_served(loaded, sampling)
    outcomes = respond(loaded, asked, sampling, progress=progress)
    turns = [ServedTurn(loaded, request, own) for request, own in zip(asked, outcomes, strict=True)]
    for number in range(TRIES if repairs else 0):
        broken = [turn for turn in turns if turn.may_go_on]
        again = [turn.once_more(number, sampling) for turn in broken]
        for turn, outcome in zip(broken, respond(loaded, again, sampling) if again else (), strict=True):
            turn.take(outcome)
    return [turn.answered(repairs) for turn in turns]


def as_read(loaded: LoadedModel, request: TurnRequest) -> TurnRequest:
    """The request as the model reads it: behind the shopper's line as it is now, with the rules' readings
    where it has learnt with them."""
    context = addressed(request.context)
    if loaded.reads:
        context = with_readings(context, request.words or words_of(request.world.catalog))
    return replace(request, context=context)


def as_served(loaded: LoadedModel, sampling: Sampling) -> Sampling:
    """How a model is decoded where somebody is answered: a value that nobody said cannot be written by one
    that has learnt with readings."""
    if sampling.grammar != "auto":
        return sampling
    return replace(sampling, grammar="readings" if loaded.reads else "off")


class ServedTurn:
    """A turn on its way to the shopper, as the model did it itself at first; each sample is taken, until it
    may not go on. `kept`: acts that stay, whatever is said behind them."""

    def __init__(self, loaded: LoadedModel, request: TurnRequest, own: TurnOutcome) -> None:
        self.request, self.own, self.session = request, own, request.world.session
        self.messages, self.kept = own.messages, tuple(_without_reply(own.messages))
        self.language = language_of(request.context)
        self.taught = loaded.replies.get(self.language, {})
        self.fault = self._fault_of(own, own.messages)
        self.repair: Repair | None = None

    def _fault_of(self, outcome: TurnOutcome, messages: Sequence[Message]) -> Fault | None:
        """Calls that somebody else runs say nothing that could be wrong."""
        if outcome.stopped == "handed":
            return None
        return fault_of(self.request.context, messages, outcome.malformed, self.language, self.taught)

    @property
    def may_go_on(self) -> bool:
        """Whether another sample is wanted, and there is room for it."""
        return self.fault is not None and self.repair is None and self.own.stopped != "positions"

    def once_more(self, number: int, sampling: Sampling) -> TurnRequest:
        """The same turn behind the acts that stay: drawn, or written down the sentences that were taught, at
        once where the words are the matter, else at last."""
        self.request.world.session = self.session
        context = (*self.request.context, *self.kept)
        by_heart = self.fault == "words" or (self.fault in ("reference", "value") and number == LAST_TRY)
        return replace(
            self.request,
            context=context,
            seed=zlib.crc32(f"{self.request.seed} {number} {self.own.text}".encode()),
            sampling=replace(sampling, grammar="taught")
            if by_heart and sayable(self.taught, context)
            else replace(sampling, temperature=WARMTH, top_p=MASS),
            calls=self.request.calls + len(calls_of(self.kept)),
        )

    def take(self, outcome: TurnOutcome) -> None:
        """A sample that can be shown stands in for the model's own turn."""
        messages = (*self.kept, *outcome.messages)
        if self._fault_of(outcome, messages) is None:
            self.messages, self.repair = messages, "sample"

    def answered(self, repairs: bool) -> Answered:
        """What is served."""
        if repairs and self.fault is not None and self.repair is None:
            self.request.world.session = self.session
            self.messages, self.repair = (*self.kept, Message("assistant", self._safe())), "sentence"
        shown = last_shown(result_values((*self.request.context, *self.messages)))
        text, _ = lexicalise(reply_of(self.messages), shown, self.language)
        return Answered(self.messages, text, self.language, self.own, self.fault, self.repair)

    def _safe(self) -> str:
        """The safe sentence behind all results of this turn, those that somebody else sent included."""
        context = self.request.context
        under_way = since_the_shopper(context)
        asked = context[len(context) - len(under_way) - 1]
        return safe_reply(result_values((*under_way, *self.kept)), self.language, asked.content)


def _without_reply(turn: Sequence[Message]) -> Sequence[Message]:
    is_reply = bool(turn) and turn[-1].role == "assistant" and not turn[-1].tool_calls
    return turn[:-1] if is_reply else turn

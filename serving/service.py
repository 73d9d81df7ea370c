"""The assistant behind the server: from a request to its answer, within the limits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from starlette.concurrency import run_in_threadpool

from muse_core.generation.answer import Answered
from muse_core.generation.assistant import TurnRequest
from muse_core.generation.live import SLOTS, LiveAnswers, Ticket
from muse_core.generation.request_messages import Unreadable
from muse_core.generation.requests import turn_of
from muse_core.records import result_values
from muse_core.tools.references import items_of
from muse_core.types import JsonValue
from serving.completions import Asked, Completion
from serving.limits import Limits
from serving.memory import TurnMemory
from serving.metrics import Metrics
from serving.refusals import Refused
from serving.shared_index import SharedIndex
from serving.turn_facts import trace_of, turn_facts
from serving.turn_log import JsonLines, Listener, Teller

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex
    from muse_core.models.loading import LoadedModel

log = logging.getLogger(__name__)
NAME = "muse"
LOOK_EVERY_S = 0.2  # whether the client is still there

Gone = Callable[[], Awaitable[bool]]


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(eq=False)
class Begun:
    """A turn under way; `ticket` is there once it could be read."""

    asked: Asked
    at: float = field(default_factory=time.monotonic)
    ticket: Ticket = field(init=False)


@dataclass
class Service:
    """One model in one shop. `home`: where feedback and the turn log are kept; `key`: what requests must
    carry, "" = none; `version`: names the model in what is told of turns; `traces`: who is told all of it."""

    loaded: LoadedModel
    catalog: CatalogIndex
    home: Path
    limits: Limits = field(default_factory=Limits)
    key: str = ""
    slots: int = SLOTS
    version: str = NAME
    traces: Listener | None = None
    memory: TurnMemory = field(default_factory=TurnMemory)
    under_way: set[Begun] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.index = cast("CatalogIndex", SharedIndex(self.catalog))
        self.live = LiveAnswers(self.loaded, self.slots)
        self.metrics = Metrics(lambda: len(self.under_way))
        self.feedback = JsonLines(self.home / "feedback" / "feedback.jsonl")
        turns = JsonLines(self.home / "serving" / "turns.jsonl")
        self._log = Teller(lambda _, facts: turns.append(facts), self.metrics.told("turn_log"))
        self._traces = Teller(self.traces, self.metrics.told("traces")) if self.traces else None
        self.started = int(time.time())

    def warm_up(self) -> None:
        """Computes before the first request what it would wait for: the pictures' index."""
        _ = self.index.pictures

    def close(self) -> None:
        """Ends the decoding thread, and the others once they have said what they still had."""
        self.live.close()
        for teller in (self._log, self._traces):
            if teller is not None:
                teller.close()

    async def answer(self, asked: Asked, is_gone: Gone) -> Completion:
        """The answer; raises what `begin` and `finish` raise."""
        return await self.finish(await self.begin(asked), is_gone)

    async def begin(self, asked: Asked) -> Begun:
        """The turn on its way to a slot. Refused: unreadable, or too many at once."""
        self._admit()
        began = Begun(asked)
        self.under_way.add(began)
        try:
            turn = await run_in_threadpool(self._turn, asked)
            began.ticket = self.live.ask(turn, asked.sampling)
        except BaseException:
            self.under_way.discard(began)
            raise
        began.ticket.answer.add_done_callback(lambda _: self.under_way.discard(began))
        return began

    async def finish(self, began: Begun, is_gone: Gone) -> Completion:
        """Waits for the answer. Refused: it failed or took too long; ClientGone. Either frees the slot."""
        ticket = began.ticket
        answered = await self._wait(ticket, is_gone, began.at + self.limits.turn_s)
        done = Completion(
            began.asked,
            answered,
            NAME,
            ticket.prompt_tokens,
            ticket.completion_tokens,
            self._pictured(answered),
        )
        self.memory.keep(done)
        seconds = time.monotonic() - began.at
        self.metrics.answered(answered, seconds, ticket.prompt_tokens, ticket.completion_tokens)
        self._tell(done, seconds)
        return done

    def _tell(self, done: Completion, seconds: float) -> None:
        facts = turn_facts(done, seconds, self.version, str(self.loaded.about.get("format_digest", "")))
        self._log.tell("turn", facts)
        if self._traces is not None:
            self._traces.tell("turn", trace_of(done, facts))

    def keep_feedback(self, row: dict[str, Any]) -> None:
        """Stores a piece of feedback, and tells of it behind its turn."""
        self.feedback.append(row)
        self.metrics.feedback.labels(row["thumb"]).inc()
        if self._traces is not None:
            self._traces.tell("feedback", row)

    def _admit(self) -> None:
        if len(self.under_way) >= self.limits.at_once:
            seconds = self.limits.retry_after_s
            raise Refused(
                429,
                f"{len(self.under_way)} turns are under way, at most {self.limits.at_once} may be; try again "
                f"in {seconds} s",
                "too_many_at_once",
                headers={"Retry-After": str(seconds)},
            )
        if not self.live.is_alive:
            raise Refused(503, "the decoding thread has ended; start the server again", "not_ready")

    def _turn(self, asked: Asked) -> TurnRequest:
        messages = self.memory.restored(asked.messages, asked.runs_tools)
        request: dict[str, Any] = {"messages": messages, "profile": asked.profile}
        try:
            return turn_of(request, self.index, asked.runs_tools)
        except Unreadable as problem:
            raise Refused(400, str(problem), "unreadable", param="messages") from None

    def _pictured(self, answered: Answered) -> list[JsonValue]:
        """The products in the results of a turn that have a picture at `/products/<id>/image`."""
        by_id = self.catalog.catalog.by_id
        ids = [str(item.get("id")) for value in result_values(answered.messages) for item in items_of(value)]
        return [name for name in dict.fromkeys(ids) if name in by_id and by_id[name].image]

    async def _wait(self, ticket: Ticket, is_gone: Gone, end: float) -> Any:
        future = asyncio.wrap_future(ticket.answer)
        try:
            while not (await asyncio.wait({future}, timeout=LOOK_EVERY_S))[0]:
                if await is_gone():
                    raise ClientGone
                if time.monotonic() > end:
                    raise Refused(504, f"no answer within {self.limits.turn_s:g} s; ask again", "too_slow")
            return self._found(future)
        finally:
            if not future.done():
                ticket.drop()
                with suppress(asyncio.CancelledError):
                    future.cancel()

    def _found(self, future: asyncio.Future[Any]) -> Any:
        problem = future.exception()
        if problem is not None:
            log.error("a turn failed: %s: %s", type(problem).__name__, problem)
            raise Refused(500, "this turn failed here; the server's log says why", "failed")
        return future.result()

"""Turns of people who come and go, in the decoding slots that they share.

One thread decodes. Whoever asks gets a ticket and waits for it; the turn enters as soon as a slot is free,
beside those that are under way, and each turn is what `answer` would have made of it alone: the model's own,
repaired where it must not be shown. A ticket that is dropped frees its slot at the next token.

Memory: that of `Decoder` with `slots`, and the conversations that wait.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from muse_core.generation.answer import GREEDY, TRIES, Answered, ServedTurn, as_read, as_served
from muse_core.generation.assistant import Room, Turn, TurnRequest, turn_of
from muse_core.generation.decode import Decoder
from muse_core.generation.prefill import Row
from muse_core.generation.sampling import Sampling
from muse_core.models.loading import LoadedModel

log = logging.getLogger(__name__)
SLOTS = 32


@dataclass
class Ticket:
    """One turn that is waited for. `answer` holds the answer or what went wrong; the counts are of tokens
    read for the first act, and written in all."""

    request: TurnRequest
    sampling: Sampling
    answer: Future[Answered] = field(default_factory=Future)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dropped: bool = False
    row: Row | None = None
    served: ServedTurn | None = None
    tries: int = 0

    def drop(self) -> None:
        """Nobody waits any more; may be called from any thread, at any time."""
        self.dropped = True
        self.answer.cancel()
        if self.row is not None:
            self.row.dropped = True


class LiveAnswers:
    """Answers turns until it is closed; `ask` may be called from any thread."""

    def __init__(self, loaded: LoadedModel, slots: int = SLOTS) -> None:
        self._loaded = loaded
        self._waiting: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._room = _LiveRoom(loaded, self._waiting, slots)
        self._thread = threading.Thread(target=self._work, name="decoding", daemon=True)
        self._thread.start()

    def ask(self, request: TurnRequest, sampling: Sampling = GREEDY) -> Ticket:
        """A ticket for the turn; the world belongs to the decoding thread until it is answered."""
        ticket = Ticket(as_read(self._loaded, request), as_served(self._loaded, sampling))
        self._waiting.put(ticket)
        return ticket

    @property
    def is_alive(self) -> bool:
        """Whether anybody would be answered."""
        return self._thread.is_alive()

    @property
    def under_way(self) -> int:
        """How many turns are in a slot or about to enter one."""
        return len(self._room.tickets)

    def close(self) -> None:
        """What is under way is still answered; what waits is not."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        room = self._room
        while room.wait():
            try:
                decoder = Decoder(
                    room.model, room, {room.end, room.call}, room.after_act, room.slots, 1 / room.slots
                )
                decoder.run()
            except Exception as problem:  # of the batch: whoever is in it is told, the next ones are answered
                log.exception("decoding failed")
                room.give_up(problem)


class _LiveRoom(Room):
    """The turns in the slots. Iterating gives those that wait now, as rows, and ends when nobody waits; it
    may be iterated again."""

    def __init__(self, loaded: LoadedModel, waiting: queue.SimpleQueue[Ticket | None], slots: int) -> None:
        super().__init__(loaded)
        self.loaded, self.waiting, self.slots = loaded, waiting, slots
        self.tickets: dict[int, Ticket] = {}
        self.next: list[Ticket] = []
        self.count, self.is_open = 0, True

    def wait(self) -> bool:
        """Until somebody asks; False once it is closed."""
        self._sweep()
        if self.is_open and not self.next:
            self._take(self.waiting.get())
        return self.is_open or bool(self.next)

    def __iter__(self) -> Iterator[list[Row]]:
        return self

    def __next__(self) -> list[Row]:
        self._sweep()
        while self.is_open and len(self.next) < self.slots:
            try:
                self._take(self.waiting.get_nowait())
            except queue.Empty:
                break
        if not self.next:
            raise StopIteration
        entering, self.next = self.next[: self.slots], self.next[self.slots :]
        return self._rows_of(entering)

    def _take(self, ticket: Ticket | None) -> None:
        if ticket is None:
            self.is_open = False
        elif not ticket.dropped:
            self.next.append(ticket)

    def _sweep(self) -> None:
        """Forgets what was dropped: its row leaves the slot without a word."""
        for number in [number for number, ticket in self.tickets.items() if ticket.dropped]:
            del self.tickets[number], self.turns[number]

    def _rows_of(self, entering: list[Ticket]) -> list[Row]:
        turns: dict[int, Turn] = {}
        for ticket in entering:
            self.count += 1
            self.tickets[self.count] = ticket
            turns[self.count] = turn_of(ticket.request, ticket.sampling)
        rows = [row for rows in self.rows(turns) for row in rows]
        for row in rows:
            ticket = self.tickets[row.number]
            ticket.row = row  # before `dropped` is read: `drop` sets that before it looks for the row
            row.dropped = ticket.dropped
            ticket.prompt_tokens = ticket.prompt_tokens or row.length
        return rows

    def after_act(self, row: Row) -> list[int] | None:
        ticket = self.tickets.get(row.number)
        if ticket is None:  # dropped at this very moment
            return None
        ticket.completion_tokens += len(row.new)
        try:
            return super().after_act(row)
        except Exception as problem:  # a tool of ours has a bug: that turn is lost, the others are not
            log.exception("a turn failed")
            self._lose(row.number, problem)
            return None

    def _finish(self, number: int, stopped: str, malformed: bool) -> None:
        turn, ticket = self.turns[number], self.tickets.pop(number)
        super()._finish(number, stopped, malformed)
        if turn.outcome is None or ticket.dropped:
            return
        if ticket.served is None:
            ticket.served = ServedTurn(self.loaded, ticket.request, turn.outcome)
        else:
            ticket.served.take(turn.outcome)
        if ticket.served.may_go_on and ticket.tries < TRIES:
            ticket.request = ticket.served.once_more(ticket.tries, ticket.sampling)
            ticket.tries += 1
            self.next.append(ticket)
        elif ticket.answer.set_running_or_notify_cancel():
            ticket.answer.set_result(ticket.served.answered(True))

    def give_up(self, problem: Exception) -> None:
        """Everybody under way is told."""
        for number in list(self.tickets):
            self._lose(number, problem)

    def _lose(self, number: int, problem: Exception) -> None:
        self.turns.pop(number, None)
        ticket = self.tickets.pop(number)
        if not ticket.dropped and ticket.answer.set_running_or_notify_cancel():
            ticket.answer.set_exception(problem)

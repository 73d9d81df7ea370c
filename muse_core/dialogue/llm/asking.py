"""Many requests to one service: several at a time, answers in the order of the requests, patience and
budget limited.

Order matters: what is counted, what it costs and when asking stops may not depend on which answer arrives
first. A request is begun only if everything before it and its own worst case fit into the budget; where
those under way leave that open, they are waited for. So the budget is kept, and the same requests are
answered with any number of them under way. Answers of an earlier run cost nothing now, but count: the same
budget gives the same conversations.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from muse_core.dialogue.llm.answers import AnswerBook
from muse_core.dialogue.llm.service import TextAnswer, TextRequest, TextService

PATIENCE = 8  # failures in a row after which nothing more is asked

log = logging.getLogger(__name__)
STOPPED = TextAnswer(failure="stopped")
TOO_DEAR = TextAnswer(failure="budget")


@dataclass
class Budget:
    """What a run may ask, 0 = any amount; `requests` and `tokens` say what it has come to. A failed request
    has no tokens that anybody would tell."""

    max_requests: int = 0
    max_tokens: int = 0
    requests: int = 0
    tokens: int = 0
    reserved: int = 0  # the worst case of what is under way
    is_spent: bool = False

    def allows(self, request: TextRequest) -> bool:
        """Whether the request fits, whatever those under way come to."""
        if self.max_requests and self.requests >= self.max_requests:
            return False
        return not self.max_tokens or self.tokens + self.reserved + request.most_tokens <= self.max_tokens

    def begin(self, request: TextRequest) -> None:
        self.requests += 1
        self.reserved += request.most_tokens

    def end(self, request: TextRequest, answer: TextAnswer) -> None:
        """An answer that does not say what it took is counted with the worst case."""
        self.reserved -= request.most_tokens
        if answer.text is not None:
            is_told = answer.tokens_in is not None and answer.tokens_out is not None
            told = (answer.tokens_in or 0) + (answer.tokens_out or 0)
            self.tokens += told if is_told else request.most_tokens


@dataclass
class UnderWay:
    """A request that was begun; `answer` once it is there."""

    request: TextRequest
    coming: Future[TextAnswer] | None = None
    answer: TextAnswer | None = None


@dataclass
class Asker:
    """Asks a service, remembers its answers, and gives up on one that keeps failing."""

    service: TextService
    book: AnswerBook
    budget: Budget = field(default_factory=Budget)
    patience: int = PATIENCE
    failures: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    remembered: int = 0
    failed_in_a_row: int = 0

    @property
    def has_stopped(self) -> bool:
        return self.failed_in_a_row >= self.patience

    def answers(self, requests: Iterable[TextRequest]) -> Iterator[TextAnswer]:
        """One answer per request, in order."""
        with ThreadPoolExecutor(max(1, self.service.concurrency)) as pool:
            under_way: deque[UnderWay] = deque()
            try:
                for request in requests:
                    under_way.append(self._begin(pool, request, under_way))
                    if len(under_way) >= self.service.concurrency:
                        yield self._finish(under_way.popleft())
                while under_way:
                    yield self._finish(under_way.popleft())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, pool: ThreadPoolExecutor, request: TextRequest, before: Iterable[UnderWay]) -> UnderWay:
        if not self._has_budget(request, before):
            return self._unasked(request, TOO_DEAR)
        for twin in before:
            if twin.request.digest == request.digest:
                self._finish(twin)  # so that the same question has the same answer, now and in a rerun
        for twin in before:
            if twin.request.digest == request.digest:
                self._finish(twin)  # so that the same question has the same answer, now and in a rerun
        known = self.book.get(request.digest)
        if known is None and self.has_stopped:
            return self._unasked(request, STOPPED)
        self.budget.begin(request)
        if known is not None:
            self.remembered += 1
            self.budget.end(request, known)
            return UnderWay(request, answer=known)
        self.requests += 1
        return UnderWay(request, pool.submit(self.service.ask, request))

    def _has_budget(self, request: TextRequest, before: Iterable[UnderWay]) -> bool:
        """Once it does not suffice nothing more is asked, not even something shorter: what is asked stays
        the beginning of the list."""
        for one in before:
            if self.budget.is_spent or self.budget.allows(request):
                break
            self._finish(one)
        if not self.budget.is_spent and not self.budget.allows(request):
            self.budget.is_spent = True
            log.warning(
                "the language model's budget is spent (%d requests, %d tokens); the other turns stay as "
                "simulated. Raise llm.max_requests or llm.max_tokens to ask on",
                self.budget.requests, self.budget.tokens,
            )  # fmt: skip
        return not self.budget.is_spent

    def _unasked(self, request: TextRequest, why: TextAnswer) -> UnderWay:
        self.failures[str(why.failure)] += 1
        return UnderWay(request, answer=why)

    def _finish(self, one: UnderWay) -> TextAnswer:
        """The answer, waited for and counted once."""
        if one.answer is not None or one.coming is None:
            return one.answer or STOPPED
        one.answer = one.coming.result()
        self.budget.end(one.request, one.answer)
        if one.answer.text is not None:
            self.book.put(one.request.digest, one.answer)
            self.failed_in_a_row = 0 if not self.has_stopped else self.failed_in_a_row
        else:
            self._note_failure(one.answer)
        return one.answer

    def _note_failure(self, answer: TextAnswer) -> None:
        self.failures[str(answer.failure)] += 1
        self.failed_in_a_row += 1
        if self.failed_in_a_row == self.patience:
            log.warning(
                "the language model failed %d times in a row (last: %s); nothing more is asked, "
                "the other conversations stay as simulated", self.patience, answer.failure,
            )  # fmt: skip

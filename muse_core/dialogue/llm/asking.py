"""Many requests to one service: several at a time, answers in the order of the requests, patience limited.

Order matters: what is counted and when asking stops may not depend on which answer arrives first.
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


@dataclass
class Asker:
    """Asks a service, remembers its answers, and gives up on one that keeps failing."""

    service: TextService
    book: AnswerBook
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
            waiting = iter(requests)
            under_way: deque[tuple[TextRequest, TextAnswer | Future[TextAnswer]]] = deque()
            try:
                for request in waiting:
                    under_way.append((request, self._start(pool, request)))
                    if len(under_way) >= self.service.concurrency:
                        yield self._finish(*under_way.popleft())
                while under_way:
                    yield self._finish(*under_way.popleft())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, pool: ThreadPoolExecutor, request: TextRequest) -> TextAnswer | Future[TextAnswer]:
        known = self.book.get(request.digest)
        if known is not None:
            self.remembered += 1
            return TextAnswer(known)
        if self.has_stopped:
            return STOPPED
        self.requests += 1
        return pool.submit(self.service.ask, request)

    def _finish(self, request: TextRequest, given: TextAnswer | Future[TextAnswer]) -> TextAnswer:
        if isinstance(given, TextAnswer):
            if given.failure is not None:
                self.failures[given.failure] += 1
            return given
        answer = given.result()
        if answer.text is not None:
            self.book.put(request.digest, answer.text)
            self.failed_in_a_row = 0 if not self.has_stopped else self.failed_in_a_row
            return answer
        self.failures[str(answer.failure)] += 1
        self.failed_in_a_row += 1
        if self.failed_in_a_row == self.patience:
            log.warning(
                "the language model failed %d times in a row (last: %s); nothing more is asked, "
                "the other conversations stay as simulated", self.patience, answer.failure,
            )  # fmt: skip
        return answer

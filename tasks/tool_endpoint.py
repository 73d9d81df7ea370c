"""A model behind an OpenAI-compatible endpoint that answers the cases of `muse eval`.

    POST <base url>/chat/completions   {"model": …, "messages": […], "tools": […], "temperature": 0}

Requests go through `chat_endpoint.py`: its retries, timeouts and care for the key. Answers come as they
are ready, so that a run that is stopped has kept them. A refused key, an unknown model or address end the
run at once; what may pass is told case by case. Not covered: streaming, the Responses dialect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

from muse_core.errors import ConfigError
from muse_core.evaluation.cases.answers import Answer
from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.cases.foreign_calls import read_message
from muse_core.evaluation.cases.tool_prompt import chat_messages, prompt_digest
from muse_core.records import canonical_json
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from tasks.chat_endpoint import ChatEndpoint, Completion

TIMEOUT_S = 60.0
CONCURRENCY = 4
RETRIES = 3
REFUSED = {
    400: "it refuses the request: does it serve this model, with tools?",
    401: "it refuses the key: set MUSE_LLM_API_KEY",
    403: "it refuses the key: set MUSE_LLM_API_KEY",
    404: "it knows no such model or address: see --model openai:NAME and MUSE_LLM_BASE_URL",
    405: "it answers no chat completions: MUSE_LLM_BASE_URL should end where /chat/completions follows",
}


@dataclass(frozen=True)
class EndpointModel:
    """`endpoint` asked with tools. `address_digest` names where it is, without saying it."""

    endpoint: ChatEndpoint
    address_digest: str = ""
    schema: ShopSchema = PLAIN  # of the shop whose tools it is given
    plain: list[bool] = field(default_factory=list, repr=False)  # not empty: it takes no temperature

    @property
    def name(self) -> str:
        return f"openai:{self.endpoint.model}"

    @property
    def digest(self) -> str:
        parts = {"model": self.name, "at": self.address_digest, "prompt": prompt_digest(self.schema)}
        return hashlib.sha256(canonical_json(parts).encode()).hexdigest()

    def answers(self, cases: Sequence[EvalCase]) -> Iterator[tuple[EvalCase, Answer]]:
        """As they come; the first case alone, so that a wrong key is asked about once."""
        yield cases[0], self._answer(cases[0])
        pool = ThreadPoolExecutor(self.endpoint.concurrency)
        try:
            asked: dict[Future[Answer], EvalCase] = {pool.submit(self._answer, one): one for one in cases[1:]}
            for future in as_completed(asked):
                yield asked[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, case: EvalCase) -> Answer:
        done = self._complete(chat_messages(case))
        if done.message is not None:
            return read_message(done.message)
        if done.status in REFUSED:
            raise ConfigError(
                f"{self.name}: the endpoint answered HTTP {done.status}; {REFUSED[done.status]}"
            )
        status = f" (HTTP {done.status})" if done.status else ""
        return Answer(failure=f"{done.failure}{status}")

    def _complete(self, messages: Sequence[Mapping[str, str]]) -> Completion:
        """Greedy; a model that refuses a temperature (HTTP 400) is asked without one from then on."""
        tools = self.schema.as_openai()
        body: dict[str, Any] = {"model": self.endpoint.model, "messages": messages, "tools": tools}
        if not self.plain:
            done = self.endpoint.complete(body | {"temperature": 0})
            if done.status != 400:
                return done
        done = self.endpoint.complete(body)
        if done.message is not None:
            self.plain[:] = [True]
        return done

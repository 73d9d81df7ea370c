"""The HTTP client of a language model: any endpoint that speaks OpenAI's chat completions.

    POST <base url>/chat/completions   {"model": …, "messages": […], "max_tokens": …}

Implements `TextService` of `muse_core/dialogue/llm/service.py`. Timeouts, broken connections, 429 and 5xx
are tried again, with pauses that double, or as long as the server asks for in `Retry-After`: then every
thread waits, and a server that asks for more than `LONGEST_PAUSE_S` is not asked again. The key stands in
one header and nowhere else: it is not in any repr, log line or failure, the object refuses to be pickled,
and an answer that holds the key is thrown away. In a run of the pipeline, an endpoint that has never
answered is a TransientError, so that Prefect tries the stage again: conversations that nobody taught would
be published, and found again by later runs. One that stops answering later is a value. Not covered:
streaming, other API dialects.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any

from muse_core.config.run_config import LlmConfig
from muse_core.dialogue.llm.service import Failure, TextAnswer, TextRequest
from muse_core.errors import TransientError

MAX_BYTES = 1_000_000  # of one answer
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 120.0
WIRE_LOGGERS = (
    "httpx",
    "httpcore",
)  # at DEBUG they show response headers, in which a server may repeat the key
AGAIN: frozenset[Failure] = frozenset(("timeout", "unreachable", "rate_limited", "server_error"))


@dataclass(frozen=True)
class EndpointAddress:
    """Where a model answers. Made by `flows/environment.py`, the only reader of the environment."""

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)

    def __reduce__(self) -> str:
        raise TypeError("an endpoint's address holds a key and is not pickled")


@dataclass(frozen=True)
class Completion:
    """The assistant message of a completion, or why there is none. `status`: HTTP's, 0 without one;
    `tokens_in`, `tokens_out`: None where the server does not count them."""

    message: Mapping[str, Any] | None = None
    failure: Failure | None = None
    status: int = 0
    finish: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None


@dataclass(frozen=True)
class _Tried:
    """One attempt, and how long the server asks to wait before the next."""

    answer: Completion
    wait_s: float = 0.0


class ChatEndpoint:
    """One endpoint with its limits; `ask` may be called from several threads."""

    def __init__(
        self,
        address: EndpointAddress,
        timeout_s: float,
        concurrency: int,
        retries: int,
        sleep: Callable[[float], None] = time.sleep,
        must_answer: bool = False,
    ) -> None:
        import httpx

        for name in WIRE_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._address, self._timeout_s, self._retries, self._sleep = address, timeout_s, retries, sleep
        self._concurrency, self._must_answer = concurrency, must_answer
        self._lock, self._not_before = threading.Lock(), 0.0
        headers = {"Authorization": f"Bearer {address.api_key}"} if address.api_key else {}
        self._client = httpx.Client(
            headers=headers, timeout=timeout_s, limits=httpx.Limits(max_connections=concurrency)
        )

    def __repr__(self) -> str:
        return f"ChatEndpoint(model={self.model!r})"

    def __reduce__(self) -> str:
        raise TypeError("a chat endpoint holds a key and is not pickled")

    @property
    def model(self) -> str:
        return self._address.model

    @property
    def concurrency(self) -> int:
        return self._concurrency

    def close(self) -> None:
        self._client.close()

    def ask(self, request: TextRequest) -> TextAnswer:
        """The model's text, or the failure of the last attempt. TransientError while a service that must
        answer has not done so yet."""
        messages = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
        body = {"model": request.model, "messages": messages, "max_tokens": request.max_tokens}
        began = time.monotonic()
        done = self.complete(body)
        if self._must_answer and done.failure in AGAIN:
            raise TransientError(
                f"the language model at MUSE_LLM_BASE_URL does not answer ({done.failure}); start it, "
                "or leave it out with --set llm.share=0"
            )
        self._must_answer = False
        return replace(_said(done), seconds=time.monotonic() - began)

    def complete(self, body: Mapping[str, Any]) -> Completion:
        """The assistant message of one request, or the failure of the last attempt."""
        tried = self._attempt(body)
        for round_ in range(self._retries):
            if tried.answer.failure not in AGAIN or tried.wait_s > LONGEST_PAUSE_S:
                break
            self._pause(tried.wait_s, FIRST_PAUSE_S * 2**round_)
            tried = self._attempt(body)
        return self._without_key(tried.answer)

    def _pause(self, asked_s: float, own_s: float) -> None:
        """Waits as is our own habit; nobody asks before the server wants to be asked."""
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + asked_s)
        self._sleep(min(own_s, self._timeout_s))

    def _without_key(self, answer: Completion) -> Completion:
        """An answer that repeats the key would carry it into the cache."""
        key = json.dumps(self._address.api_key)[1:-1]
        return Completion(failure="secret") if key and key in json.dumps(answer.message) else answer

    def _attempt(self, body: Mapping[str, Any]) -> _Tried:
        """One request. Whatever httpx raises becomes a word: its messages hold addresses."""
        import httpx

        if (wait_s := self._not_before - time.monotonic()) > 0:
            self._sleep(wait_s)
        deadline = time.monotonic() + self._timeout_s
        try:
            url = f"{self._address.base_url}/chat/completions"
            with self._client.stream("POST", url, json=body) as response:
                if response.status_code != 200:
                    failed = Completion(failure=_status(response.status_code), status=response.status_code)
                    return _Tried(failed, _asked_pause(response.headers))
                return _Tried(_read(response.iter_bytes(), deadline))
        except httpx.TimeoutException:
            return _Tried(Completion(failure="timeout"))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            return _Tried(Completion(failure="unreachable"))


def _read(parts: Iterable[bytes], deadline: float) -> Completion:
    """The completion in a response that is neither too large nor dripping for ever."""
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > MAX_BYTES:
            return Completion(failure="too_large")
        if time.monotonic() > deadline:
            return Completion(failure="timeout")
    return _completion(bytes(body))


def _completion(body: bytes) -> Completion:
    """`choices[0].message` of a chat completion, and what it took."""
    try:
        content = json.loads(body)
        choice = content["choices"][0]
        message = dict(choice["message"])
        json.dumps(message, ensure_ascii=False).encode("utf-8")  # half a character cannot be kept
        finish, used = choice.get("finish_reason"), content.get("usage")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Completion(failure="not_json", status=200)
    counts = [_count(used, name) for name in ("prompt_tokens", "completion_tokens")]
    return Completion(message, None, 200, finish if isinstance(finish, str) else "", *counts)


def _count(used: Any, name: str) -> int | None:
    value = used.get(name) if isinstance(used, dict) else None
    return value if type(value) is int and 0 <= value < 2**31 else None


def _said(done: Completion) -> TextAnswer:
    """The text of a completion, or why it has none."""
    if done.failure is not None or done.message is None:
        return TextAnswer(failure=done.failure or "not_json")
    text = done.message.get("content")
    is_refused = done.finish == "content_filter" or bool(done.message.get("refusal"))
    if is_refused or not isinstance(text, str):
        failure: Failure = "refused" if is_refused else "not_json"
        return TextAnswer(None, failure, done.tokens_in, done.tokens_out)
    return TextAnswer(text, None, done.tokens_in, done.tokens_out)


def _status(code: int) -> Failure:
    return "rate_limited" if code == 429 else "server_error" if code >= 500 else "http_error"


def _asked_pause(headers: Any) -> float:
    """Seconds of `Retry-After`, a number or a date; 0 when it is absent or neither."""
    text = headers.get("retry-after", "0")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


@contextmanager
def chat_endpoint(address: EndpointAddress | None, settings: LlmConfig) -> Iterator[ChatEndpoint | None]:
    """The client of a run, closed with it; None when no model is asked."""
    if address is None:
        yield None
        return
    endpoint = ChatEndpoint(
        address, settings.timeout_s, settings.concurrency, settings.retries, must_answer=True
    )
    try:
        yield endpoint
    finally:
        endpoint.close()

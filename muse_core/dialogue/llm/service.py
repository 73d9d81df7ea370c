"""What MUSE asks of a language model over the network: one prompt, one text or a reason why not.

The client lives in tasks/ (`tasks/chat_endpoint.py`) and knows address and key; nothing here does. A
failure is a value, not an exception, so that no address, header or server text can travel with it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

from muse_core.records import canonical_json

Failure = Literal[
    "timeout",
    "unreachable",  # no connection, or it broke
    "rate_limited",  # 429
    "server_error",  # 5xx
    "http_error",  # any other status that is not 200
    "not_json",  # the answer is no chat completion
    "too_large",
    "refused",  # the model would not, or a filter held its answer back
    "secret",  # the answer holds the key
    "stopped",  # not asked any more: too many failures in a row
    "budget",  # not asked any more: it would cost more than was allowed
]


@dataclass(frozen=True)
class TextRequest:
    """One prompt, and how many tokens may answer it. `digest` also names the model: another model is another
    question."""

    model: str
    system: str
    user: str
    max_tokens: int

    @property
    def digest(self) -> str:
        """sha256 of everything that the answer depends on."""
        parts = {"model": self.model, "system": self.system, "user": self.user, "max": self.max_tokens}
        return hashlib.sha256(canonical_json(parts).encode()).hexdigest()

    @property
    def most_tokens(self) -> int:
        """What it can cost at most, in and out: a token has a byte at least."""
        return len(self.system.encode()) + len(self.user.encode()) + self.max_tokens


@dataclass(frozen=True)
class TextAnswer:
    """The model's text, or why there is none. Exactly one of them is set. `tokens_in`, `tokens_out`: as the
    service counts them, None where it does not say; `seconds`: with the service's own retries."""

    text: str | None = None
    failure: Failure | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if (self.text is None) == (self.failure is None):
            raise ValueError("an answer has a text or a failure, not both and not neither")


class TextService(Protocol):
    """A language model behind some address. `ask` may be called from several threads."""

    @property
    def model(self) -> str:
        """The model's name; it enters every request's digest."""

    @property
    def concurrency(self) -> int:
        """How many requests may be under way together."""

    def ask(self, request: TextRequest) -> TextAnswer:
        """One answer, after the service's own retries. Never raises for what the network does."""

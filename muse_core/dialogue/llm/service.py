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
    "secret",  # the answer holds the key
    "stopped",  # not asked any more: too many failures in a row
]


@dataclass(frozen=True)
class TextRequest:
    """One prompt. `digest` also names the model: another model is another question."""

    model: str
    system: str
    user: str

    @property
    def digest(self) -> str:
        """sha256 of everything that the answer depends on."""
        text = canonical_json({"model": self.model, "system": self.system, "user": self.user})
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class TextAnswer:
    """The model's text, or why there is none. Exactly one of them is set."""

    text: str | None = None
    failure: Failure | None = None

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

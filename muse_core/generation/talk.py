"""A conversation with somebody who is there: what was said so far, and the next answer.

It is kept as a request (`requests.py`), so that a terminal, a page and a program are answered the same way.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from muse_core.catalog.index import CatalogIndex
from muse_core.errors import ConfigError
from muse_core.generation.answer import Answered, answer
from muse_core.generation.attached import checked_picture, kind_of
from muse_core.generation.request_messages import Unreadable
from muse_core.generation.requests import as_json, turn_of
from muse_core.models.loading import LoadedModel


@dataclass
class Talk:
    """One conversation with one model in one shop. `profile`: the line about the shopper, "" = unknown."""

    loaded: LoadedModel
    index: CatalogIndex
    profile: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    last: Answered | None = None

    def say(self, text: str, pictures: Sequence[bytes] = ()) -> Answered:
        """The answer. ConfigError for what cannot be read: the conversation is then as it was."""
        asked = [*self.messages, {"role": "user", "content": _content(text, pictures)}]
        try:
            turn = turn_of({"messages": asked, "profile": self.profile}, self.index)
        except Unreadable as problem:
            raise ConfigError(str(problem)) from None
        self.last = answer(self.loaded, [turn])[0]
        self.messages = [*asked, *as_json(self.last)["messages"]]  # type: ignore[misc]
        return self.last

    def reset(self) -> None:
        """From the beginning; what is known of the shopper stays."""
        self.messages, self.last = [], None


def _content(text: str, pictures: Sequence[bytes]) -> Any:
    if not pictures:
        return text
    return [*map(picture_part, pictures), {"type": "text", "text": text}]


def picture_part(data: bytes) -> dict[str, Any]:
    """A picture as a content part of OpenAI's shape. ConfigError for what is none."""
    try:
        kind = kind_of(checked_picture(data))
    except ValueError as problem:
        raise ConfigError(str(problem)) from None
    return {
        "type": "image_url",
        "image_url": {"url": f"data:{kind};base64,{base64.b64encode(data).decode()}"},
    }

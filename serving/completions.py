"""OpenAI's chat completions: what a request asks for, and the answer in its shape.

    {"model": "muse", "messages": [{"role": "user", "content": "red shirts"}], "stream": false}

Beside OpenAI's keys: `profile`, a line about the shopper; and in the answer `muse`, with the calls that were
made here, their results, what was repaired, and which products have a picture. Keys that change nothing here
(`user`, `metadata`, …) are ignored; those that would be broken silently (`n`, `stop`, `tool_choice`,
`response_format`) are refused.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from muse_core.generation.answer import Answered
from muse_core.generation.requests import as_json
from muse_core.generation.sampling import Sampling
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.types import JsonValue, ToolCall
from serving.limits import Limits
from serving.refusals import Refused

MOST_TOKENS = 96  # of one act; the model's own bound
ONLY: dict[str, tuple[Any, ...]] = {
    "n": (None, 1),
    "stop": (None, []),
    "tool_choice": (None, "auto"),
    "response_format": (None, {"type": "text"}),
    "logprobs": (None, False),
    "functions": (None,),
    "modalities": (None, ["text"]),
}
WORDS_AT_ONCE = 4  # of a streamed reply


@dataclass(frozen=True)
class Asked:
    """A request that can be answered. `runs_tools`: here, or by the client, who has sent `tools`."""

    messages: list[Any]
    sampling: Sampling
    seed: int = 0
    profile: Any = ""
    runs_tools: bool = True
    is_streamed: bool = False
    wants_usage: bool = False
    identifier: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))


def read_request(body: Mapping[str, Any], model: str, limits: Limits) -> Asked:
    """Refused says what cannot be answered and what to send instead."""
    if body.get("model", model) != model:
        raise Refused(
            404,
            f"found the model {_shown(body['model'])}, expected {model!r} (GET /v1/models)",
            "model_not_found",
            param="model",
        )
    for key, allowed in ONLY.items():
        if body.get(key) not in allowed:
            raise _wrong(key, body[key], " or ".join(json.dumps(one) for one in allowed if one is not None))
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", messages, "a list of at least one message")
    if len(messages) > limits.messages:
        raise Refused(
            400,
            f"found {len(messages)} messages, expected at most {limits.messages}; begin a new conversation",
            "too_many_messages",
            param="messages",
        )
    options = body.get("stream_options") or {}
    return Asked(
        messages,
        _sampling(body),
        _number(body, "seed", 0, -(2**63), 2**63 - 1, whole=True) % 2**32,
        body.get("profile") or "",
        runs_tools=not _client_tools(body.get("tools")),
        is_streamed=_flag(body, "stream"),
        wants_usage=isinstance(options, Mapping) and bool(options.get("include_usage")),
    )


def _sampling(body: Mapping[str, Any]) -> Sampling:
    key = "max_completion_tokens" if body.get("max_completion_tokens") is not None else "max_tokens"
    return Sampling(
        _number(body, "temperature", 0.0, 0.0, 2.0),
        max(_number(body, "top_p", 1.0, 0.0, 1.0), 1e-6),
        min(_number(body, key, MOST_TOKENS, 1, 10**9, whole=True), MOST_TOKENS),
    )


def _number(
    body: Mapping[str, Any], key: str, default: Any, least: float, most: float, whole: bool = False
) -> Any:
    found = body.get(key)
    if found is None:
        return default
    is_number = isinstance(found, int if whole else int | float) and not isinstance(found, bool)
    if not is_number or not least <= found <= most:
        raise _wrong(key, found, f"a {'whole ' if whole else ''}number from {least:g} to {most:g}")
    return found


def _flag(body: Mapping[str, Any], key: str) -> bool:
    found = body.get(key)
    if found not in (None, True, False):
        raise _wrong(key, found, "true or false")
    return bool(found)


def _client_tools(tools: Any) -> bool:
    """Whether the client runs the tools: all of them, since the model was trained to call each."""
    if tools in (None, []):
        return False
    entries = tools if isinstance(tools, list) else [tools]
    inner = [one.get("function") if isinstance(one, Mapping) else None for one in entries]
    names = [one.get("name") if isinstance(one, Mapping) else None for one in inner]
    if set(map(str, names)) != set(TOOL_NAMES):
        raise Refused(
            400,
            f"tools: found {_shown(names)}, expected all of {', '.join(TOOL_NAMES)}, as GET /v1/tools gives "
            "them (the model was trained to call these), or no tools: they run here then",
            param="tools",
        )
    return True


def _wrong(key: str, found: Any, expected: str) -> Refused:
    return Refused(400, f"{key}: found {_shown(found)}, expected {expected or 'nothing'}", param=key)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "…"


# ---- the answer ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Completion:
    """An answered request, in OpenAI's shapes."""

    asked: Asked
    answered: Answered
    model: str
    prompt_tokens: int
    completion_tokens: int
    pictures: list[JsonValue] = field(default_factory=list)

    @property
    def handed(self) -> tuple[ToolCall, ...]:
        """The calls that the client is to run."""
        is_handed = not self.asked.runs_tools and bool(self.answered.messages)
        return self.answered.messages[-1].tool_calls if is_handed else ()

    def message(self) -> dict[str, Any]:
        """The assistant's message as the client keeps it."""
        if not self.handed:
            return {"role": "assistant", "content": self.answered.text}
        return {"role": "assistant", "content": None, "tool_calls": [_as_call(call) for call in self.handed]}

    def as_json(self) -> dict[str, Any]:
        """The whole answer of a request that is not streamed."""
        choice = {"index": 0, "message": self.message() | {"refusal": None}, "logprobs": None}
        return {
            **self._head("chat.completion"),
            "choices": [choice | {"finish_reason": self._reason()}],
            "usage": self._usage(),
            "muse": self.extra(),
        }

    def chunks(self) -> Iterator[dict[str, Any]]:
        """The same as a stream, behind the first chunk (`first_chunk`)."""
        if self.handed:
            calls = [{"index": place, **_as_call(call)} for place, call in enumerate(self.handed)]
            yield self._chunk({"tool_calls": calls})
        else:
            yield from (self._chunk({"content": part}) for part in _parts(self.answered.text))
        yield self._chunk({}, self._reason()) | {"muse": self.extra()}
        if self.asked.wants_usage:
            yield {**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage()}

    def extra(self) -> dict[str, Any]:
        """What was done here, beyond OpenAI's shape."""
        return {**as_json(self.answered), "pictures": self.pictures}

    def _reason(self) -> str:
        return "tool_calls" if self.handed else "stop"

    def _usage(self) -> dict[str, int]:
        both = self.prompt_tokens + self.completion_tokens
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": both,
        }

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _head(self, kind: str) -> dict[str, Any]:
        return head_of(self.asked, kind, self.model)


def first_chunk(asked: Asked, model: str) -> dict[str, Any]:
    """Sent at once, before anything is decoded."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    return {**head_of(asked, "chat.completion.chunk", model), "choices": [choice]}


def head_of(asked: Asked, kind: str, model: str) -> dict[str, Any]:
    """The keys that every answer and every chunk of it begins with."""
    return {"id": asked.identifier, "object": kind, "created": asked.created, "model": model}


def _as_call(call: ToolCall) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    name = f"call_{uuid.uuid4().hex[:24]}"
    return {"id": name, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _parts(text: str) -> Iterator[str]:
    """A text in runs of a few words, spaces included."""
    words = text.split(" ")
    for start in range(0, len(words), WORDS_AT_ONCE):
        space = " " if start else ""
        yield space + " ".join(words[start : start + WORDS_AT_ONCE])

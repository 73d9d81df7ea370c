"""One line of a chat file → plain messages, or the reason why it cannot be used. No tool is run here.

A line is one JSON object; `messages` is the only field it must have::

    {"messages": [
       {"role": "user", "content": "black shirts under 2000"},
       {"role": "assistant", "content": null, "tool_calls": [{"id": "a1", "type": "function",
        "function": {"name": "search", "arguments": "{\\"query\\": \\"shirt\\", \\"max_price\\": 2000}"}}]},
       {"role": "tool", "tool_call_id": "a1", "content": "…"},
       {"role": "assistant", "content": "Try [1] at [1:price]."}],
     "language": "en", "profile": "women | 25-34 | casual", "id": "chat-17"}

A call may also stand in the assistant's text, as the model writes it: `<tool>search(query='shirt',
max_price=2000)</tool><result>…</result>Try [1].`; and the rows of `muse artifacts export conversations`
are lines too. Tool messages may be left out: the results are filled in. Other fields: `profile_id` (a
shopper of this run's profiles, whom `recommend` then knows), `attachments` ({"att1": "product:<id>"});
further ones are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from muse_core.tools.call_syntax import TOOL_OPEN, Segment, extract
from muse_core.tools.toolbox import argument_order
from muse_core.types import LANGUAGES, TOOL_NAMES, JsonValue, Language

MAX_CHARS = 4000  # of one message
MAX_MESSAGES = 200
MAX_LINE_CHARS = 200  # of `profile`: the system message is one line
MAX_ID_CHARS = 100
PRODUCT_PICTURE = "product:"

_RESULT = re.compile(r"<result>(.*?)</result>", re.DOTALL)
_FORGED = re.compile(r"<\|\w+\|>|</?(?:tool|result)>")


class BadLine(ValueError):
    """Why a line is rejected: what was found, and what was expected."""


@dataclass(frozen=True)
class ChatCall:
    """A call as the line states it. `result`: its content in the line, None when it is left out."""

    name: str
    arguments: dict[str, JsonValue]
    result: str | None = None


@dataclass(frozen=True)
class ChatTurn:
    """What the user said, the acts of calls in order, and the reply."""

    user: str
    acts: tuple[tuple[ChatCall, ...], ...]
    reply: str


@dataclass(frozen=True)
class Chat:
    """A line that can be read. `profile` is the text that a model sees about the shopper."""

    turns: tuple[ChatTurn, ...]
    chat_id: str | None = None
    language: Language | None = None
    profile: str | None = None
    profile_id: str | None = None
    attachments: Mapping[str, str] = field(default_factory=dict)


def read_line(text: str) -> Chat:
    """The chat of one line. BadLine says why it cannot be used."""
    row = _object(text)
    messages = [one for number, item in enumerate(_listed(row)) for one in _messages(number, item)]
    system = messages.pop(0) if messages and messages[0].role == "system" else None
    language = row.get("language")
    if language is not None and language not in LANGUAGES:
        raise BadLine(f"language is {language!r}; expected {', '.join(LANGUAGES)}, or leave it out")
    return Chat(
        turns=tuple(_turns(messages)),
        chat_id=_short_text(row, "id") or _short_text(row, "conversation_id"),
        language=language,
        profile=_about_shopper(row, system),
        profile_id=_short_text(row, "profile_id"),
        attachments=_attachments(row),
    )


def _object(text: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
        json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise BadLine("it holds half of a surrogate pair (\\ud800 to \\udfff), which is no text") from None
    except (ValueError, RecursionError) as problem:
        raise BadLine(f"it is not JSON: {problem}") from None
    if not isinstance(row, dict):
        raise BadLine(f"found a {type(row).__name__}, expected an object with `messages`")
    return row


# ---- the fields beside the messages ---------------------------------------------------------------


def _listed(row: Mapping[str, Any]) -> list[Any]:
    found = row.get("messages")
    if not isinstance(found, list) or not found:
        raise BadLine("`messages` is missing or empty; expected a list of {role, content}")
    if len(found) > MAX_MESSAGES:
        raise BadLine(f"it has {len(found)} messages; at most {MAX_MESSAGES} are read")
    return found


def _short_text(row: Mapping[str, Any], name: str) -> str | None:
    found = row.get(name)
    if found is None:
        return None
    found = str(found) if isinstance(found, int) else found
    if not isinstance(found, str) or not found.strip() or len(found) > MAX_ID_CHARS:
        raise BadLine(f"{name} is {str(found)[:40]!r}; expected a text of 1 to {MAX_ID_CHARS} characters")
    return found


def _about_shopper(row: Mapping[str, Any], system: _Message | None) -> str | None:
    """`profile`, else a system message of one line. A longer one is a prompt for another model."""
    found = row.get("profile")
    if found is not None:
        if not isinstance(found, str) or not found.strip() or len(found) > MAX_LINE_CHARS:
            raise BadLine(
                f"profile: expected one line about the shopper of at most {MAX_LINE_CHARS} characters"
            )
        return " ".join(found.split())
    is_line = system is not None and len(system.content) <= MAX_LINE_CHARS and "\n" not in system.content
    return system.content or None if is_line and system is not None else None


def _attachments(row: Mapping[str, Any]) -> dict[str, str]:
    found = row.get("attachments") or {}
    if not isinstance(found, dict) or not all(
        isinstance(source, str) and source.startswith(PRODUCT_PICTURE) for source in found.values()
    ):
        raise BadLine('attachments: expected {"att1": "product:<product id>"}; no other source is read')
    return found


# ---- messages -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Message:
    """One message with its calls; `calls` holds (id, call) pairs, `answers` the id a result is for."""

    number: int
    role: str
    content: str
    calls: tuple[tuple[str, ChatCall], ...] = ()
    answers: str | None = None


def _messages(number: int, item: Any) -> Iterator[_Message]:
    """One message; one per act where calls stand in an assistant's text."""
    where = f"message {number}"
    if not isinstance(item, dict):
        raise BadLine(f"{where} is a {type(item).__name__}; expected {{role, content}}")
    role = item.get("role")
    if role not in ("system", "user", "assistant", "tool") or (role == "system" and number):
        raise BadLine(
            f"{where} has role {str(role)[:40]!r}; expected user, assistant or tool (system only first)"
        )
    content, calls = _content(item, where), _calls(item, number)
    if calls and (role != "assistant" or content):
        wrong = "speaks and calls; put the reply behind the results" if role == "assistant" else "calls"
        raise BadLine(f"{where} of role {role} {wrong}")
    if role == "assistant" and TOOL_OPEN in content:
        yield from _written(content, number)
        return
    answers = item.get("tool_call_id") or item.get("answers_call")
    yield _Message(number, str(role), content, calls, None if answers is None else str(answers))


def _calls(item: Mapping[str, Any], number: int) -> tuple[tuple[str, ChatCall], ...]:
    found = item.get("tool_calls") or []
    if not isinstance(found, list):
        raise BadLine(f"message {number}: tool_calls is a {type(found).__name__}; expected a list")
    return tuple(_call(one, number, k) for k, one in enumerate(found))


def _content(item: Mapping[str, Any], where: str) -> str:
    """The text; parts of type text are joined, as in the shape of other chat services."""
    found = item.get("content")
    if isinstance(found, list) and all(isinstance(p, dict) and isinstance(p.get("text"), str) for p in found):
        found = "".join(part["text"] for part in found)
    if found is not None and not isinstance(found, str):
        raise BadLine(f"{where}: content is a {type(found).__name__}; expected text")
    text = (found or "").strip()
    if item.get("role") in ("user", "assistant") and len(text) > MAX_CHARS:
        raise BadLine(f"{where} has {len(text):,} characters; at most {MAX_CHARS:,} are read")
    return text


def _call(item: Any, number: int, k: int) -> tuple[str, ChatCall]:
    """`{"id", "function": {"name", "arguments": JSON text}}`, or `{"call_id", "name", "arguments"}`."""
    where = f"message {number}, call {k}"
    if not isinstance(item, dict):
        raise BadLine(f"{where} is a {type(item).__name__}; expected an object")
    function = item.get("function") or item
    if not isinstance(function, dict):
        raise BadLine(f"{where}: `function` is a {type(function).__name__}; expected an object")
    arguments = function.get("arguments", function.get("arguments_json"))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError) as problem:
            raise BadLine(f"{where}: its arguments are not JSON: {problem}") from None
    call_id = item.get("id") or item.get("call_id") or f"{number}.{k}"
    return str(call_id), _checked(function.get("name"), arguments, where)


def _checked(name: Any, arguments: Any, where: str) -> ChatCall:
    """A call of a known tool with arguments that it knows; what is null counts as not given."""
    if name not in TOOL_NAMES:
        raise BadLine(f"{where}: unknown tool {str(name)[:40]!r}; the tools are {', '.join(TOOL_NAMES)}")
    if arguments is not None and not isinstance(arguments, dict):
        raise BadLine(f"{where}: arguments are a {type(arguments).__name__}; expected an object")
    given = {str(key): value for key, value in (arguments or {}).items() if value is not None}
    known = argument_order(name)
    unknown = [key for key in given if key not in known]
    if unknown:
        raise BadLine(f"{where}: {name} has no argument {unknown[0][:40]!r}; it has {', '.join(known)}")
    return ChatCall(name, given)


def _written(text: str, number: int) -> Iterator[_Message]:
    """The acts and the reply of a text with calls in our own syntax."""
    waiting: list[tuple[str, ChatCall]] = []
    reply = ""
    for k, segment in enumerate(extract(text)):
        if segment.kind == "call":
            if reply:
                raise BadLine(f"message {number}: text stands before a call; put it behind the result")
            waiting.append((f"{number}.{k}", _read_call(segment, number)))
            continue
        reply = segment.text.strip()
        if waiting and (found := _RESULT.match(reply)):
            yield _Message(number, "assistant", "", _shown(waiting, found.group(1)))
            waiting, reply = [], reply[found.end() :].strip()
    if waiting:
        yield _Message(number, "assistant", "", tuple(waiting))
    if reply:
        yield _Message(number, "assistant", reply)


def _read_call(segment: Segment, number: int) -> ChatCall:
    if segment.error:
        raise BadLine(f"message {number}: a call cannot be read: {segment.error}")
    return _checked(segment.name, segment.arguments, f"message {number}")


def _shown(calls: Sequence[tuple[str, ChatCall]], result: str) -> tuple[tuple[str, ChatCall], ...]:
    """The calls before a `<result>`: the last one's result is what stands in it."""
    call_id, last = calls[-1]
    return (*calls[:-1], (call_id, ChatCall(last.name, last.arguments, result)))


# ---- turns ----------------------------------------------------------------------------------------


def _turns(messages: Sequence[_Message]) -> Iterator[ChatTurn]:
    """User turns with their acts; each begins with a user message and ends with a reply."""
    if not messages or messages[0].role != "user":
        raise BadLine("the first message (behind system) is not the user's")
    starts = [at for at, message in enumerate(messages) if message.role == "user"]
    for start, end in zip(starts, [*starts[1:], len(messages)], strict=True):
        yield _turn(messages[start], messages[start + 1 : end])


def _turn(user: _Message, rest: Sequence[_Message]) -> ChatTurn:
    """The acts and the reply to one user message."""
    if not user.content:
        raise BadLine(f"message {user.number}: the user says nothing")
    spoken = [message for message in rest if message.role == "assistant"]
    if not spoken or spoken[-1].calls or not spoken[-1].content:
        raise BadLine(f"message {user.number}: the user's turn ends without a reply of the assistant")
    early = next((message for message in spoken[:-1] if not message.calls), None)
    if early is not None:
        raise BadLine(f"message {early.number} is a second reply; a turn has calls and then one reply")
    if stray := _FORGED.search(spoken[-1].content):
        raise BadLine(f"message {spoken[-1].number}: {stray.group()} stands in the reply")
    results = _results(rest)
    acts = tuple(tuple(_with_result(*one, results) for one in message.calls) for message in spoken[:-1])
    if results:
        raise BadLine(f"a tool message answers {next(iter(results))!r}, which is no call of its turn")
    return ChatTurn(user.content, acts, spoken[-1].content)


def _results(messages: Sequence[_Message]) -> dict[str, str]:
    """Content of the tool messages by the call they answer; in order where they do not say."""
    ids = iter([call_id for message in messages for call_id, _ in message.calls])
    return {
        message.answers or next(ids, f"message {message.number}"): message.content
        for message in messages
        if message.role == "tool"
    }


def _with_result(call_id: str, call: ChatCall, results: dict[str, str]) -> ChatCall:
    return ChatCall(call.name, call.arguments, results.pop(call_id, call.result))

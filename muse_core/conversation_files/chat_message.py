"""One message of a log, in the shape of whichever service wrote it → what was said, called and returned.

    {"role": "user", "content": "…"}                          OpenAI; `content` may be a list of parts
    {"role": "assistant", "tool_calls": [{"id", "function": {"name", "arguments"}}]}, or `function_call`
    {"role": "tool", "tool_call_id": "…", "content": "…"}      also function, ipython, observation
    {"from": "human" | "gpt" | "function_call" | "observation", "value": "…"}             ShareGPT
    {"role": "assistant", "content": [{"type": "tool_use", …}]}, `tool_result` in the user's     Anthropic
    {"role": "model", "parts": [{"functionCall": {"name", "args"}}]}                       Gemini
    {"type": "function_call", "name", "arguments", "call_id"}, `function_call_output`      Responses

A call that stands in the assistant's text is read in the notations of `tools/foreign_calls.py`, or as our
own models write it (`<tool>…</tool><result>…</result>`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from muse_core.conversation_files.chat_calls import called, calls_of, given_id
from muse_core.conversation_files.chat_turns import PICTURES_CUT, BadLine, ChatCall, Spoken
from muse_core.tools.call_objects import UnreadableCall
from muse_core.tools.call_syntax import TOOL_OPEN, extract
from muse_core.tools.foreign_calls import read_written

MAX_CHARS = 4000  # of one message
ROLES = {
    "system": ("system", "developer"),
    "user": ("user", "human", "customer", "buyer", "shopper", "client", "visitor"),
    "assistant": ("assistant", "gpt", "model", "bot", "chatbot", "agent", "shop", "seller"),
    "tool": ("tool", "function", "observation", "ipython", "tool_response", "function_response",
             "tool_result", "function_call_output"),
    "call": ("function_call", "tool_call", "tool_calls"),
}  # fmt: skip
_ROLE_OF = {name: role for role, names in ROLES.items() for name in names}
_TEXTS = ("text", "input_text", "output_text")
_PICTURES = ("image", "image_url", "input_image", "inline_data", "inlineData", "file_data", "fileData")
_THOUGHTS = ("thinking", "redacted_thinking", "reasoning")
_RESPONSE = re.compile(r"<tool_response>\s*(.*?)\s*</tool_response>", re.DOTALL)
_RESULT = re.compile(r"<result>(.*?)</result>", re.DOTALL)


def spoken(number: int, item: Any, counts: Counter[str]) -> Iterator[Spoken]:
    """What one message says and does, in order: words, calls, results. BadLine when it cannot be read."""
    where = f"message {number}"
    if not isinstance(item, Mapping):
        raise BadLine(f"{where} is a {type(item).__name__}; expected {{role, content}}")
    role = _role(item, where)
    if role is None:
        return
    for piece in _pieces(item, role, number, counts):
        if piece.role in ("user", "assistant") and len(piece.content) > MAX_CHARS:
            raise BadLine(f"{where} has {len(piece.content):,} characters; at most {MAX_CHARS:,} are read")
        if piece.calls and role not in ("assistant", "call"):
            raise BadLine(f"{where} of role {role} calls")
        yield piece


def _role(item: Mapping[str, Any], where: str) -> str | None:
    """Whose message it is; None for what nobody says."""
    named = item.get("role") or item.get("from") or item.get("type")
    if named in _THOUGHTS:
        return None
    found = _ROLE_OF.get(named.strip().lower()) if isinstance(named, str) else None
    if found is None:
        raise BadLine(f"{where} has role {str(named)[:40]!r}; expected user, assistant, tool or system")
    return found


def _pieces(item: Mapping[str, Any], role: str, number: int, counts: Counter[str]) -> Iterator[Spoken]:
    content = next(
        (item[key] for key in ("content", "value", "parts", "output") if item.get(key) is not None), None
    )
    if role == "call":
        yield Spoken(number, "assistant", calls=calls_of(item if content is None else content, number))
        return
    where = f"message {number}"
    listed = [one for key in ("tool_calls", "function_call") if (one := item.get(key))]
    texts = list(_contents(content, role, number, counts, where))
    own = [call for one in listed for call in calls_of(one, number)]
    if own and role == "assistant":
        texts = (
            [one for one in texts if one.content]
            if not any(_holds_call(one.content) for one in texts)
            else []
        )
        yield from (Spoken(number, role, one.content, one.calls) for one in texts)
        yield Spoken(number, role, calls=tuple(own))
        return
    if own:
        yield Spoken(number, role, calls=tuple(own))
    answers = given_id(item, "tool_call_id", "answers_call", "call_id")
    for one in texts:
        yield from _said(one, role, answers, item.get("name"))


def _said(one: Spoken, role: str, answers: str | None, tool: Any) -> Iterator[Spoken]:
    """A text as its role means it; what already is a call or a result stays."""
    if one.calls or one.role != role:
        yield one
    elif role == "assistant":
        yield from _written(one.content, one.number)
    elif role == "tool":
        for content in _RESPONSE.findall(one.content) or [one.content]:
            yield Spoken(
                one.number, "tool", content, answers=answers, tool=tool if isinstance(tool, str) else None
            )
    elif role == "user" and one.content and not _RESPONSE.sub("", one.content).strip():
        yield from (Spoken(one.number, "tool", content) for content in _RESPONSE.findall(one.content))
    else:
        yield one


def _holds_call(text: str) -> bool:
    try:
        return TOOL_OPEN in text or bool(read_written(text).calls)
    except UnreadableCall:
        return True


# ---- contents -------------------------------------------------------------------------------------


def _contents(content: Any, role: str, number: int, counts: Counter[str], where: str) -> Iterator[Spoken]:
    """A text, or parts: neighbouring texts are one, calls and results stand by themselves."""
    if content is None or isinstance(content, str):
        yield Spoken(number, role, (content or "").strip())
        return
    if role == "tool" and isinstance(content, dict):
        yield Spoken(number, role, json.dumps(content, ensure_ascii=False))
        return
    if not isinstance(content, list):
        raise BadLine(f"{where}: content is a {type(content).__name__}; expected text")
    waiting = ""
    for part in content:
        found = _part(part, role, number, counts, where)
        if isinstance(found, str):
            waiting += found
            continue
        if waiting.strip():
            yield Spoken(number, role, waiting.strip())
        waiting = ""
        yield found
    if waiting.strip() or not content:
        yield Spoken(number, role, waiting.strip())


def _part(part: Any, role: str, number: int, counts: Counter[str], where: str) -> str | Spoken:
    """The text of one part, or the call or result that it is."""
    if isinstance(part, str):
        return part
    kind = _kind(part)
    if kind in _TEXTS and isinstance(part.get("text"), str):
        return str(part["text"])
    if kind in _THOUGHTS:
        return ""
    if kind in _PICTURES:
        return _picture(role, counts, where)
    body: Any = part[kind] if isinstance(part, Mapping) and isinstance(part.get(kind), Mapping) else part
    if kind in ("tool_use", "toolUse", "functionCall", "function_call"):
        return Spoken(number, "assistant", calls=(called(body, number),))
    if kind in ("tool_result", "toolResult", "functionResponse", "function_response"):
        return _result(body, number)
    raise BadLine(f"{where} has a part of type {kind[:40]!r}; expected text, tool_use or tool_result")


def _kind(part: Any) -> str:
    """A part's `type`; services without one name it by its key."""
    if not isinstance(part, Mapping):
        return type(part).__name__
    return str(part.get("type") or ("text" if "text" in part else next(iter(part), None)))


def _picture(role: str, counts: Counter[str], where: str) -> str:
    if role == "user":
        raise BadLine(
            f"{where} holds a picture, which is not read from a log; write [image:att1] in the text and "
            '"attachments": {"att1": "product:<product id>"} beside `messages`'
        )
    counts[PICTURES_CUT] += 1
    return ""


def _result(body: Mapping[str, Any], number: int) -> Spoken:
    content = next((body[key] for key in ("content", "response", "output") if body.get(key) is not None), "")
    if isinstance(content, list):
        content = "".join(_shown(one) for one in content)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    call_id, tool = given_id(body, "tool_use_id", "toolUseId", "id"), body.get("name")
    return Spoken(number, "tool", text, answers=call_id, tool=tool if isinstance(tool, str) else None)


def _shown(part: Any) -> str:
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        return str(part["text"])
    return json.dumps(part.get("json", part) if isinstance(part, Mapping) else part, ensure_ascii=False)


# ---- calls in a text ------------------------------------------------------------------------------


def _written(text: str, number: int) -> Iterator[Spoken]:
    """The words, acts and reply of an assistant's text."""
    if TOOL_OPEN in text:
        yield from _our_syntax(text, number)
        return
    try:
        found = read_written(text)
    except UnreadableCall as problem:
        raise BadLine(f"message {number}: a call cannot be read: {problem}") from None
    if found.after.lower().startswith("observation:"):
        raise BadLine(f"message {number}: a result stands in the assistant's text; expected a tool message")
    if found.before:
        yield Spoken(number, "assistant", found.before)
    if found.calls:
        calls = [
            (f"{number}.{k}", called({"name": n, "arguments": a}, number)[1])
            for k, (n, a) in enumerate(found.calls)
        ]
        yield Spoken(number, "assistant", calls=tuple(calls))
    yield Spoken(number, "assistant", found.after)


def _our_syntax(text: str, number: int) -> Iterator[Spoken]:
    """Acts with the results behind them, words in between."""
    waiting: list[tuple[str, ChatCall]] = []
    for k, segment in enumerate(extract(text)):
        if segment.kind == "call":
            if segment.error:
                raise BadLine(f"message {number}: a call cannot be read: {segment.error}")
            call = called({"name": segment.name, "arguments": segment.arguments}, number)[1]
            waiting.append((f"{number}.{k}", call))
            continue
        words = segment.text.strip()
        if waiting:
            shown = _RESULT.match(words)
            yield Spoken(number, "assistant", calls=_with_result(waiting, shown.group(1) if shown else None))
            waiting, words = [], words[shown.end() :].strip() if shown else words
        yield Spoken(number, "assistant", words)
    if waiting:
        yield Spoken(number, "assistant", calls=tuple(waiting))


def _with_result(
    calls: Sequence[tuple[str, ChatCall]], result: str | None
) -> tuple[tuple[str, ChatCall], ...]:
    """The calls before a `<result>`: the last one's result is what stands in it."""
    call_id, last = calls[-1]
    return (*calls[:-1], (call_id, ChatCall(last.name, last.arguments, result)))

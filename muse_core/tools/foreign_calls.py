"""Tool calls in the notations that chat models of today write, read from their text.

    Hermes, Qwen        <tool_call>{"name": "search", "arguments": {…}}</tool_call>, one or several
    SmolLM2, xLAM       <tool_call>[{"name": …, "arguments": …}, …]</tool_call>; also without tags
    Granite, Phi, LFM2  <|tool_call|>[…], <|tool_call_start|>[…]<|tool_call_end|>, closed or not
    Glaive              <functioncall> {"name": …, "arguments": '{…}'}
    Llama 3             {"name": …, "parameters": {…}}, optionally behind <|python_tag|>, several by `;`
    Llama 3.1, Qwen3    <function=search>{…}</function>, <function=search><parameter=query>…</parameter>…
    Anthropic           <invoke name="search"><parameter name="query">…</parameter></invoke>
    Mistral             [TOOL_CALLS] [{"name": …, "arguments": {…}}] and [TOOL_CALLS]search[ARGS]{…}
    Llama 3.2, 4, LFM2  [search(query='shoes'), …], read by our own literal grammar, never evaluated
    Gemma               the same in a fence
    ReAct               Action: search, Action Input: {…}

Text around a call is given back beside it (models think aloud); what is begun and cannot be read raises,
and so does what looks like a call of one of our tools in a notation that is not read (`_SUSPECT`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from muse_core.json_text import JsonTextError, check_depth
from muse_core.tools.call_brackets import closing, split_calls
from muse_core.tools.call_objects import (
    Call,
    UnreadableCall,
    calls_in,
    looks_like_call,
    plain_name,
    read_value,
    typed,
)
from muse_core.tools.call_syntax import CallSyntaxError, parse_call
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.tools.toolbox import TOOL_NAMES, per_tools

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_TAGGED = re.compile(
    r"<\|?(tool_calls?|functioncall|function_call)\|?>(.*?)(?:<\|?/\1\|?>|(?=<\|?\1\|?>)|\Z)"
    r"|<\|tool_call_start\|>(.*?)(?:<\|tool_call_end\|>|\Z)",
    re.DOTALL,
)
_ELEMENT = re.compile(
    r"<function=([\w.-]+)\s*>(.*?)(?:</function>|\Z)"
    r"|<(?:antml:)?invoke name=\"([\w.-]+)\"\s*>(.*?)(?:</(?:antml:)?invoke>|\Z)",
    re.DOTALL,
)
_PARAMETER = re.compile(r"<parameter=([\w.-]+)>|<(?:antml:)?parameter name=\"([\w.-]+)\"[^>]{0,200}>")
_PARAMETER_END = re.compile(r"</(?:antml:)?parameter>")
_WRAPPER = re.compile(r"</?(?:antml:)?(?:function_calls?|functioncall|tool_calls?|tools|tool_use)>")
_MISTRAL = re.compile(r"\[TOOL_CALLS\]\s*(.*)\Z", re.DOTALL)
_NAMED = re.compile(r"\s*([\w.-]+)(?:\[CALL_ID\]\w*)?\[ARGS\]")
_PYTHON_TAG = re.compile(r"<\|python_tag\|>(.*)\Z", re.DOTALL)
_FENCE = re.compile(r"```[\w-]*\s*\n(.*?)\n?```", re.DOTALL)
_REACT = re.compile(r"^[ \t]*Action[ \t]*:\s*([\w.]+)[ \t\r]*\n\s*Action[ _]Input\s*:\s*", re.MULTILINE)
_PYTHONIC = re.compile(r"\A\[\s*[A-Za-z_][\w.]*\(.*\)\s*\]\Z", re.DOTALL)
_HEAD = re.compile(r"\A\[?\s*\{\s*\"(?:name|type|function|tool_calls)\"\s*:")
_OBJECT = re.compile(r"\[\s*\{\s*[\"']|\{\s*[\"']")
_PYTHONIC_OURS = r"\[\s*(?:functions\.)?(?:OURS)\((?:\s*\w+\s*=|\s*\))"
_BARE_OURS = r"(?s)\A(?:functions\.)?(?:OURS)\((?:\s*\w+\s*=.*|\s*)\)\Z"
_SUSPECT = (
    r"(?m)\b(?:OURS)\W{0,3}[(\[]\s*(?:\w+\s*=|[\"'])"  # search("x"), filter[colour=red]
    r"|[\"'](?:name|tool|tool_name|action|function)[\"']\s*:\s*[\"'](?:functions\.)?(?:OURS)[\"']"
    r"|\b(?:OURS)\b[^{}\n]{0,30}\{\s*[\"']"  # search with {"query": …}
    r"|^[ \t]*(?:Action|Tool|Function)[ \t]*:\s*\W{0,3}(?:OURS)\b|</?(?:OURS)\b[^>]{0,500}>|^/(?:OURS)\b"
    r"|^>>>\s*(?:OURS)\b|tool▁call|to=functions\.|&lt;/?(?:tool|function)"
)
_MOST_TRIES = 100  # at places in one text where a call may begin and none can be read
_END_TOKENS = re.compile(
    r"\A\s*(?:<s>|<bos>)|(?:<\|(?:im_end|endoftext|end_of_text|eot_id|eom_id)\|>|</s>|<eos>|<end_of_turn>)\s*\Z"
)


@dataclass(frozen=True)
class Written:
    """The calls of a text in order, the words in front of the last one, and those behind it."""

    calls: tuple[Call, ...] = ()
    before: str = ""
    after: str = ""


Span = tuple[int, int, list[Call]]


@per_tools
def _of_ours(pattern: str) -> re.Pattern[str]:
    """A pattern about calls of our tools, with their names."""
    return re.compile(pattern.replace("OURS", "|".join(TOOL_NAMES)))


def read_written(text: str, schema: ShopSchema = PLAIN) -> Written:
    """What a model wrote, its thoughts left out; all of it is `after` when it only talks. `schema`: the
    shop's, which types what XML leaves as text. UnreadableCall when a call is begun and cannot be read."""
    text = _END_TOKENS.sub("", _END_TOKENS.sub("", _THOUGHT.sub("", text))).strip()
    try:
        spans = next((found for find in _finders(schema) if (found := list(find(text)))), [])
    except RecursionError:
        raise UnreadableCall("it is nested too deeply") from None
    except JsonTextError as problem:
        raise UnreadableCall(str(problem)) from None
    before = " ".join(filter(None, (part.strip() for part in _between(text, spans)))) if spans else ""
    after = text[spans[-1][1] :].strip() if spans else text
    after = _WRAPPER.sub("", after).strip() if spans else after
    if suspect := _of_ours(_SUSPECT).search(after):
        raise UnreadableCall(f"found {suspect.group().strip()[:40]!r} in a notation that is not read")
    return Written(
        tuple(call for *_, calls in spans for call in calls), _WRAPPER.sub("", before).strip(), after
    )


def _between(text: str, spans: list[Span]) -> Iterator[str]:
    """The words in front of each span."""
    at = 0
    for start, end, _ in spans:
        yield text[at:start]
        at = end


# ---- where calls stand ----------------------------------------------------------------------------


def _mistral(text: str) -> Iterator[Span]:
    if (match := _MISTRAL.search(text)) is None:
        return
    body = match.group(1)
    if not _NAMED.match(body):
        calls, used = _values(body)
        yield match.start(), match.start(1) + used, calls
        return
    found: list[Call] = []
    for part in body.split("[TOOL_CALLS]"):
        head = _NAMED.match(part)
        if head is None:
            raise UnreadableCall(f"found {part[:40]!r}, expected name[ARGS]{{…}}")
        found += calls_in({"name": head.group(1), "arguments": part[head.end() :]})
    yield match.start(), len(text), found


def _elements(text: str, schema: ShopSchema) -> Iterator[Span]:
    for match in _ELEMENT.finditer(text):
        name = plain_name(match.group(1) or match.group(3))
        body = (match.group(2) if match.group(1) else match.group(4)).strip()
        pairs = list(_parameters(body))
        if not pairs and body:
            yield match.start(), match.end(), list(calls_in({"name": name, "arguments": body}))
            continue
        arguments = {key: typed(name, key, value, schema) for key, value in pairs}
        yield match.start(), match.end(), [(name, arguments)]


def _parameters(body: str) -> Iterator[tuple[str, str]]:
    """Name and text of each; one that is not closed ends them. In one pass, however many are begun."""
    at = 0
    while (begun := _PARAMETER.search(body, at)) and (closed := _PARAMETER_END.search(body, begun.end())):
        yield begun.group(1) or begun.group(2), body[begun.end() : closed.start()].strip()
        at = closed.end()


def _tagged(text: str) -> Iterator[Span]:
    for match in _TAGGED.finditer(text):
        body = (match.group(2) if match.group(1) else match.group(3)).strip()
        yield match.start(), match.end(), _written(body)


def _python_tag(text: str) -> Iterator[Span]:
    if match := _PYTHON_TAG.search(text):
        yield match.start(), match.end(), _written(match.group(1).strip())


def _fenced(text: str) -> Iterator[Span]:
    """Fences that hold nothing but a call; code and tables are talk."""
    for match in _FENCE.finditer(text):
        body = match.group(1).strip()
        if _is_pythonic(body) or _HEAD.match(body) or _is_call(body):
            yield match.start(), match.end(), _written(body)


def _react(text: str) -> Iterator[Span]:
    for match in _REACT.finditer(text):
        calls, used = _values(text[match.end() :], match.group(1))
        yield match.start(), match.end() + used, calls


def _whole(text: str) -> Iterator[Span]:
    """A text that is nothing but calls."""
    if _is_pythonic(text) or _HEAD.match(text) or _is_call(text):
        yield 0, len(text), _written(text)


def _among_words(text: str) -> Iterator[Span]:
    """Calls of our own tools that stand among words, as objects or as Python."""
    at, failed = 0, 0
    while failed < _MOST_TRIES and (match := _OBJECT.search(text, at)):
        value, end = _value_at(text, match.start())
        if end and looks_like_call(value):
            yield match.start(), end, list(calls_in(value))
        failed += not end
        at = end or match.end()
    for match in islice(_of_ours(_PYTHONIC_OURS).finditer(text), _MOST_TRIES):
        if (closed := closing(text, match.start())) is not None:
            yield match.start(), closed, list(_pythonic(text[match.start() : closed]))


def _finders(schema: ShopSchema) -> tuple[Callable[[str], Iterator[Span]], ...]:
    elements = partial(_elements, schema=schema)
    return _mistral, elements, _tagged, _python_tag, _fenced, _react, _whole, _among_words


# ---- what stands there ----------------------------------------------------------------------------


def _written(text: str) -> list[Call]:
    """The calls of a text that holds nothing else: JSON, Python literals, or Python calls."""
    if _is_pythonic(text):
        return list(_pythonic(text))
    calls, used = _values(text)
    if rest := _WRAPPER.sub("", text[used:]).strip():
        raise UnreadableCall(f"found {rest[:40]!r} behind a call")
    return calls


def _values(text: str, name: str | None = None) -> tuple[list[Call], int]:
    """The calls of JSON values one after another, apart by blanks, commas or semicolons, and where they
    end. With a `name` the first value is its arguments."""
    found: list[Call] = []
    at = len(text) - len(text.lstrip())
    while at < len(text) and text[at] in "[{\"'":
        value, end = _value_at(text, at)
        if not end:
            value, end = read_value(text[at:]), len(text)
        found += calls_in(value if name is None else {"name": name, "arguments": value})
        at = end
        if name is not None:
            break
        while at < len(text) and text[at] in " \n\r\t;,":
            at += 1
    if not found:
        raise UnreadableCall(f"found {text[:40]!r}, expected a call as JSON")
    return found, at


def _value_at(text: str, at: int) -> tuple[object, int]:
    """The JSON value that begins there and its end; (None, 0) when none does."""
    try:
        value, end = json.JSONDecoder().raw_decode(text, at)
        check_depth(value)
    except (ValueError, RecursionError):
        return None, 0
    return value, end


def _is_call(text: str) -> bool:
    try:
        return text[:1] in ("{", "[") and looks_like_call(read_value(text))
    except UnreadableCall:
        return False


def _is_pythonic(text: str) -> bool:
    return bool(_PYTHONIC.match(text) or _of_ours(_BARE_OURS).match(text))


def _pythonic(text: str) -> Iterator[Call]:
    inner = text.strip()
    for part in split_calls(inner[1:-1] if inner.startswith("[") else inner):
        try:
            name, arguments = parse_call(part.strip().removeprefix("functions."))
        except CallSyntaxError as problem:
            raise UnreadableCall(str(problem)) from None
        yield name, dict(arguments)

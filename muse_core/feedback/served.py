"""`feedback.jsonl` as `muse serve` writes it → pieces of feedback, without what belongs to one person.

Every text is looked through: the shopper's words, replies (they may repeat them), what calls were given, the
wish, the line about the shopper. Rules see forms, not people: a name alone stays. Where something was
found, nothing but the shopper's last words is kept of the conversation, masked, and the row never enters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from muse_core.feedback.row import Feedback, Wish
from muse_core.json_files import JsonFile
from muse_core.records import canonical_json
from muse_core.types import Language
from muse_core.utterances.personal import without_personal

PICTURE = "a picture stands in it, and its bytes are not kept"
CLIENT_TOOLS = "the client ran the tools: their results are not known here"
PERSONAL = "personal data"
MOST_CHARACTERS = 2000  # of what was said last, where nothing else is kept


class _Wanted(BaseModel):
    kind: Literal["tool", "values", "reply"]
    tool: str = ""
    values: str = ""
    reply: str = ""


def _is_message(message: dict[str, Any]) -> dict[str, Any]:
    calls, content = message.get("tool_calls"), message.get("content")
    if not isinstance(calls, list | None) or not all(isinstance(call, dict) for call in calls or ()):
        raise ValueError("`tool_calls` is no list of objects")
    if not isinstance(content, str | list | None):
        raise ValueError("`content` is neither a text nor a list of parts")
    return message


_Message = Annotated[dict[str, Any], AfterValidator(_is_message)]


class _Answer(BaseModel):
    messages: list[_Message]
    calls: list[dict[str, Any]]
    language: Language


class _Served(BaseModel):
    id: Annotated[str, Field(pattern=r"^[\w-]{4,64}$")]
    time: str
    completion: str
    model: str
    thumb: Literal["up", "down"]
    messages: list[_Message]
    answer: _Answer
    wanted: _Wanted | None = None
    profile: str = ""

    @model_validator(mode="before")
    @classmethod
    def is_json(cls, value: Any) -> Any:
        """Python's reader takes NaN and Infinity, which JSON has not."""
        canonical_json(value)
        return value


def read_feedback(path: Path) -> Iterator[Feedback | str]:
    """Each line as feedback that waits or was refused; a text says why a line is none. ConfigError for a
    file that cannot be opened or holds no JSON."""
    for entry in JsonFile(path, "piece of feedback", _is_feedback).entries():
        if entry.problem is not None:
            yield f"{entry.place}: {entry.problem}"
            continue
        try:
            yield _feedback(_Served.model_validate(entry.value))
        except ValidationError as problem:
            where = ".".join(map(str, problem.errors()[0]["loc"]))
            yield f"{entry.place}: {where}: {problem.errors()[0]['msg']}; expected what `muse serve` writes"


def _is_feedback(value: Any) -> bool:
    return isinstance(value, Mapping) and "thumb" in value


def _feedback(served: _Served) -> Feedback:
    wish: Wish = served.wanted.kind if served.wanted else "nothing"
    found: Counter[str] = Counter()
    one = Feedback(
        feedback_id=served.id,
        time=served.time,
        completion=served.completion,
        model=served.model,
        thumb=served.thumb,
        wish=wish,
        wish_text=_clean(getattr(served.wanted, wish, ""), found),
        language=served.answer.language,
        profile=_clean(" ".join(served.profile.split()), found),
        asked=tuple(_message(message, found) for message in served.messages),
        answer=tuple(_answered(served.answer, found)),
    )
    if found:
        return _bare(one, PERSONAL, tuple(sorted(found)))
    reason = _form(served)
    return _bare(one, reason) if reason else one


def _bare(one: Feedback, reason: str, personal: tuple[str, ...] = ()) -> Feedback:
    """A row that is refused, with the shopper's last words only."""
    last = one.said[-1][:MOST_CHARACTERS] if one.said else ""
    kept = {**vars(one), "asked": ({"role": "user", "content": last},), "answer": (), "personal": personal}
    return Feedback(**kept).with_status("refused", reason)


def _form(served: _Served) -> str:
    """What rules a conversation out before anything is looked at."""
    if any(_has_picture(message) for message in served.messages):
        return PICTURE
    if any(message.get("role") == "tool" for message in served.messages):
        return CLIENT_TOOLS
    is_handed = not served.answer.messages or bool(served.answer.messages[-1].get("tool_calls"))
    return CLIENT_TOOLS if is_handed else ""


def _has_picture(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    return isinstance(content, list) and any(_text(part) is None for part in content)


def _text(part: Any) -> str | None:
    found = part.get("text") if isinstance(part, Mapping) else None
    return found if isinstance(found, str) else None


def _message(message: Mapping[str, Any], found: Counter[str]) -> dict[str, Any]:
    """Role, words and calls; what clients add beside them is left out."""
    content = message.get("content")
    if isinstance(content, list):
        content = " ".join(text for part in content if (text := _text(part)) is not None)
    plain = {"role": str(message.get("role")), "content": _clean(str(content or ""), found)}
    calls = message.get("tool_calls") or []
    return plain | ({"tool_calls": [masked(call, found) for call in calls]} if calls else {})


def _answered(answer: _Answer, found: Counter[str]) -> Iterator[dict[str, Any]]:
    """The served turn, the result of each call behind it: what is replayed must find the same."""
    results = iter(answer.calls)
    for message in answer.messages:
        yield _message(message, found)
        for _ in message.get("tool_calls") or []:
            call = next(results, {})
            body = {"error": call["error"]} if call.get("error") else {"value": call.get("result")}
            yield {"role": "tool", "content": canonical_json(body)}


def masked(value: Any, found: Counter[str]) -> Any:
    """A JSON value with every text in it masked; `found` counts the kinds of what was."""
    if isinstance(value, str):
        return _clean(value, found)
    if isinstance(value, Mapping):
        return {key: masked(one, found) for key, one in value.items()}
    return [masked(one, found) for one in value] if isinstance(value, list) else value


def _clean(text: str, found: Counter[str]) -> str:
    masked, kinds = without_personal(text)
    found.update(kinds)
    return "[address]" if masked is None else masked

"""One POST to the address of a user's own tool: JSON there, JSON back, within a time and a size.

No redirect is followed, and no proxy of the environment is used. What the address refuses (a status of 400
to 499) is the tool's own error, which a model reads. That it hangs, breaks or answers no JSON ends a run, as
its rows would depend on the weather; where customers are served a model is told that it is not available.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from muse_core.errors import MuseError, ToolError, TransientError
from muse_core.json_text import JsonTextError, read_json
from muse_core.types import JsonValue

_BUSY = frozenset((408, 425, 429))
_AWAY = frozenset((401, 403, 404, 405, 407))  # the address is wrong, not the arguments


class _Failed(Exception):
    """Why there is no answer; `again`: it may work another time."""

    def __init__(self, why: str, again: bool = False) -> None:
        super().__init__(why)
        self.again = again


def post(
    tool: str, address: str, body: Mapping[str, JsonValue], timeout_s: float, max_bytes: int, is_live: bool
) -> JsonValue:
    """The answer's JSON; {"error": text} for what the address refuses. Where `is_live`, a ToolError for what
    fails; else TransientError (it may work another time) or MuseError, with the call and what to do."""
    try:
        status, raw = _exchange(address, body, timeout_s, max_bytes)
        return _read(status, raw)
    except _Failed as problem:
        if is_live:
            raise ToolError(f"{tool} cannot be reached now") from problem
        call = ", ".join(f"{name}={value!r}" for name, value in body.items())
        kind = TransientError if problem.again else MuseError
        raise kind(
            f"{tool}({call}): {address} {problem}; expected 200 with JSON. Mend the service, or write its "
            "answers into the tool's .recorded.jsonl (docs/tools.md)"
        ) from problem


def _exchange(
    address: str, body: Mapping[str, JsonValue], timeout_s: float, max_bytes: int
) -> tuple[int, bytes]:
    import httpx

    client = _client()
    ends, raw = time.monotonic() + timeout_s, b""
    sent = json.dumps(dict(body), ensure_ascii=False).encode("utf-8")
    headers = {"content-type": "application/json", "accept": "application/json"}
    try:
        with client.stream("POST", address, content=sent, headers=headers, timeout=timeout_s) as answer:
            for chunk in answer.iter_bytes():
                raw += chunk
                if len(raw) > max_bytes:
                    raise _Failed(f"answered more than {max_bytes:,} bytes (max_bytes)")
                if time.monotonic() > ends:
                    raise _Failed(f"did not end its answer within {timeout_s:g} s (timeout_s)", again=True)
            return answer.status_code, raw
    except httpx.TimeoutException:
        raise _Failed(f"did not answer within {timeout_s:g} s (timeout_s)", again=True) from None
    except httpx.HTTPError as problem:
        raise _Failed(f"cannot be reached ({type(problem).__name__}: {problem})", again=True) from None


@cache
def _client() -> Any:
    """One for the process: making one reads all certificates."""
    import httpx

    return httpx.Client(trust_env=False, follow_redirects=False)


def _read(status: int, raw: bytes) -> JsonValue:
    refused = 400 <= status < 500 and status not in _BUSY | _AWAY
    try:
        answer: JsonValue = read_json(raw.decode("utf-8"))
    except (JsonTextError, UnicodeDecodeError):
        if refused:
            return {"error": f"refused with status {status}"}
        shown = raw[:60].decode("utf-8", "replace")
        raise _Failed(f"answered {status} with {shown!r}, which is no JSON", again=status >= 500) from None
    if refused:
        told = answer.get("error") if isinstance(answer, dict) else None
        return {"error": told if isinstance(told, str) else f"refused with status {status}"}
    if status != 200:
        raise _Failed(f"answered with status {status}", again=status >= 500 or status in _BUSY)
    return answer

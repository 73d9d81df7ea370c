"""How much one request may be, and how many at once; read the body within it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request

from serving.refusals import Refused


@dataclass(frozen=True)
class Limits:
    """`at_once`: turns that wait or are decoded; more are told to come back after `retry_after_s`."""

    body_bytes: int = 8_000_000  # a picture of 5 MB in base64, and the words
    messages: int = 200
    at_once: int = 128
    turn_s: float = 60.0
    body_s: float = 30.0
    retry_after_s: int = 2


async def read_json(request: Request, limits: Limits) -> dict[str, Any]:
    """The object in a request's body. Refused when it is too large, too slow or none; the media type must be
    JSON's, which a page of another site cannot send."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise Refused(415, f"found the content type {media or 'none'!r}, expected application/json")
    try:
        async with asyncio.timeout(limits.body_s):
            body = await _body(request, limits.body_bytes)
        found = json.loads(body.decode("utf-8"))
    except TimeoutError:
        raise Refused(408, f"the body did not arrive within {limits.body_s:g} s") from None
    except ClientDisconnect:
        raise Refused(400, "the client went away before its body had arrived") from None
    except (ValueError, RecursionError) as problem:
        raise Refused(
            400, f"the body is no JSON ({_short(problem)}); expected an object", "bad_json"
        ) from None
    if not isinstance(found, dict):
        raise Refused(400, f"the body is a JSON {type(found).__name__}, expected an object", "bad_json")
    return found


async def _body(request: Request, longest: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > longest:
        raise _too_large(f"{int(declared):,} bytes", longest)
    parts, length = [], 0
    async for part in request.stream():
        parts.append(part)
        length += len(part)
        if length > longest:
            raise _too_large(f"more than {longest:,} bytes", longest)
    return b"".join(parts)


def _too_large(found: str, longest: int) -> Refused:
    return Refused(413, f"found a body of {found}, expected at most {longest:,}", "too_large")


def _short(problem: Exception) -> str:
    return str(problem).split("\n")[0][:120] or type(problem).__name__

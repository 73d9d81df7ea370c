"""An answer as server-sent events.

A turn is checked as a whole before it may be shown (`muse_core.generation.faults`), so the first chunk says
at once that somebody answers, comments keep the line open while the turn is decoded, and the words follow in
one go. A client that goes away frees its slot.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from serving.completions import Completion, first_chunk
from serving.refusals import Refused
from serving.service import NAME, Begun, ClientGone, Service

KEEP_OPEN_S = 5.0


def streamed(service: Service, began: Begun, request: Request) -> StreamingResponse:
    """The response of a turn under way; it answers while it is sent."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _events(service, began, request), media_type="text/event-stream", headers=headers
    )


async def _events(service: Service, began: Begun, request: Request) -> AsyncIterator[str]:
    yield _event(first_chunk(began.asked, NAME))
    work = asyncio.ensure_future(service.finish(began, request.is_disconnected))
    try:
        while not (await asyncio.wait({work}, timeout=KEEP_OPEN_S))[0]:
            yield ": still working\n\n"
        done: Completion = work.result()
        for chunk in done.chunks():
            yield _event(chunk)
    except Refused as refusal:
        yield _event(refusal.body())
    except ClientGone:
        return
    finally:
        work.cancel()
    yield "data: [DONE]\n\n"


def _event(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"

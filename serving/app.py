"""The routes: OpenAI's chat completions, what operators look at, and the page.

    POST /v1/chat/completions   GET /v1/models   GET /v1/tools
    GET /health   GET /metrics   POST /feedback   GET /products/<id>/image
    GET /   /page.css   /page.js   /words/<language>.json

Where a key is set, everything under /v1, /feedback and /metrics asks for it (`Authorization: Bearer …`).
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from muse_core.generation.attached import kind_of
from muse_core.tools.shop_schema import schema_of
from serving.completions import read_request
from serving.feedback import feedback_row
from serving.headers import SafeHeaders
from serving.limits import read_json
from serving.metrics import MEDIA_TYPE
from serving.refusals import Refused
from serving.service import NAME, ClientGone, Service
from serving.streaming import streamed
from serving.words import LANGUAGES, words_of

PAGE = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
CLIENT_CLOSED = 499  # what nginx writes into its log for a client that went away
Answer = Callable[[Request], Awaitable[Response]]


def build_app(service: Service, hosts: Sequence[str] = ("*",)) -> Starlette:
    """The server as an ASGI application. `hosts`: the names it may be asked under."""

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        yield
        service.close()

    routes = [
        Route("/v1/chat/completions", _open(_complete, service, needs_key=True), methods=["POST"]),
        Route("/v1/models", _open(_models, service, needs_key=True)),
        Route("/v1/models/{name:path}", _open(_model, service, needs_key=True)),
        Route("/v1/tools", _open(_tools, service, needs_key=True)),
        Route("/feedback", _open(_feedback, service, needs_key=True), methods=["POST"]),
        Route("/metrics", _open(_metrics, service, needs_key=True)),
        Route("/health", _open(_health, service)),
        Route("/products/{product}/image", _open(_image, service)),
        Route("/words/{language}.json", _open(_words, service)),
        *(Route(path, _open(_page, service)) for path in PAGE),
    ]
    handlers: Any = {HTTPException: _not_routed, Exception: _unexpected}
    middleware = [Middleware(SafeHeaders), Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))]
    return Starlette(routes=routes, middleware=middleware, exception_handlers=handlers, lifespan=life)


def _open(
    answer: Callable[[Request, Service], Awaitable[Response]], service: Service, needs_key: bool = False
) -> Answer:
    """A route: the key is looked at, refusals become answers, and each is counted."""

    async def route(request: Request) -> Response:
        try:
            if needs_key:
                _check_key(request, service.key)
            found = await answer(request, service)
        except Refused as refusal:
            found = refusal.response()
        except ClientGone:
            found = Response(status_code=CLIENT_CLOSED)
        path = getattr(request.scope.get("route"), "path", "")
        service.metrics.requests.labels(path, str(found.status_code)).inc()
        return found

    return route


def _check_key(request: Request, key: str) -> None:
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if key and not secrets.compare_digest(given.encode(), key.encode()):
        raise Refused(
            401, "the key is missing or wrong; send it as `Authorization: Bearer KEY`", "invalid_api_key",
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip


async def _complete(request: Request, service: Service) -> Response:
    asked = read_request(await read_json(request, service.limits), NAME, service.limits)
    if asked.is_streamed:
        return streamed(service, await service.begin(asked), request)
    done = await service.answer(asked, request.is_disconnected)
    return JSONResponse(done.as_json())


def _about(service: Service) -> dict[str, Any]:
    return {"id": NAME, "object": "model", "created": service.started, "owned_by": NAME}


async def _models(request: Request, service: Service) -> Response:
    return JSONResponse({"object": "list", "data": [_about(service)]})


async def _model(request: Request, service: Service) -> Response:
    name = request.path_params["name"]
    if name != NAME:
        raise Refused(404, f"found the model {name!r:.80}, expected {NAME!r}", "model_not_found")
    return JSONResponse(_about(service))


async def _tools(request: Request, service: Service) -> Response:
    return JSONResponse({"object": "list", "data": schema_of(service.catalog.catalog.facets).as_openai()})


async def _feedback(request: Request, service: Service) -> Response:
    row = feedback_row(await read_json(request, service.limits), service.memory)
    service.keep_feedback(row)
    return JSONResponse({"id": row["id"]}, 201)


async def _metrics(request: Request, service: Service) -> Response:
    return Response(service.metrics.text(), media_type=MEDIA_TYPE)


async def _health(request: Request, service: Service) -> Response:
    is_well = service.live.is_alive
    found = {"status": "ok" if is_well else "down", "model": NAME, "products": len(service.catalog.catalog)}
    return JSONResponse({**found, "needs_key": bool(service.key)}, 200 if is_well else 503)


async def _image(request: Request, service: Service) -> Response:
    product = service.catalog.catalog.by_id.get(request.path_params["product"])
    picture = product.image if product is not None else None
    kind = kind_of(picture) if picture else None
    if picture is None or kind is None:
        raise Refused(404, "this product has no picture", "no_picture")
    return Response(picture, media_type=kind, headers={"Cache-Control": "public, max-age=3600"})


async def _words(request: Request, service: Service) -> Response:
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise Refused(404, f"found {language!r:.80}, expected one of {', '.join(LANGUAGES)}")
    return JSONResponse(words_of(language)["page"])


async def _page(request: Request, service: Service) -> Response:
    name, kind = PAGE[request.url.path]
    text = resources.files("serving").joinpath("page", name).read_bytes()
    return Response(text, media_type=f"{kind}; charset=utf-8", headers={"Cache-Control": "no-cache"})


async def _not_routed(request: Request, problem: Exception) -> Response:
    status = getattr(problem, "status_code", 404)
    headers = getattr(problem, "headers", None)
    return Refused(
        status, f"{request.method} {request.url.path:.80} is not served", headers=headers
    ).response()


async def _unexpected(request: Request, problem: Exception) -> Response:
    return Refused(500, "this request failed here; the server's log says why", "failed").response()

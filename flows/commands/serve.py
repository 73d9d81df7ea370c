"""`muse serve`: the assistant behind an address, for programs and for people.

Loopback unless another host is named. Where `MUSE_SERVE_KEY` is set, programs send it as a bearer token and
the page asks for it.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from flows.assistant import Resolve, open_assistant
from flows.environment import SERVE_KEY, home_folder, serve_key, tracing
from muse_core.errors import ConfigError
from serving.limits import Limits
from serving.turn_log import Listener

SAID = ("messages", "profile", "answer", "wanted")  # what people's words can stand in
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def serve(
    home: Path | None, model: str | None, catalog: Path | None, host: str, port: int, limits: Limits,
    slots: int, resolve: Resolve, has_traces: bool = False,
) -> None:  # fmt: skip
    """Serves until it is interrupted. The address is looked at before anything is loaded."""
    listening = _listen(host, port)
    key = serve_key()
    assistant = open_assistant(home, model, catalog, resolve)
    import uvicorn

    from serving.app import build_app
    from serving.service import Service

    folder = home_folder(home)
    told = assistant.model, _traces(folder) if has_traces else None
    service = Service(assistant.loaded, assistant.index, folder, limits, key, slots, *told)
    service.warm_up()
    local = is_loopback(host)
    app = build_app(service, LOCAL_NAMES if local else ("*",))
    place = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
    with suppress(KeyboardInterrupt):  # uvicorn raises it again once everybody was answered
        _say(f"muse serve: model {assistant.model}, shop {assistant.shop}")
        if not local and not key:
            _say(f"note: {host} can be reached by others and no key is set; {SERVE_KEY} sets one")
        _say(f"muse serve: {place} (the page), {place}/v1 (OpenAI's protocol, model 'muse'); Ctrl-C ends it")
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5
        )
        uvicorn.Server(config).run(sockets=[listening])


def _traces(home: Path) -> Listener:
    """Traces in MLflow, without what belongs to one person. MLflow may be away now and come later."""
    from muse_core.feedback.served import masked
    from tasks.tracking import TraceLog, TrackingPlace

    log = TraceLog(TrackingPlace(*tracing(home), home))

    def told(kind: str, about: Mapping[str, Any]) -> None:
        said = {key: about[key] for key in SAID if key in about}
        log(kind, {**about, **masked(said, Counter())})

    return told


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    """The socket; ConfigError when the address cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(found[0], found[1])
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(found[4])
        listening.listen(256)
    except (OSError, OverflowError) as problem:
        raise ConfigError(
            f"--host {host} --port {port}: cannot be listened at ({problem}); name a free port, or stop what "
            "listens there"
        ) from None
    return listening


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

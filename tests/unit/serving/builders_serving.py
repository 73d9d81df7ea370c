"""A server on loopback, in this process, with a model that writes what a script says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.models.chat_format import END
from serving.app import build_app
from serving.limits import Limits
from serving.service import Service
from serving.turn_log import Listener
from tests import builders
from tests.unit.generation.builders_answer import ITEMS, SEARCH, roomy_model, script_model

PATIENCE_S = 120.0
HTML = "<img src=x onerror=alert(1)><script>document.title='owned'</script>"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0"
    "00000301010018dd8db00000000049454e44ae426082"
)


def shop() -> CatalogIndex:
    """Two shirts, the first with a picture; and one whose every word is HTML."""
    nasty = builders.product(
        product_id="<p9>", title=f"Shirt {HTML}", brand=HTML, colour=None, price=10.0, description=HTML
    )
    return CatalogIndex(Catalog((replace(ITEMS[0], image=PNG), ITEMS[1], nasty)))


@dataclass
class Running:
    """A server that listens. `heard`: what the model read; `gate`: the model writes while it is open."""

    service: Service
    url: str
    heard: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def client(self, **more: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE_S, trust_env=False, **more)

    def post(self, body: Any, path: str = "/v1/chat/completions", **more: Any) -> httpx.Response:
        with self.client() as client:
            return client.post(path, json=body, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        with self.client() as client:
            return client.get(path, **more)

    def say(self, *messages: Any, **more: Any) -> httpx.Response:
        """A request that ends with a user message; texts are the user's."""
        made = [{"role": "user", "content": one} if isinstance(one, str) else one for one in messages]
        return self.post({"messages": made, **more})


@contextmanager
def running(
    home: Path, limits: Limits | None = None, key: str = "", slots: int = 8, traces: Listener | None = None
) -> Iterator[Running]:
    """A server with a scripted model: it searches and shows the first product. Behind a client's results it
    replies; a text with "talk" gets plain words."""
    with pytest.MonkeyPatch.context() as patch, listening() as sock:
        found = Running.__new__(Running)

        def script(prompt: str, sampling: Any) -> Iterable[str]:
            found.heard.append(prompt)
            if "wait" in prompt:
                found.gate.wait(PATIENCE_S)
            asked = prompt.rpartition("<|user|>")[2]
            if "</result>" in asked:
                yield "[1] at [1:price]." + END
            elif "talk" in asked:
                yield "Hello there." + END
            else:
                yield SEARCH
                yield "[1] at [1:price]." + END

        script_model(patch, script)
        service = Service(roomy_model(), shop(), home, limits or Limits(), key, slots, traces=traces)
        found.__init__(service, f"http://127.0.0.1:{sock.getsockname()[1]}")  # type: ignore[misc]
        with served(service, sock):
            yield found
            found.gate.set()


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


@contextmanager
def served(service: Service, sock: socket.socket) -> Iterator[None]:
    """The service behind uvicorn, in a thread, until the end of the block."""
    app = build_app(service, ("127.0.0.1", "localhost"))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Until it is so; fails after some seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)

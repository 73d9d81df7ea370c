"""A server on this machine that answers POSTs as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[Any], tuple[int, bytes]]


def as_json(value: Any) -> tuple[int, bytes]:
    return 200, json.dumps(value).encode()


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[Any]]]:
    """(address, the bodies that came) of a server that gives `answer(body)` as (status, bytes)."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append(body)
            status, raw = answer(body)
            try:
                self.send_response(status)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
            except OSError:  # the client has gone
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/delivery", asked
    finally:
        server.shutdown()
        server.server_close()

"""A client that goes away in the middle of a turn frees its slot: a real decoder, a real socket."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from muse_core.generation.decode import Decoder
from serving.service import Service
from tests.unit.generation.builders_answer import roomy_model, shop
from tests.unit.serving.builders_serving import listening, served, wait_for

BODY = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_frees_its_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    """A real decoder that takes its time: the slot is free long before the turn would have ended."""
    step = Decoder._step

    def slow(self: Decoder) -> Any:
        steps.append(1)
        time.sleep(0.05)
        return step(self)

    steps: list[int] = []
    monkeypatch.setattr(Decoder, "_step", slow)
    service = Service(roomy_model(), shop(), tmp_path, slots=1)
    service.live._room.end = service.live._room.call = -1  # no act ends before its 96 tokens
    with listening() as sock, served(service, sock):
        body = json.dumps(BODY | {"stream": stream}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        with socket.create_connection(sock.getsockname()) as client:
            client.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
            wait_for(lambda: len(steps) > 3)
            if stream:
                assert b"chat.completion.chunk" in client.recv(4096)
        wait_for(lambda: not service.under_way, 3.0)
        wait_for(lambda: service.live.under_way == 0, 3.0)
        assert len(steps) < 80

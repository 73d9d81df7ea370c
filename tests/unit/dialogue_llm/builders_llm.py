"""A language model on 127.0.0.1 that behaves as told, and conversations whose calls really ran."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from muse_core import records
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.synthetic import make_catalog
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Conversation, Goal, Language, Message, Profile, ToolCall, TurnLabel
from muse_core.world.replay import world_for
from tests import builders

KEY = "sk-planted-9f2c71d0e4"
OPENERS = {"English": "hello there, ", "Hindi": "सुनिए, ", "Hinglish": "suno, "}

Reply = tuple[int, dict[str, str], bytes]  # status, headers, body
Behaviour = Callable[[dict[str, Any], int], Reply]


@dataclass
class LocalModel:
    """A running server: where it is, and what it was asked."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def local_model(behaviour: Behaviour) -> Iterator[LocalModel]:
    """Serves `behaviour(request, how many came before)` until the block ends."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                before = len(model.asked)
                model.asked.append(body)
                model.headers.append(dict(self.headers))
            status, headers, content = behaviour(body, before)
            try:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                return  # the client gave up, as it should

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    model = LocalModel(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def completion(text: str) -> Reply:
    return 200, {}, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def wordings(change: Callable[[dict[str, Any]], str]) -> Behaviour:
    """Answers in the form that is asked for; `change` words one entry."""

    def behave(body: dict[str, Any], _: int) -> Reply:
        given = json.loads(body["messages"][1]["content"])
        made = {
            name: [{"turn": one["turn"], "text": change(one)} for one in given[name]]
            for name in ("turns", "replies")
            if name in given
        }
        return completion(json.dumps({"turns": []} | made, ensure_ascii=False))

    return behave


def politely(entry: dict[str, Any]) -> str:
    """The same request with an opener in its own language: every offset moves."""
    text = str(entry["text"])
    writing = entry["write"].split(":")[0].split()[0]
    return (OPENERS[writing] if "Devanagari" not in entry["write"] else OPENERS["Hindi"]) + text


# ---- conversations --------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def shop() -> CatalogIndex:
    return CatalogIndex(make_catalog(np.random.default_rng(5), 300))


def shopper(language: Language = "en") -> Profile:
    return builders.profile(profile_id=f"u-{language}", language=language, gender="men")


PROFILES = {f"u-{name}": shopper(name) for name in ("en", "hi", "mixed")}
Turn = tuple[str, Sequence[tuple[str, dict[str, Any]]], str]


def talk(name: str, language: Language, *turns: Turn) -> Conversation:
    """(utterance with | behind the last argument word, calls, reply) for each turn; the calls are run."""
    toolbox = Toolbox(world_for(PROFILES[f"u-{language}"], shop()))
    messages: list[Message] = [Message("system", language)]
    labels = []
    for turn, (marked, calls, reply) in enumerate(turns):
        position = marked.index("|") if calls else None
        messages.append(Message("user", marked.replace("|", "")))
        for step, (tool, arguments) in enumerate(calls):
            call = ToolCall(f"c{turn}.{step}", tool, arguments)
            messages += [Message("assistant", "", (call,)), records.tool_message(toolbox.run(call))]
        messages.append(Message("assistant", reply))
        decision: Any = calls[0][0] if calls else "none"
        kind: Any = "complete" if calls else "chit_chat"
        labels.append(TurnLabel(turn, kind, f"{kind}/{turn}", decision, position=position))
    goal = Goal("buy")
    return Conversation(name, f"u-{language}", language, tuple(messages), goal, "train", tuple(labels))


SHIRTS = {"query": "shirt", "colour": "blue", "max_price": 2000}


def english(name: str = "c1") -> Conversation:
    return talk(
        name,
        "en",
        ("show me blue shirts under 2000| please", [("search", SHIRTS)], "Try [1] at [1:price]."),
        ("only cotton| ones", [("filter", {"material": "cotton"})], "Now [1] is left."),
        ("thanks a lot", [], "You are welcome!"),
        ("which is cheaper, the first| or the second", [("compare", {"items": [1, 2]})], "See [1] and [2]."),
    )


def hindi(name: str = "c2") -> Conversation:
    return talk(
        name,
        "hi",
        ("मुझे नीली शर्ट 2000 से कम में| दिखाओ", [("search", SHIRTS)], "ये देखिए: [1]।"),
        ("धन्यवाद जी", [], "आपका स्वागत है।"),
    )


def roman(name: str = "c3") -> Conversation:
    return talk(
        name,
        "mixed",
        ("mujhe blue shirt chahiye 2000 tak|", [("search", SHIRTS)], "Ye dekho: [1] [1:price] me."),
    )

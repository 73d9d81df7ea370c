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


USED = {"prompt_tokens": 500, "completion_tokens": 100}


def completion(text: str, **more: Any) -> Reply:
    """`more`: of the choice, `finish_reason="length"`."""
    choice = {"message": {"role": "assistant", "content": text}, **more}
    return 200, {}, json.dumps({"choices": [choice], "usage": USED}).encode()


# ---- a teacher ------------------------------------------------------------------------------------

# Sentences that no wording of ours is like; {a} stands for what is wanted, {b} for its limits.
FRAMES = {
    "English": (
        "honestly all I need is {a}, {b}",
        "my flatmate keeps borrowing mine so I have decided on {a} - {b}",
        "{b}: would there be {a} somewhere in your range?",
        "if you stock {a} let me see them, {b} though",
        "{a}. and remember, {b}!",
        "what is the situation with {a} these days, {b}",
        "third site I am trying, still no {a} that would be {b}",
        "could somebody pull up {a}, keeping it {b}",
        "{b} please, and it has to be {a}",
        "{a} or nothing at all today, {b}",
    ),
    "Hinglish": (
        "yaar sach bolu to bas {a} hi leni hai aaj, {b}",
        "papa bol rahe the {a} le lo, {b}",
        "{b}, itna dhyan rakhna aur {a} nikalo jaldi",
        "kaafi der se dhundh raha hu {a} par kahin mil nahi rahi, {b}",
        "{a} ka kya scene hai aapke yahan, {b}",
    ),
}
LIMITS = {
    "English": {"price at most": "under {}", "price at least": "above {}", "colour": "in {}"},
    "Hinglish": {"price at most": "{} tak", "price at least": "{} se upar", "colour": "{} rang me"},
}


def teaching(says: Callable[[dict[str, Any]], Sequence[str]]) -> Behaviour:
    """Answers in the form that is asked for; `says` writes the messages to what it is told."""

    def behave(body: dict[str, Any], _: int) -> Reply:
        told = json.loads(body["messages"][1]["content"])
        return completion(json.dumps({"messages": list(says(told))}, ensure_ascii=False))

    return behave


def well(told: dict[str, Any]) -> list[str]:
    """As many different messages as there are shapes, which say the wish; none where the frames do not suit
    the task."""
    writing, wish = str(told["write"]).split(":")[0].split()[0], dict(told["wish"])
    if writing not in FRAMES or "product" not in wish or "two scripts" in str(told["write"]):
        return []
    noun, colour = wish.pop("product"), wish.pop("colour", None)
    limits = [LIMITS[writing].get(name, name + " {}").format(value) for name, value in wish.items()]
    wanted = f"{colour} {noun}" if colour and writing == "English" else noun
    limits += [LIMITS[writing]["colour"].format(colour)] if colour and writing != "English" else []
    said = (frame.format(a=wanted, b=" and ".join(limits)) for frame in FRAMES[writing])
    return [text.rstrip(" ,-!") for text in said][: len(told["shapes"])]


# ---- conversations --------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def shop() -> CatalogIndex:
    return CatalogIndex(make_catalog(np.random.default_rng(5), 300))


def shopper(language: Language = "en") -> Profile:
    return builders.profile(profile_id=f"u-{language}", language=language, gender="men")


PROFILES = {f"u-{name}": shopper(name) for name in ("en", "hi", "mixed")}
KIND_OF = {"search": "complete", "filter": "refinement", "compare": "comparison", "none": "chit_chat"}
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
        kind: Any = KIND_OF[decision]
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

"""Two tools of a shop's own through a whole tiny run, without a change to a file of the project:
`stock(item)` in Python, `delivery(pincode)` behind an HTTP address.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError
from muse_core.examples.conversations import examples_of
from muse_core.models.carried_tools import serving
from muse_core.models.loading import load_model
from muse_core.records import from_table
from muse_core.tools.base import new_world
from muse_core.tools.in_use import InUse, use
from muse_core.tools.toolbox import OWN_TOOLS, REGISTRY, TOOL_NAMES, Toolbox
from muse_core.types import ArtifactRef, ToolCall
from muse_core.world.shop import Shop
from tests.e2e.test_whole_pipeline import ROOT, TINY

pytestmark = pytest.mark.slow

OWN = Path(__file__).parent / "own_tools"
SMALLER = [
    "conversations.count=240",
    "evaluation.max_cases=120",
    "pairs.contexts=24",
    "evaluation.pair_contexts=8",
]
NAMES = ("stock", "delivery")


class Courier(BaseHTTPRequestHandler):
    """Answers with days by the pincode's first digit; 1xxxxx is not served."""

    asked: list[Any]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(body)
        days = int(body["pincode"][0])
        is_served = days > 1
        said = {"facts": {"days": days}} if is_served else {"text": "no delivery"}
        raw = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def courier() -> Iterator[ThreadingHTTPServer]:
    Courier.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Courier)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory, courier: ThreadingHTTPServer) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(OWN, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "delivery.toml"
    file.write_text(file.read_text("utf-8").replace(":8765", f":{courier.server_port}"), "utf-8")
    return str(folder / "shop_tools.py"), str(file)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def muse(home: Path, tools: tuple[str, ...], *more: str) -> dict[str, Any]:
    sets = [*TINY, *SMALLER, f"tools.extra={json.dumps(tools)}", *more]
    settings = [word for one in sets for word in ("--set", one)]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "MLFLOW_", "MUSE_"))}
    env["PREFECT_PROFILES_PATH"] = str(home / "no-profiles.toml")
    command = [sys.executable, "-c", "from flows.cli import app; app(prog_name='muse')", "run"]
    done = subprocess.run(
        [*command, "--preset", "quickstart", "--stage", "evaluate", "--home", str(home), "--json", *settings],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


@pytest.fixture(scope="module")
def ran(home: Path, tools: tuple[str, ...]) -> dict[str, Any]:
    return muse(home, tools)


@pytest.fixture
def store(ran: dict[str, Any], home: Path) -> ArtifactStore:
    return ArtifactStore(home / "artifacts")


@pytest.fixture
def with_tools(tools: tuple[str, ...]) -> Iterator[None]:
    with REGISTRY.only(OWN_TOOLS):
        use(InUse(tools))
        yield
        use(InUse())


def newest(store: ArtifactStore, kind: str, stage: str | None = None) -> ArtifactRef:
    manifest = store.latest(kind, stage)
    assert manifest is not None
    return ArtifactRef(**manifest["ref"])


def test_shoppers_ask_for_both_in_three_languages_and_models_read_it(
    store: ArtifactStore, with_tools: None
) -> None:
    conversations = from_table("conversations", store.read_table(newest(store, "conversations")))
    asked = {
        (name, one.language)
        for one in conversations
        for label in one.labels
        if (name := label.decision) in NAMES
    }
    assert asked == {(name, language) for name in NAMES for language in ("en", "hi", "mixed")}
    said = [message.content for one in conversations for message in one.messages if message.role == "tool"]
    assert any("days: " in text for text in said) and any("no delivery" in text for text in said)
    assert any("in stock" in text for text in said)


def test_the_sft_example_holds_the_calls(store: ArtifactStore, with_tools: None) -> None:
    loaded = load_model(store.folder(newest(store, "model", "sft")))
    conversations = from_table("conversations", store.read_table(newest(store, "conversations")))
    for name in NAMES:
        one = next(c for c in conversations if any(label.decision == name for label in c.labels))
        (example, *_), _ = examples_of(loaded.tokenizer, [one], [], "gold", 1024)
        assert f"<tool>{name}(" in loaded.tokenizer.decode(example.ids).replace(" ", "")


def test_models_are_measured_on_both(store: ArtifactStore, ran: dict[str, Any]) -> None:
    predictions = store.read_table(newest(store, "predictions")).to_pylist()
    gold = {row["gold_decision"] for row in predictions}
    assert set(NAMES) <= gold
    manifest = store.manifest(newest(store, "evaluation"))
    assert manifest["metrics"]["sft.tool_accuracy"] >= 0
    report = Path(ran["report"]).read_text("utf-8")
    assert all(f">{name}<" in report for name in NAMES), "the report has a row for each tool"


def test_a_second_run_asks_nobody_and_computes_nothing(
    ran: dict[str, Any], home: Path, tools: tuple[str, ...]
) -> None:
    before = len(Courier.asked)
    assert len(Path(tools[1]).with_name("delivery.recorded.jsonl").read_text("utf-8").splitlines()) == before
    again = muse(home, tools)
    assert {stage["status"] for stage in again["stages"]} == {"cached"} and len(Courier.asked) == before


def test_a_model_says_which_tools_it_needs_and_can_be_served_with_them(
    store: ArtifactStore, tools: tuple[str, ...]
) -> None:
    folder = store.folder(newest(store, "model", "dpo"))
    with pytest.raises(ArtifactError, match=r"extra_tools/1/shop_tools\.py.*tools\.extra="):
        load_model(folder)
    with REGISTRY.only(OWN_TOOLS):
        serving(folder)
        assert TOOL_NAMES[-2:] == NAMES and load_model(folder).about["can_call"]
        before = len(Courier.asked)
        box = Toolbox(new_world(Shop.read(store, newest(store, "products")).index))
        for _ in range(2):
            value = box.run(ToolCall("c0.0", "delivery", {"pincode": "560001"})).value
            assert isinstance(value, dict) and value["text"] == "days: 5"
        assert len(Courier.asked) == before + 2, "a customer is told what holds now"
        use(InUse())

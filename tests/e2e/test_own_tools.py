"""Two tools of a shop's own through a whole tiny run, without a change to a file of the project:
`stock(item)` in Python, `delivery(pincode)` behind an HTTP address.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
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
from tests.unit.extra_tools.builders_http import answering, as_json

pytestmark = pytest.mark.slow

OWN = Path(__file__).parent / "own_tools"
SMALLER = [  # so small a model writes until it is stopped: few contexts, short samples
    "conversations.count=480",
    "conversations.other_shops=0",
    "pairs.contexts=16",
    "pairs.max_new_tokens=32",
    "evaluation.max_cases=200",
    "evaluation.anonymous_cases=0",
    "evaluation.cases_per_rate=0",
    "evaluation.pair_contexts=4",
    "evaluation.closed_loop_goals=0",
]
NAMES = ("stock", "delivery")


def days(body: Any) -> tuple[int, bytes]:
    """By the pincode's first digit; once as a fact."""
    first = int(body["pincode"][0])
    return as_json({"facts": {"days": first}} if first == 1 else {"text": f"{first} days"})


@pytest.fixture(scope="module")
def courier() -> Iterator[tuple[str, list[Any]]]:
    with answering(days) as place:
        yield place


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory, courier: tuple[str, list[Any]]) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(OWN, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "delivery.toml"
    text = file.read_text("utf-8").replace("http://127.0.0.1:8765/delivery", courier[0])
    file.write_text(text, "utf-8")
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
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=900, check=False,
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
    assert any('"days":1' in text for text in said) and any("7 days" in text for text in said)
    assert any("in stock" in text for text in said)


def test_the_sft_example_holds_the_calls(store: ArtifactStore, with_tools: None) -> None:
    loaded = load_model(store.folder(newest(store, "model", "sft")))
    conversations = from_table("conversations", store.read_table(newest(store, "conversations")))
    rows = from_table("augmented", store.read_table(newest(store, "augmented")))
    examples, _ = examples_of(loaded.tokenizer, conversations, rows, "filtered", 1024)
    texts = [loaded.tokenizer.decode(example.ids).replace(" ", "") for example in examples]
    assert all(any(f"<tool>{name}(" in text for text in texts) for name in NAMES)


def test_models_are_measured_on_both(store: ArtifactStore, ran: dict[str, Any]) -> None:
    predictions = store.read_table(newest(store, "predictions")).to_pylist()
    gold = {row["gold_decision"] for row in predictions}
    assert set(NAMES) <= gold
    manifest = store.manifest(newest(store, "metrics"))
    assert manifest["metrics"]["sft.tool_accuracy"] >= 0
    report = Path(ran["report"]).read_text("utf-8")
    assert all(f">{name}<" in report for name in NAMES), "the report has a row for each tool"


def test_a_second_run_asks_nobody_and_computes_nothing(
    ran: dict[str, Any], home: Path, tools: tuple[str, ...], courier: tuple[str, list[Any]]
) -> None:
    before = len(courier[1])
    assert len(Path(tools[1]).with_name("delivery.recorded.jsonl").read_text("utf-8").splitlines()) == before
    again = muse(home, tools)
    assert {stage["status"] for stage in again["stages"]} == {"cached"} and len(courier[1]) == before


def test_a_model_says_which_tools_it_needs_and_can_be_served_with_them(
    store: ArtifactStore, courier: tuple[str, list[Any]]
) -> None:
    folder = store.folder(newest(store, "model", "dpo"))
    with pytest.raises(ArtifactError, match=r"extra_tools/1/shop_tools\.py.*tools\.extra="):
        load_model(folder)
    with REGISTRY.only(OWN_TOOLS):
        serving(folder)
        assert TOOL_NAMES[-2:] == NAMES and load_model(folder).about["can_call"]
        before = len(courier[1])
        box = Toolbox(new_world(Shop.read(store, newest(store, "products")).index))
        for _ in range(2):
            value = box.run(ToolCall("c0.0", "delivery", {"pincode": "560001"})).value
            assert value == {"text": "5 days"}
        assert len(courier[1]) == before + 2, "a customer is told what holds now"
        use(InUse())

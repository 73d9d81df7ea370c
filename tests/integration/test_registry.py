"""A model goes into the registry once, and comes back as something that answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from mlflow import MlflowClient
from mlflow.pyfunc import scoring_server
from mlflow.tracking._tracking_service import utils as tracking
from starlette.testclient import TestClient

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import BaseConfig
from muse_core.errors import ConfigError
from muse_core.language.prices import format_price
from muse_core.models.chat_format import render
from muse_core.models.loading import LoadedModel, from_scratch, save_model
from muse_core.models.tokenizer import encode, train_tokenizer
from muse_core.profiles.system_line import system_content
from muse_core.records import from_table, to_table, tool_message
from muse_core.tools.base import new_world
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Message, Product, ToolCall
from tasks.registered_model import EXAMPLE, NEEDED, ModelParts, model_folder, register
from tasks.tracking import TrackingPlace, open_client, tracked_run
from tests.benchmarks.first_turns import hold_talks, load_talks, summary, transcript

pytestmark = pytest.mark.slow

TINY = BaseConfig(hidden_size=32, num_layers=1, num_heads=2, intermediate_size=64, vocab_size=400)


@pytest.fixture(autouse=True)
def no_store_of_its_own(place: TrackingPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", place.uri)  # else MLflow makes an mlflow.db where it stands
    monkeypatch.setattr(tracking, "_tracking_uri", place.uri)  # what another test has set comes before it


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> ModelParts:
    folder = tmp_path_factory.mktemp("parts")
    tokenizer = train_tokenizer(["show me blue shirts under 2000", "mujhe laal jute chahiye"] * 20, 400)
    save_model(from_scratch(TINY, tokenizer, seed=1), folder / "model")
    (folder / "tools.json").write_text("[]")
    store = ArtifactStore(folder / "store")
    products = make_catalog(np.random.default_rng(3), 60).products
    catalog = store.write_table("products", to_table("products", products), "ab" * 32)
    return ModelParts(
        model=folder / "model",
        tools=folder / "tools.json",
        catalog=(store.root / catalog.path).parent,
        model_digest="d1",
        digests={"sft_digest": "s1"},
        metrics={"dpo.tool_accuracy": 0.912345},
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> TrackingPlace:
    home = tmp_path_factory.mktemp("mlflow")
    return TrackingPlace(f"sqlite:///{home / 'mlflow.db'}", (home / "mlruns").as_uri(), home)


def put(place: TrackingPlace, parts: ModelParts) -> tuple[str, bool]:
    with tracked_run(place, "test", {}, ()) as tracker:
        version = register(tracker.client, tracker.parent.run_id, parts, place.home / "registry.lock")
    assert version.uri == "models:/muse@candidate"
    return version.version, version.created


def candidate(place: TrackingPlace) -> str:
    client: MlflowClient = open_client(place)[0]
    return str(client.get_model_version_by_alias("muse", "candidate").version)


def test_a_model_is_registered_once_and_answers(place: TrackingPlace, parts: ModelParts) -> None:
    assert put(place, parts) == ("1", True)
    assert put(place, parts) == ("1", False)
    assert put(place, replace(parts, model_digest="d2")) == ("2", True)
    assert candidate(place) == "2"
    assert put(place, parts) == ("1", False)
    assert candidate(place) == "1"
    tags = open_client(place)[0].get_model_version("muse", "1").tags
    assert tags == {"model_digest": "d1", "sft_digest": "s1", "dpo.tool_accuracy": "0.9123"}

    model = mlflow.pyfunc.load_model("models:/muse@candidate")
    conversation = [
        {"role": "user", "content": "show me shirts"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"name": "search", "arguments": {"query": "shirt"}}],
        },
        {"role": "assistant", "content": "Try [1]."},
        {"role": "user", "content": "cheaper ones"},
    ]
    answers = model.predict([{"utterance": "blue shirts"}, {"messages": conversation}])
    assert [set(one) for one in answers] == [{"text", "calls", "messages", "language", "repaired"}] * 2
    assert all(one["text"].strip() and "<" not in one["text"] for one in answers)
    (plain,) = model.predict({"utterance": "laal kurta dikhao"})
    assert plain["language"] == "mixed" and plain["text"].strip()
    (whole,) = model.predict({"messages": conversation})
    assert whole == answers[1]
    mixed = pd.DataFrame([{"utterance": "blue shirts"}, {"messages": conversation}])
    assert [one["text"] for one in model.predict(mixed)] == [one["text"] for one in answers]
    heard = hold_talks(model, load_talks()[58:63])
    found = summary(heard)
    assert found["turns"] == len(heard) > 10 and len(transcript(heard)) > 500
    assert (found["tags"], found["empty"], found["false_values"]) == (0, 0, 0)
    for wrong in ([{"text": "hello"}], "hello"):
        with pytest.raises(ConfigError, match="utterance"):
            model.predict(wrong)


def test_what_is_registered_says_what_it_is_and_installs_anywhere(
    place: TrackingPlace, parts: ModelParts
) -> None:
    number, _ = put(place, replace(parts, model_digest="d3", card="# A card\n\nBase: none."))
    version = open_client(place)[0].get_model_version("muse", number)
    assert version.description == "# A card\n\nBase: none."
    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=version.source, tracking_uri=place.uri))
    assert (folder / "MODEL_CARD.md").read_text("utf-8") == version.description
    assert not [path for path in folder.rglob("*") if path.suffix in (".pkl", ".pickle", ".bin", ".pt")]
    wanted = (folder / "requirements.txt").read_text("utf-8").split()
    assert all("+" not in line for line in wanted), wanted
    assert {line.partition("==")[0] for line in wanted} == {*NEEDED, "mlflow"}
    model = mlflow.pyfunc.load_model(f"models:/muse/{number}")
    asked = model.metadata.signature.inputs.input_names()
    assert asked == ["utterance", "messages", "profile"] and model.input_example == EXAMPLE
    assert len(model.predict(EXAMPLE)) == 2


def test_mlflows_server_answers_with_products_of_the_shop(place: TrackingPlace, parts: ModelParts) -> None:
    """By the application that `mlflow models serve` runs, with a model that knows one answer by heart."""
    folder = parts.model.parent / "taught"
    save_model(taught(products_of(parts)), folder)
    number, _ = put(place, replace(parts, model=folder, model_digest="d4"))
    client = TestClient(scoring_server.init(mlflow.pyfunc.load_model(f"models:/muse/{number}")))
    asked = {"utterance": "show me shirts"}
    bodies = ({"dataframe_records": [asked]}, {"inputs": [asked]}, {"instances": [asked]})
    for body in bodies:
        answer = client.post("/invocations", json=body)
        assert answer.status_code == 200, answer.text
        (told,) = answer.json()["predictions"]
        assert [call["name"] for call in told["calls"]] == ["search"] and told["repaired"] is None
        found = told["calls"][0]["result"]["items"][0]
        product = next(one for one in products_of(parts) if one.product_id == found["id"])
        assert product.title in told["text"] and format_price(product.price) in told["text"]
    wrong = client.post("/invocations", json={"inputs": [{"text": "hello"}]})
    assert wrong.status_code == 400 and "utterance" in wrong.text


def products_of(parts: ModelParts) -> list[Product]:
    store = ArtifactStore(parts.catalog.parents[1])
    return from_table("products", store.read_table(store.list()[0]))


def taught(products: list[Product]) -> LoadedModel:
    """A tiny model that has learnt one conversation by heart."""
    catalog = Catalog(tuple(products))
    call = ToolCall("c0.0", "search", {"query": products[0].product_type})
    result = Toolbox(new_world(CatalogIndex(catalog))).run(call)
    messages = (
        Message("system", system_content(catalog.facets, "en")),
        Message("user", "show me shirts"),
        Message("assistant", "", (call,)),
        tool_message(result),
        Message("assistant", "Try [1] at [1:price]."),
    )
    tokenizer = train_tokenizer([render(messages)] * 5, 500)
    loaded = from_scratch(TINY, tokenizer, seed=1)
    ids = torch.tensor([encode(tokenizer, messages).ids])
    optimizer = torch.optim.AdamW(loaded.model.parameters(), lr=1e-2)
    for _ in range(150):
        loss = loaded.model(ids, labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    loaded.about |= {"can_call": True}
    loaded.model.eval()
    return loaded


def test_the_model_folder_of_a_version(place: TrackingPlace, parts: ModelParts) -> None:
    put(place, parts)
    folder = model_folder("models:/muse@candidate", place.uri)
    assert (folder / "config.json").is_file() and Path(folder).name == "model"
    with pytest.raises(ConfigError, match="models:/muse@champion is not in the registry"):
        model_folder("models:/muse@champion", place.uri)

"""A model goes into the registry once, and comes back as something that answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.tracking._tracking_service import utils as tracking

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import BaseConfig
from muse_core.errors import ConfigError
from muse_core.models.loading import from_scratch, save_model
from muse_core.models.tokenizer import train_tokenizer
from muse_core.records import to_table
from tasks.registered_model import ModelParts, model_folder, register
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
    (plain,) = model.predict("laal kurta dikhao")
    assert plain["language"] == "mixed" and plain["text"].strip()
    mixed = pd.DataFrame([{"utterance": "blue shirts"}, {"messages": conversation}])
    assert [one["text"] for one in model.predict(mixed)] == [one["text"] for one in answers]
    heard = hold_talks(model, load_talks()[58:63])
    found = summary(heard)
    assert found["turns"] == len(heard) > 10 and len(transcript(heard)) > 500
    assert (found["tags"], found["empty"], found["false_values"]) == (0, 0, 0)
    with pytest.raises(ConfigError, match="utterance"):
        model.predict([{"text": "hello"}])


def test_the_model_folder_of_a_version(place: TrackingPlace, parts: ModelParts) -> None:
    put(place, parts)
    folder = model_folder("models:/muse@candidate", place.uri)
    assert (folder / "config.json").is_file() and Path(folder).name == "model"
    with pytest.raises(ConfigError, match="models:/muse@champion is not in the registry"):
        model_folder("models:/muse@champion", place.uri)

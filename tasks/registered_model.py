"""The model registry: `muse` versions in MLflow, alias `candidate` on the last run's model.

A version holds everything that answering needs: the model folder, the tool schema, the catalogue and
this code. Registering is idempotent by model digest: the same model gives no new version, the alias
moves to the version that it has. This module and `tracking.py` are the only ones that import mlflow.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import mlflow.artifacts
import mlflow.pyfunc
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature, set_model
from mlflow.types.schema import AnyType, ColSpec, DataType, Schema

from muse_core.durable import file_lock
from muse_core.errors import ConfigError
from tasks.addresses import without_passwords

MODEL_NAME = "muse"
CANDIDATE = "candidate"
CHAMPION = "champion"  # only by the rule of `[promotion]`, and only when asked
DIGEST_TAG = "model_digest"
NEEDED = (
    "torch",
    "transformers",
    "accelerate",
    "tokenizers",
    "safetensors",
    "llguidance",
    "pillow",
    "httpx",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "bm25s",
)
HEADLINE = tuple(
    f"{model}.{metric}"
    for model in ("sft", "dpo")
    for metric in (
        "tool_accuracy",
        "tool_macro_f1",
        "exact_call",
        "argument_quality",
        "preference_accuracy",
        "user_satisfaction",
    )
)
CODE = ("muse_core", "data_contracts", "tasks")
CARD = "MODEL_CARD.md"
DESCRIPTION_CHARS = 4900  # MLflow's databases keep 5,000 of a version's description
EXAMPLE: list[dict[str, Any]] = [
    {"utterance": "red shirts under 1500", "profile": "women | 25-34 | 500-2000 | casual"},
    {"messages": [{"role": "user", "content": "laal kurta dikhao"}]},
]


@dataclass(frozen=True)
class ModelParts:
    """What is registered: a model folder, a tool schema file, the folder of the products artifact.

    `model_digest` identifies the version; `digests` (name -> digest) say what it was made from; `card` is
    Markdown for people."""

    model: Path
    tools: Path
    catalog: Path
    model_digest: str
    digests: Mapping[str, str]
    metrics: Mapping[str, float]
    card: str = ""


@dataclass(frozen=True)
class RegisteredVersion:
    """A version in the registry; `created` is False when the model was there already."""

    name: str
    version: str
    created: bool

    @property
    def uri(self) -> str:
        return f"models:/{self.name}@{CANDIDATE}"


def register(client: MlflowClient, run_id: str, parts: ModelParts, lock: Path) -> RegisteredVersion:
    """The version of this model, made when it is not there; the alias `candidate` points to it."""
    with file_lock(lock):
        known = _version_of(client, parts.model_digest)
        number = str(known.version) if known else _new_version(client, run_id, parts)
        if known is None or CANDIDATE not in known.aliases:
            client.set_registered_model_alias(MODEL_NAME, CANDIDATE, number)
        tags = known.tags if known else {}
        for name, value in headline(parts.metrics).items():
            if tags.get(name) != value:
                client.set_model_version_tag(MODEL_NAME, number, name, value)
    return RegisteredVersion(MODEL_NAME, number, known is None)


def headline(metrics: Mapping[str, float]) -> dict[str, str]:
    """The few figures that a version is judged by, as tags."""
    return {name: f"{value:.4f}" for name, value in metrics.items() if name in HEADLINE and value is not None}


def _version_of(client: MlflowClient, digest: str) -> ModelVersion | None:
    for version in client.search_model_versions(f"name='{MODEL_NAME}'"):
        if version.tags.get(DIGEST_TAG) == digest:
            return version
    return None


def _new_version(client: MlflowClient, run_id: str, parts: ModelParts) -> str:
    try:
        client.create_registered_model(MODEL_NAME, description="A shopping assistant that calls tools")
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / MODEL_NAME
        shop = Path(scratch) / "shop"  # a small artifact store, so that reading it checks its digest
        shutil.copytree(parts.catalog, shop / "products" / parts.catalog.name)
        _save(folder, parts, shop)
        (folder / CARD).write_text(parts.card, "utf-8")
        client.log_artifacts(run_id, str(folder), MODEL_NAME)
    source = f"{client.get_run(run_id).info.artifact_uri}/{MODEL_NAME}"
    tags = {DIGEST_TAG: parts.model_digest, **parts.digests}
    told = parts.card[:DESCRIPTION_CHARS]
    return str(client.create_model_version(MODEL_NAME, source, run_id, tags=tags, description=told).version)


def _save(folder: Path, parts: ModelParts, shop: Path) -> None:
    root = Path(__file__).resolve().parent.parent
    mlflow.pyfunc.save_model(
        str(folder),
        python_model=str(Path(__file__).with_name("served_model.py")),
        artifacts={"model": str(parts.model), "tools": str(parts.tools), "shop": str(shop)},
        code_paths=[str(root / name) for name in CODE],
        pip_requirements=[requirement(name) for name in NEEDED],
        signature=signature(),
        input_example=EXAMPLE,
    )


def requirement(name: str) -> str:
    """`torch==2.13.0`: the version without its local part (`+cpu`), which no public index has."""
    return f"{name}=={metadata.version(name).partition('+')[0]}"


def signature() -> ModelSignature:
    """A request has `utterance` or `messages`; an answer is what `muse_core.generation.requests` says."""
    text = DataType.string
    asked = [("utterance", text), ("messages", AnyType()), ("profile", text)]
    told = [
        ("text", text),
        ("calls", AnyType()),
        ("messages", AnyType()),
        ("language", text),
        ("repaired", AnyType()),
    ]
    return ModelSignature(
        inputs=Schema([ColSpec(kind, name, required=False) for name, kind in asked]),
        outputs=Schema([ColSpec(kind, name) for name, kind in told]),
    )


def model_folder(uri: str, tracking_uri: str) -> Path:
    """The model folder of `models:/muse@alias` or `models:/muse/3`; ConfigError when there is none."""
    client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
    name, at, alias = uri.removeprefix("models:/").partition("@")
    try:
        if at:
            version = client.get_model_version_by_alias(name, alias)
        else:
            version = client.get_model_version(*name.rsplit("/", 1))
        found = mlflow.artifacts.download_artifacts(artifact_uri=version.source, tracking_uri=tracking_uri)
    except (MlflowException, TypeError) as problem:
        raise ConfigError(
            without_passwords(f"{uri} is not in the registry {tracking_uri} ({problem}); ")
            + f"expected models:/{MODEL_NAME}@{CANDIDATE} or models:/{MODEL_NAME}/<version>"
        ) from None
    return Path(found) / "artifacts" / "model"


def served_assistant() -> mlflow.pyfunc.PythonModel:
    """What `models:/muse@candidate` answers with; see `muse_core.generation.requests` for the JSON."""

    class ServedAssistant(mlflow.pyfunc.PythonModel):
        def load_context(self, context: Any) -> None:
            artifacts = {name: Path(path) for name, path in context.artifacts.items()}
            self.index = _open_shop(artifacts["shop"])
            self.loaded = _open_model(artifacts["model"], self.index)

        # A request, a list or a table of them. This hint is the one that MLflow neither checks nor
        # turns into a schema, nor warns about the lack of.
        def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
            from muse_core.generation.requests import answer_json

            return answer_json(self.loaded, self.index, _as_asked(model_input))

    return ServedAssistant()


def _as_asked(given: Any) -> Any:
    """One conversation that MLflow has made a table of, a row for each message, as it was asked. ConfigError
    for a table without columns: MLflow takes away what the signature does not name."""
    if isinstance(given, pd.DataFrame) and not len(given.columns):
        from muse_core.generation.requests import EXPECTED

        raise ConfigError(f"found no key of a request; {EXPECTED}")
    rows = given.to_dict("records") if isinstance(given, pd.DataFrame) else []
    if rows and all(isinstance(row.get("messages"), Mapping) for row in rows):
        return rows[0] | {"messages": [row["messages"] for row in rows]}
    return given


def _open_shop(folder: Path) -> Any:
    from muse_core.artifacts import ArtifactStore
    from muse_core.world.shop import Shop

    store = ArtifactStore(folder)
    return Shop.read(store, store.list()[-1]).index


def _open_model(folder: Path, index: Any) -> Any:
    from muse_core.models.carried_tools import serving
    from muse_core.models.loading import load_model

    serving(folder)
    return load_model(folder, shop=index.catalog.facets)


def announce() -> None:
    """Tells MLflow which object the script `served_model.py` stands for."""
    set_model(served_assistant())

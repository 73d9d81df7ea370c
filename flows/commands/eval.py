"""`muse eval --cases FILE.jsonl`: any model on any cases. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from flows.environment import home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.evaluation.cases import load_cases
from muse_core.evaluation.table import DASH
from muse_core.types import ArtifactRef, Conversation

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

REGISTRY = "models:/"
SHOWN_CASES = 12
Resolve = Callable[[str], Path]


def eval_cases(
    cases: Path, model: str | None, home: Path | None, as_json: bool, resolve: Resolve | None = None
) -> None:
    """Checks the case file before anything is loaded, runs the model, prints figures and faults.

    `resolve` turns a registry name (`models:/muse@champion`) into a model folder."""
    found = load_cases(cases)
    store = ArtifactStore(home_folder(home) / "artifacts")
    folder = model_folder(store, model, resolve)

    from muse_core.evaluation.case_run import run_cases
    from muse_core.models.loading import load_model

    result = run_cases(load_model(folder), found, _index(store), _train_side(store))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _show(result, str(folder), Console())


def model_folder(store: ArtifactStore, model: str | None, resolve: Resolve | None) -> Path:
    """The folder that REF names: a folder, an artifact id, `models:/…`; nothing: the last trained model."""
    if model is None:
        return store.folder(_last_model(store))
    if model.startswith(REGISTRY):
        if resolve is None:
            raise ConfigError(f"{model}: no model registry here; give a folder or an artifact id")
        return resolve(model)
    if Path(model).is_dir():
        return Path(model)
    return store.folder(store.resolve(model))


def _last_model(store: ArtifactStore) -> ArtifactRef:
    for stage in ("dpo", "sft"):
        manifest = store.latest("model", stage)
        if manifest is not None:
            return ArtifactRef(**manifest["ref"])
    raise ConfigError(f"no trained model below {store.root}; run `muse run` first, or name one with --model")


def _table(store: ArtifactStore, kind: str, stage: str) -> list[Any]:
    """The newest table of a stage; [] when there is none."""
    from muse_core.records import from_table

    manifest = store.latest(kind, stage)
    return [] if manifest is None else from_table(kind, store.read_table(ArtifactRef(**manifest["ref"])))


def _index(store: ArtifactStore) -> CatalogIndex:
    """The last run's catalogue; without one, a small synthetic shop."""
    import numpy as np

    from muse_core.catalog.index import CatalogIndex
    from muse_core.catalog.product import Catalog
    from muse_core.catalog.synthetic import make_catalog

    products = _table(store, "products", "catalog")
    return CatalogIndex(
        Catalog(tuple(products)) if products else make_catalog(np.random.default_rng(17), 500)
    )


def _train_side(store: ArtifactStore) -> list[Conversation]:
    return [item for item in _table(store, "conversations", "conversations") if item.side == "train"]


def _show(result: dict[str, Any], folder: str, out: Console) -> None:
    table = Table(title=f"{result['n']} cases, model {folder}", title_justify="left")
    for column in ("", "tool, strict", "tool, lenient", "exact call", "argument F1"):
        table.add_column(column)
    groups = [("all", result), *result["by_language"].items(), *result["by_tool"].items()]
    for name, figures in groups:
        table.add_row(name, *_cells(figures))
    for name, figures in result["baselines"].items():
        table.add_row(f"baseline {name}", *_cells(figures))
    out.print(table)
    wrong = [case for case in result["cases"] if not case["ok"]]
    for case in wrong[:SHOWN_CASES]:
        out.print(f"✗ {case['id']}: {case['why']}", markup=False, highlight=False, soft_wrap=True)
    if len(wrong) > SHOWN_CASES:
        out.print(
            f"… and {len(wrong) - SHOWN_CASES} more; --json has them all", markup=False, highlight=False
        )


def _cells(figures: dict[str, Any]) -> list[str]:
    accuracy = figures["tool_accuracy"]
    return [
        _cell(one)
        for one in (
            accuracy["strict"],
            accuracy["lenient"],
            figures.get("exact_call"),
            figures.get("argument_f1"),
        )
    ]


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return DASH
    value, low, high = (f"{100 * figure[key]:.1f}" for key in ("value", "low", "high"))
    return f"{value} % [{low}, {high}]"

"""`muse eval --cases FILE.jsonl`: any model on any cases.

Writes only the answers it collects (`<home>/eval/`), so that a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from flows.environment import endpoint_address, home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import ReadyConfig
from muse_core.errors import ArtifactError, ConfigError
from muse_core.evaluation.cases.answers import Answerer
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.cases.case_run import EvalOptions, run_cases
from muse_core.evaluation.report.verdict import verdict_on_cases
from muse_core.evaluation.score.significance import minimum_detectable_difference
from muse_core.evaluation.score.table import DASH
from muse_core.stage_table import METHODS
from muse_core.tools.shop_schema import ShopSchema, schema_of
from muse_core.types import ArtifactRef, Conversation
from tasks.terminal import Shown, say, to_terminal

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

REGISTRY, ENDPOINT = "models:/", "openai:"
ABOUT = "muse.json"
SHOWN_CASES = 12
Resolve = Callable[[str], Path]
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class EvalFlags:
    """What the user asked for besides the cases and the model."""

    as_json: bool = False
    exclude_leaks: bool = False
    fresh: bool = False
    is_quiet: bool = False
    json_logs: bool = False


def eval_cases(
    cases: Path, model: str | None, home: Path | None, flags: EvalFlags, resolve: Resolve | None = None
) -> None:
    """Checks the case file before anything is loaded, runs the model, prints figures and faults.

    `resolve` turns a registry name (`models:/muse@champion`) into a model folder."""
    to_terminal(flags.is_quiet, flags.json_logs)
    folder = home_folder(home)
    store = ArtifactStore(folder / "artifacts")
    index = _index(store)
    found = load_cases(cases, schema_of(index.catalog.facets))
    options = EvalOptions(folder / "eval", flags.fresh, flags.exclude_leaks)
    least = 100 * minimum_detectable_difference(len(found))
    say(
        f"{len(found)} cases: two models that differ by less than {least:.0f} points cannot be told apart "
        "(power 0.8, Connor 1987)"
    )
    with answerer_of(store, model, resolve, index) as answerer, Shown("eval") as progress:
        result = run_cases(answerer, found, _train_side(store), options, progress)
    if flags.as_json:
        print(json.dumps(result, ensure_ascii=False, allow_nan=False))
    else:
        _show(result, Console())


@contextmanager
def answerer_of(
    store: ArtifactStore, model: str | None, resolve: Resolve | None, index: CatalogIndex
) -> Iterator[Answerer]:
    """The model that REF names: an endpoint, one of ours, or a chat model with its own template; all are
    given the tools of the shop of `index`."""
    schema = schema_of(index.catalog.facets)
    if model is not None and model.startswith(ENDPOINT):
        with _endpoint(model.removeprefix(ENDPOINT), schema) as found:
            yield found
        return
    from muse_core.evaluation.cases.case_models import OwnModel, TemplateModel
    from muse_core.models.device import resolve_device

    place, device = model_place(store, model, resolve), resolve_device("auto")
    if isinstance(place, Path) and (place / ABOUT).is_file():
        yield OwnModel(place, index, device)
    else:
        yield TemplateModel(str(place), device, schema)


@contextmanager
def _endpoint(name: str, schema: ShopSchema) -> Iterator[Answerer]:
    from tasks.chat_endpoint import ChatEndpoint
    from tasks.tool_endpoint import CONCURRENCY, RETRIES, TIMEOUT_S, EndpointModel

    address = endpoint_address(name, f"--model {ENDPOINT}{name} asks an endpoint; correct")
    endpoint = ChatEndpoint(address, TIMEOUT_S, CONCURRENCY, RETRIES)
    try:
        yield EndpointModel(endpoint, hashlib.sha256(address.base_url.encode()).hexdigest(), schema)
    finally:
        endpoint.close()


def model_place(store: ArtifactStore, model: str | None, resolve: Resolve | None) -> Path | str:
    """A folder or file, or else a hub id. Nothing named: the last trained model."""
    if model is None:
        return store.folder(_last_model(store))
    if model.startswith(REGISTRY):
        if resolve is None:
            raise ConfigError(f"{model}: no model registry here; give a folder or an artifact id")
        return resolve(model)
    if Path(model).exists():
        return Path(model)
    try:
        return store.folder(store.resolve(model))
    except ArtifactError:
        if _HUB_ID.fullmatch(model) and not model.startswith("model/"):
            return model
        raise


def _last_model(store: ArtifactStore) -> ArtifactRef:
    for stages in (METHODS, ("sft",)):
        found = [one for one in (store.latest("model", stage) for stage in stages) if one is not None]
        if found:
            return ArtifactRef(**max(found, key=lambda manifest: str(manifest["created"]))["ref"])
    raise ConfigError(f"no trained model below {store.root}; run `muse run` first, or name one with --model")


def _newest(store: ArtifactStore, kind: str, stage: str) -> ArtifactRef | None:
    """The newest table of a stage; None when there is none."""
    manifest = store.latest(kind, stage)
    return None if manifest is None else ArtifactRef(**manifest["ref"])


def _index(store: ArtifactStore) -> CatalogIndex:
    """The last run's catalogue; without one, a small synthetic shop that has no facets."""
    import numpy as np

    from muse_core.catalog.index import CatalogIndex
    from muse_core.catalog.product import Catalog
    from muse_core.catalog.synthetic import make_catalog

    ref = _newest(store, "products", "catalog")
    if ref is not None:
        return CatalogIndex(Catalog.read(store, ref))
    made = make_catalog(np.random.default_rng(17), 500)
    return CatalogIndex(Catalog(tuple(replace(product, facets={}) for product in made)))


def _train_side(store: ArtifactStore) -> list[Conversation]:
    from muse_core.records import from_table

    ref = _newest(store, "conversations", "conversations")
    every = [] if ref is None else from_table("conversations", store.read_table(ref))
    return [item for item in every if item.side == "train"]


# ---- for people ---------------------------------------------------------------------------------


def _show(result: dict[str, Any], out: Console) -> None:
    said = verdict_on_cases(result, ReadyConfig())
    out.print(said.sentence, style="bold", markup=False, highlight=False)
    table = Table(title=f"{result['n']} cases, model {result['model']}", title_justify="left")
    for column in ("", "tool, strict", "tool, lenient", "exact call", "argument F1"):
        table.add_column(column)
    groups = [("all", result), *result["by_language"].items(), *result["by_tool"].items()]
    for name, figures in groups:
        table.add_row(name, *_cells(figures))
    for name, figures in result["baselines"].items():
        table.add_row(f"baseline {name}", *_cells(figures))
    out.print(table)
    about = _abstention(result["abstention"]), _judged(result), _leaks(result["leaks"])
    for line in (*about, *_wrong(result["cases"])):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _abstention(shares: dict[str, Any]) -> str:
    return "no call due: " + ", ".join(f"{name} {_cell(one)}" for name, one in shares.items())


def _judged(result: dict[str, Any]) -> str:
    """The cases behind the figures of arguments: one without `expected_args` judges the decision only."""
    due = result["n"] - result["abstention"]["abstained"]["n"]
    return f"arguments judged in {result['arguments_judged']} of the {due} cases that expect a call"


def _leaks(found: dict[str, Any] | None) -> str:
    if found is None:
        return "leaks: no training turns in this home folder to compare with"
    done = f"{found['excluded']} left out" if found["excluded"] else "--exclude-leaks leaves them out"
    turns = f"{found['training_turns']} training turns"
    said = f"leaks: {found['leaking']} of {found['texts']} cases also occur in {turns}"
    return f"{said}; {done}" if found["leaking"] else said


def _wrong(cases: list[dict[str, Any]]) -> list[str]:
    wrong = [f"✗ {case['id']}: {case['why']}" for case in cases if not case["ok"]]
    more = [f"… and {len(wrong) - SHOWN_CASES} more; --json has them all"] if len(wrong) > SHOWN_CASES else []
    return wrong[:SHOWN_CASES] + more


def _cells(figures: dict[str, Any]) -> list[str]:
    accuracy = figures["tool_accuracy"]
    both = accuracy["strict"], accuracy["lenient"]
    return [_cell(one) for one in (*both, figures.get("exact_call"), figures.get("argument_f1"))]


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return DASH
    value, low, high = (f"{100 * figure[key]:.1f}" for key in ("value", "low", "high"))
    return f"{value} % [{low}, {high}]"

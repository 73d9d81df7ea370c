"""`muse human-eval make | import`: blinded rating pages, and what the ratings say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.console import Console
from rich.table import Table

from flows.environment import home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError

Side = Literal["test", "train"]


def make(
    conversations: int, evaluators: int, side: str, output: Path | None, seed: int, home: Path | None
) -> None:
    """Writes one page per rater into `output`, and the key into the home folder."""
    from muse_core.evaluation.human.items import test_items, train_items
    from muse_core.evaluation.human.key import key_path, write_key
    from muse_core.evaluation.human.page import write_page
    from muse_core.evaluation.human.study import make_study

    if side not in ("test", "train"):
        raise ConfigError(f"unknown side {side!r}; test compares the models, train rates mined pairs")
    folder = home_folder(home)
    store = ArtifactStore(folder / "artifacts")
    draw = test_items if side == "test" else train_items
    study = make_study(draw(store, conversations, np.random.default_rng([seed, 1])), evaluators, seed)
    packs = output or folder / "human-eval" / study.study_id / "packs"
    write_key(folder, study)
    for pack in study.packs:
        write_page(packs / f"rate-{study.study_id}-{pack.rater_id}.html", pack)
    same = sum(one["same"] for one in study.key["items"].values())
    print(f"study {study.study_id}: {conversations} items, {evaluators} raters ({same} with equal answers)")
    print(f"pages, one per rater: {packs}")
    print(f"key, keep it from the raters: {key_path(folder, study.study_id)}")
    print("then: muse human-eval import FILES, with the ratings files they send back")


def import_ratings(files: list[Path], pairs: bool, as_json: bool, home: Path | None) -> None:
    """Validates the files, publishes the ratings, prints what they say."""
    from muse_core.evaluation.human.record import record_ratings
    from tasks.gate import open_store

    folder = home_folder(home)
    outcome = record_ratings(folder, open_store(folder / "artifacts"), files, pairs)
    if as_json:
        print(json.dumps(outcome, ensure_ascii=False, allow_nan=False))
    else:
        _show(outcome, Console())


def _show(outcome: dict[str, Any], out: Console) -> None:
    out.print(
        f"study {outcome['study']}, {outcome['side']} side: {outcome['ratings']} ratings of "
        f"{outcome['items']} items by {len(outcome['raters'])} of {outcome['raters_asked']} raters, "
        f"{outcome['skipped']} skipped",
        highlight=False,
    )
    out.print(_means(outcome))
    wins = Table(
        "", "won", "tied", "lost", "win rate (ties ½)", title="overall preference", title_justify="left"
    )
    for one in outcome["preferences"]:
        counts = [str(one[name]) for name in ("won", "tied", "lost")]
        wins.add_row(f"{one['model']} over {one['opponent']}", *counts, _figure(one, 100, " %"))
    out.print(wins)
    out.print(_correlations(outcome["correlations"]))
    for line in [*outcome["warnings"], *outcome["headline"]]:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if outcome["pairs"]:
        kept = outcome["pairs"]
        out.print(
            f"pairs: {kept['kept']} written to {kept['path']}; left out: {kept['dropped']}", highlight=False
        )
    out.print(f"ratings: {outcome['path']}", markup=False, highlight=False, soft_wrap=True)


def _correlations(found: list[dict[str, Any]]) -> Table:
    """One row per automatic metric, one column per criterion."""
    criteria = list(dict.fromkeys(one["criterion"] for one in found))
    table = Table("", *(name.replace("_", " ") for name in criteria), "n")
    table.title, table.title_justify = "automatic metrics and people, Spearman's ρ", "left"
    for metric in dict.fromkeys(one["automatic"] for one in found):
        own = {one["criterion"]: one for one in found if one["automatic"] == metric}
        cells = [_figure(own[name]) for name in criteria]
        table.add_row(metric.replace("_", " "), *cells, str(own[criteria[0]]["n"]))
    return table


def _means(outcome: dict[str, Any]) -> Table:
    models = list(outcome["means"])
    table = Table("", *models, "α", title="mean score, 1 to 5", title_justify="left")
    for criterion, alpha in outcome["alpha"].items():
        if criterion != "preference":
            cells = [_figure(outcome["means"][model][criterion]) for model in models]
            table.add_row(criterion.replace("_", " "), *cells, _number(alpha["value"]))
    return table


def _figure(one: dict[str, Any], factor: float = 1, unit: str = "") -> str:
    if one["value"] is None:
        return "–"
    value, low, high = (
        _number(None if one[k] is None else factor * one[k]) for k in ("value", "low", "high")
    )
    return f"{value}{unit} [{low}, {high}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"

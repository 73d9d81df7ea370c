"""`muse explain`: which stages would run, and which part of their key changed. Never imports Prefect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from flows.bases import with_base
from flows.environment import home_folder, team_artifacts, with_language_model
from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.errors import ConfigError
from muse_core.fingerprint import StagePlan, plan
from muse_core.stage_table import STAGES, whole_of
from tasks.parts import wanted_stages

SHOWN_REASONS = 4  # a line each; --json has all


def explain(
    preset: str | None,
    catalog: Path | None,
    file: Path | None,
    settings: Sequence[str],
    stage: str,
    home: Path | None,
    as_json: bool,
) -> None:
    """Prints the plan of a `muse run` with the same options; runs and writes nothing."""
    asked = [*settings, f"catalog.file={json.dumps(str(catalog))}"] if catalog else list(settings)
    config, notes = load_config(preset, file, asked)
    place = home_folder(home)
    config, decided = _sized(with_base(with_language_model(config)[0], place), place)
    notes += decided
    wanted = wanted_stages(stage, config.post.method)
    store = _store(place / "artifacts", team_artifacts())
    plans = plan(config, store, [known for known in STAGES if known.name in wanted])
    if as_json:
        print(json.dumps(as_object(plans, notes), ensure_ascii=False))
    else:
        show(plans, notes, Console())


def _store(root: Path, team: str | None) -> ArtifactStore:
    """To look into: without a bucket no contract is read, which takes half of a second."""
    if team is None:
        return ArtifactStore(root)
    from tasks.gate import open_store

    return open_store(root, team)


def _sized(config: RunConfig, home: Path) -> tuple[RunConfig, list[str]]:
    """The sizes that `cpu.hours` stands for, and a note on them; nothing is kept."""
    if not config.cpu.hours:
        return config, []
    from flows.commands.run import absolute_files
    from muse_core.models.device import resolve_device
    from tasks.budget import within_budget

    try:
        config, budget = within_budget(
            absolute_files(config), home, resolve_device(config.execution.device), is_kept=False
        )
    except ConfigError as problem:
        return config, [f"cpu.hours is left out, a run would say: {problem}"]
    return config, [budget.line()] if budget else []


def as_object(plans: Sequence[StagePlan], notes: Sequence[str]) -> dict[str, Any]:
    """What `--json` prints: the stages as users know them, each with its parts where it has some."""
    stages = []
    for whole, parts in by_stage(plans):
        stages.append(_entry(whole) | ({"parts": [_entry(part) for part in parts]} if parts else {}))
    return {"stages": stages, "notes": list(notes)}


def _entry(entry: StagePlan) -> dict[str, Any]:
    return {
        "name": entry.name,
        "status": entry.status,
        "because": list(entry.because),
        "fingerprint": entry.fingerprint,
        "warnings": list(entry.warnings),
    }


def by_stage(plans: Sequence[StagePlan]) -> Iterator[tuple[StagePlan, list[StagePlan]]]:
    """Each stage with the parts that come before it."""
    parts: list[StagePlan] = []
    for entry in plans:
        if whole_of(entry.name) != entry.name:
            parts.append(entry)
        else:
            yield entry, parts
            parts = []


def show(plans: Sequence[StagePlan], notes: Sequence[str], out: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("stage", "status", "because"):
        table.add_column(column, no_wrap=column != "because", overflow="fold")
    for whole, parts in by_stage(plans):
        _add(table, whole.name, whole)
        for part in parts:
            _add(table, f"  {part.name}", part)
    out.print(table)
    for text in notes:
        out.print(f"note: {text}", markup=False, highlight=False)
    for text in dict.fromkeys(warning for entry in plans for warning in entry.warnings):
        names = ", ".join(entry.name for entry in plans if text in entry.warnings)
        out.print(f"warning: {names}: {text}", markup=False, highlight=False)


def _add(table: Table, name: str, entry: StagePlan) -> None:
    style = "green" if entry.status == "cached" else "yellow"
    table.add_row(name, f"[{style}]{entry.status}[/]", _reasons(entry.because))


def _reasons(because: Sequence[str]) -> str:
    shown = [reason.replace("[", "\\[") for reason in because[:SHOWN_REASONS]]
    left = len(because) - len(shown)
    return "\n".join(shown) + (f"\nand {left} more (--json lists them)" if left else "")

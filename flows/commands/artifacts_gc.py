"""`muse artifacts gc [--yes]`: what nobody refers to, listed with sizes, and deleted when asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from flows.environment import home_folder, tracing
from muse_core.retention import Leftover, leftovers, take_away


def gc(is_meant: bool, home: Path | None, as_json: bool) -> None:
    """Deletes nothing without `is_meant`, and nothing where MLflow does not say what its runs refer to."""
    folder = home_folder(home)
    found: list[Leftover] = []
    if (folder / "artifacts").is_dir():
        from tasks.references import named_in_mlflow

        named = named_in_mlflow(*tracing(folder), folder)
        found = leftovers(folder / "artifacts", named)
    if is_meant:
        found = list(take_away(folder / "artifacts", found))
    if as_json:
        print(json.dumps({"deleted": is_meant, "leftovers": [asdict(one) for one in found]}))
    else:
        _show(found, is_meant, folder / "artifacts", Console())


def _show(found: Sequence[Leftover], is_meant: bool, root: Path, out: Console) -> None:
    if not found:
        out.print(f"nothing below {root} can go", markup=False, highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("artifact", "size", "why"):
        table.add_column(
            column, justify="right" if column == "size" else "left", no_wrap=column != "why", overflow="fold"
        )
    for one in found:
        why = "left: a running stage holds its lock" if one.is_in_use else one.why
        table.add_row(one.path, _megabytes([one]), why)
    out.print(table)
    gone = [one for one in found if not one.is_in_use]
    said = (
        f"deleted {len(gone)} folders, {_megabytes(gone)}"
        if is_meant
        else f"{len(gone)} folders, {_megabytes(gone)}, can go; nothing was deleted: add --yes to delete them"
    )
    out.print(said, markup=False, highlight=False, soft_wrap=True)


def _megabytes(found: Sequence[Leftover]) -> str:
    return f"{sum(one.nbytes for one in found) / 1e6:,.1f} MB"

"""The verbs of `muse bench`, as `cli.py` has those of `muse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from muse_core.evaluation.public_sets.names import SET_NAMES

bench_app = typer.Typer(no_args_is_help=True, help="Public test sets as cases for `muse eval`.")


@bench_app.command("convert")
def convert(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SET",
            help=f"{', '.join(SET_NAMES)}; see docs/bench.md.",
            autocompletion=lambda: list(SET_NAMES),
        ),
    ],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files of the set, downloaded.")],
    output: Annotated[
        Path, typer.Option(metavar="CASES.jsonl", help="Where the cases go: muse eval --cases.")
    ],
    catalog_output: Annotated[
        Path | None,
        typer.Option(metavar="SHOP.jsonl", help="Where the set's own products go: muse run --catalog."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")
    ] = False,
) -> None:
    """Turn downloaded files of a public set into a case file; say what was left out and why."""
    from flows.commands.bench import convert as command

    command(name, files, output, catalog_output, force, as_json)

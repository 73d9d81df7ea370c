"""`muse report` and `muse compare`, as `cli.py` has the other verbs of `muse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RUNS = """A home folder (its newest evaluation), FOLDER:KEY, or the key of a `metrics` artifact of --home.
Every difference is against the first."""
MODEL = """sft or dpo (what stands behind SFT, whatever trained it): only these models. Without it the models
behind SFT, and before them the SFT model where all runs started from the same."""
Home = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where everything is written (default: .muse here).")
]


def report(
    home: Home = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write the HTML report of the last run."""
    from flows.commands.report import report as command

    command(home, open_)


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN…", help=RUNS)],
    model: Annotated[str | None, typer.Option(metavar="[sft|dpo]", help=MODEL)] = None,
    home: Home = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")
    ] = False,
) -> None:
    """Put the models of finished runs side by side: figures, paired differences, what they cost."""
    from flows.commands.compare import compare as command

    command(runs, model, as_json, home)

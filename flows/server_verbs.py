"""`muse doctor`, `muse up` and `muse down`, as `cli.py` has the other verbs of `muse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where everything is written (default: .muse here).")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]


def doctor(home: Home = None, as_json: AsJson = False) -> None:
    """Say what this machine has and what is wrong with it."""
    from flows.commands.doctor import doctor as command

    command(home, as_json)


def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of Prefect's pages.")] = 4200,
    mlflow_port: Annotated[int, typer.Option(min=1, max=65535, help="Of MLflow's pages.")] = 5000,
    gpu_slots: Annotated[
        int | None, typer.Option(min=1, help="How many tasks train or ask a model at once (default: 1).")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Start Prefect, MLflow and a worker here, with all that the deployments need."""
    from flows.commands.up import up as command

    command(home, port, mlflow_port, gpu_slots, as_json)


def down(home: Home = None, as_json: AsJson = False) -> None:
    """End what `muse up` has started, and nothing else."""
    from flows.commands.up import down as command

    command(home, as_json)

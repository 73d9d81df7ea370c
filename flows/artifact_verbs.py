"""The verbs of `muse artifacts`, as `cli.py` has those of `muse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

artifacts_app = typer.Typer(
    no_args_is_help=True, help="Look at what the stages have published, and clear up."
)

Home = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where everything is written (default: .muse here).")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]


Remote = Annotated[bool, typer.Option("--remote", help="The bucket of MUSE_ARTIFACTS_URL, not the home.")]


@artifacts_app.command("ls")
def ls(remote: Remote = False, home: Home = None, as_json: AsJson = False) -> None:
    """List every artifact, oldest first."""
    from flows.commands.artifacts import ls as command

    command(home, as_json, remote)


@artifacts_app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="kind/key, or the start of a key or digest.")],
    rows: Annotated[int, typer.Option(min=0, help="How many first rows.")] = 3,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show one artifact: its manifest, and its first rows or files."""
    from flows.commands.artifacts import show as command

    command(name, rows, home, as_json)


@artifacts_app.command("export")
def export(
    name: Annotated[str, typer.Argument(metavar="ID|KIND", help="kind/key, a key, a digest, or a kind.")],
    form: Annotated[str, typer.Option("--format", help="jsonl, csv, parquet, or seed (pairs).")] = "jsonl",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Written whole; without it, stdout.")
    ] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="Only the first rows.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    home: Home = None,
) -> None:
    """Write a table as JSONL, CSV or Parquet; KIND means its newest."""
    from flows.commands.artifact_export import export as command

    command(name, form, output, rows, force, home)


@artifacts_app.command("verify")
def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Set damaged artifacts aside; the next run makes them again.")
    ] = False,
    remote: Remote = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Read every byte and report damage."""
    from flows.commands.artifacts import verify as command

    command(home, as_json, repair, remote)


@artifacts_app.command("gc")
def gc(
    yes: Annotated[bool, typer.Option("--yes", help="Delete it; without this it is only listed.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List what no run, registered model or newest artifact of a stage refers to, and delete it."""
    from flows.commands.artifacts_gc import gc as command

    command(yes, home, as_json)

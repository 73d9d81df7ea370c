"""The verbs of `muse models`, as `cli.py` has those of `muse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

models_app = typer.Typer(no_args_is_help=True, help="Look at registered models; choose the champion.")
Home = Annotated[Path | None, typer.Option(metavar="DIR", help="The home folder (default: .muse here).")]


@models_app.command("ls")
def ls(
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """List the registered versions, newest first, and who was champion when and why."""
    from flows.commands import registry

    registry.list_versions(home, as_json)


@models_app.command("promote")
def promote(
    version: Annotated[str, typer.Argument(help="A number or an alias.")] = "candidate",
    force: Annotated[
        bool, typer.Option("--force", help="Although the rule says no; needs --reason.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why; it is kept with the model.")
    ] = None,
    settings: Annotated[
        list[str], typer.Option("--set", metavar="KEY=VALUE", help="promotion.KEY=VALUE; may be repeated.")
    ] = [],  # noqa: B006
    home: Home = None,
) -> None:
    """Make a version champion if it passes the rule of [promotion]; print every condition."""
    from flows.commands import registry

    registry.promote(home, version, force, reason, settings)


@models_app.command("rollback")
def rollback(home: Home = None) -> None:
    """Make the champion before the present one champion again."""
    from flows.commands import registry

    registry.roll_back(home)

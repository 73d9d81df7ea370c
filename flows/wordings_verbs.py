"""The verbs of `muse wordings`, as `cli.py` has those of `muse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

wordings_app = typer.Typer(no_args_is_help=True, help="Check, try and count the shoppers' wordings.")


@wordings_app.command("check")
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="A folder like muse_core/wordings (default: that one), or a tool of `tools.extra`."
        ),
    ] = None,
) -> None:
    """Read every wording and name each mistake with its file and line."""
    from flows.commands import wordings

    wordings.check(folder)


@wordings_app.command("sample")
def sample(
    intent: Annotated[str, typer.Option(help="complete, refinement, comparison, …")],
    language: Annotated[str, typer.Option(help="en, hi, roman or both.")],
    kind: Annotated[str | None, typer.Option(help="A table of the intent's file, such as request.")] = None,
    like: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only wordings that have these words.")
    ] = None,
    number: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Draws the shop, the shoppers and what they want.")] = 17,
) -> None:
    """Show what shoppers say in these wordings; words that a call depends on stand in «»."""
    from flows.commands import wordings

    wordings.sample(intent, language, kind, like, number, seed)


@wordings_app.command("count")
def count(
    by_kind: Annotated[bool, typer.Option("--kinds", help="One line per kind.")] = False,
) -> None:
    """Count the wordings of every language and intent by split; fails when one has too few held out."""
    from flows.commands import wordings

    wordings.count(by_kind)

"""The verbs of `muse feedback`, as `cli.py` has those of `muse`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

feedback_app = typer.Typer(no_args_is_help=True, help="What people say of served turns, into the next run.")

Home = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where everything is written (default: .muse here).")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]
Catalog = Annotated[
    Path | None,
    typer.Option("--catalog", metavar="FILE", help="The served shop (default: the last run's products)."),
]
Cases = Annotated[
    list[Path] | None,
    typer.Option("--cases", metavar="FILE", help="Cases of `muse eval` that must stay unseen, too."),
]
AcceptedFeedback = Annotated[
    bool, typer.Option("--feedback", help="Train on what was accepted of people's feedback, too.")
]


def with_feedback(settings: list[str], is_asked: bool, home: Path | None) -> list[str]:
    """The settings of a run, with the feedback that is accepted now among them."""
    if not is_asked:
        return settings
    from flows.commands.feedback import accepted_name

    return [*settings, f"conversations.feedback={json.dumps(accepted_name(home))}"]


@feedback_app.command("import")
def import_(
    file: Annotated[
        Path | None, typer.Argument(help="Default: feedback/feedback.jsonl below the home folder.")
    ] = None,
    catalog: Catalog = None,
    cases: Cases = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Read thumbs and corrections into quarantine: scrubbed, replayed, held against what is held out."""
    from flows.commands.feedback import import_feedback

    import_feedback(file, catalog, cases or [], as_json, home)


@feedback_app.command("review")
def review(
    accept: Annotated[
        list[str] | None, typer.Option(metavar="ID[,ID…]", help="The first letters of an id are enough.")
    ] = None,
    reject: Annotated[list[str] | None, typer.Option(metavar="ID[,ID…]")] = None,
    accept_all: Annotated[bool, typer.Option("--accept-all", help="Everything that waits, unseen.")] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write what waits as a table to fill in.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--table", metavar="FILE", help="Read the decisions of such a table.")
    ] = None,
    catalog: Catalog = None,
    cases: Cases = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List what waits, and accept or reject it; `muse run --feedback` trains on what is accepted."""
    from flows.commands import feedback

    chosen = feedback.Decisions(_ids(accept), _ids(reject), accept_all, csv, table)
    feedback.review(chosen, catalog, cases or [], as_json, home)


@feedback_app.command("report")
def report(
    last: Annotated[int, typer.Option(min=1, help="How many turns of the log, the newest.")] = 1000,
    psi: Annotated[float, typer.Option(min=0, help="The drift of a figure above which it fails.")] = 0.25,
    p95: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Of 95 in 100 turns, above which it fails.")
    ] = 10.0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hold served turns against the training data: a page, and exit code 1 where something has drifted."""
    from flows.commands.feedback_report import report as command

    if command(last, psi, p95, as_json, home):
        raise typer.Exit(1)


def _ids(given: list[str] | None) -> list[str]:
    return [name.strip() for one in given or [] for name in one.split(",") if name.strip()]

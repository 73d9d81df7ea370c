"""`muse chat` and `muse serve`, as `cli.py` has the other verbs of `muse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str | None,
    typer.Option(
        metavar="REF",
        help="A folder, an artifact id, models:/muse@candidate (default: the last one trained).",
    ),
]
Catalog = Annotated[
    Path | None,
    typer.Option(
        "--catalog", metavar="FILE", help="Products: CSV, JSONL or Parquet (default: what it was trained in)."
    ),
]
Home = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where everything is written (default: .muse here).")
]


def chat(
    model: Model = None,
    catalog: Catalog = None,
    message: Annotated[
        list[str],
        typer.Option("--message", "-m", metavar="TEXT", help="Ask this and end; may be repeated."),
    ] = [],  # noqa: B006
    image: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A picture that goes with the first message.")
    ] = None,
    profile: Annotated[
        str, typer.Option(metavar="TEXT", help="The shopper: 'women | 25-34 | 500-2000 | casual'.")
    ] = "",
    lang: Annotated[
        str | None, typer.Option(metavar="[en|hi|mixed]", help="The language of the chat's own words.")
    ] = None,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Each answer as one JSON object a line.")] = False,
) -> None:
    """Talk to the assistant; its tools run for real."""
    from flows.commands.chat import ChatFlags
    from flows.commands.chat import chat as command
    from flows.commands.registry import registered_folder

    flags = ChatFlags(message, image, profile, lang, as_json)
    command(home, model, catalog, flags, lambda uri: registered_folder(uri, home))


def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen at; others than loopback are open.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8000,
    model: Model = None,
    catalog: Catalog = None,
    at_once: Annotated[int, typer.Option(min=1, help="Turns under way; more are told to come back.")] = 128,
    slots: Annotated[int, typer.Option(min=1, help="Turns that are decoded together.")] = 32,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Of one turn.")] = 60.0,
    traces: Annotated[
        bool,
        typer.Option("--traces", help="Each turn an MLflow trace, feedback attached."),
    ] = False,
    home: Home = None,
) -> None:
    """Serve the assistant: a page, and OpenAI's protocol for programs."""
    from flows.commands.registry import registered_folder
    from flows.commands.serve import serve as command
    from serving.limits import Limits

    limits = Limits(at_once=at_once, turn_s=timeout)
    resolve = lambda uri: registered_folder(uri, home)  # noqa: E731
    command(home, model, catalog, host, port, limits, slots, resolve, traces)

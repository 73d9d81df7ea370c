"""How the command line ends when something went wrong: one message and an exit code, no traceback."""

from __future__ import annotations

import io
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from flows.environment import last_home, secret_values
from muse_core.errors import MuseError
from tasks.addresses import keep_secret, without_secrets
from tasks.terminal import is_json, write_json


class MuseGroup(TyperGroup):
    """Turns every error into one message on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        _write_anything()
        keep_secret(secret_values())
        try:
            return super().invoke(ctx)
        except MuseError as problem:
            tell(f"muse: {problem}")
            raise typer.Exit(problem.exit_code) from None
        except KeyboardInterrupt:
            tell("muse: interrupted; finished stages are kept, the same command goes on")
            raise typer.Exit(130) from None
        except BrokenPipeError:  # `muse … | head`: typer ends quietly
            raise
        except Exception as problem:
            if type(problem).__module__.startswith(("click", "typer")):  # its own usage errors and exits
                raise
            tell(f"muse: unexpected {type(problem).__name__}: {problem}")
            tell(f"      the traceback is in {write_traceback()}")
            raise typer.Exit(1) from None


def tell(message: str) -> None:
    """An error on stderr, in the form of the other lines there, and without secrets."""
    if is_json():
        write_json("error", without_secrets(message).strip())
    else:
        typer.echo(without_secrets(message), err=True)


def _write_anything() -> None:
    """What has no sign for ₹ or क gets an escape for it, where it would end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_traceback() -> Path:
    """Keeps the current exception's traceback, without secrets, under the home folder, or beside it."""
    name = f"muse-error-{time.strftime('%Y%m%d-%H%M%S')}.log"
    for place in (last_home, Path.home, tempfile.gettempdir):
        try:
            folder = Path(place())
            path = folder / name
            folder.mkdir(exist_ok=True)
            path.write_text(without_secrets(traceback.format_exc()), encoding="utf-8", errors="replace")
            return path
        except (OSError, RuntimeError, MuseError):  # a home that cannot be written, or that nobody has
            continue
    typer.echo(without_secrets(traceback.format_exc()), err=True)
    return Path(name)

"""How the command line ends when something went wrong: one message and an exit code, no traceback."""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from flows.environment import last_home
from muse_core.errors import MuseError


class MuseGroup(TyperGroup):
    """Turns every error into one message on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        escape_what_cannot_be_said()
        try:
            return super().invoke(ctx)
        except MuseError as problem:
            typer.echo(f"muse: {problem}", err=True)
            raise typer.Exit(problem.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("muse: interrupted; finished stages are kept, the same command goes on", err=True)
            raise typer.Exit(130) from None
        except BrokenPipeError:  # `muse … | head`: typer ends quietly
            raise
        except Exception as problem:
            if type(problem).__module__.startswith(("click", "typer")):  # its own usage errors and exits
                raise
            typer.echo(f"muse: unexpected {type(problem).__name__}: {problem}", err=True)
            typer.echo(f"      the traceback is in {write_traceback()}", err=True)
            raise typer.Exit(1) from None


def escape_what_cannot_be_said() -> None:
    """Hindi is escaped, as in JSON, where the terminal or pipe has an encoding without it."""
    if isinstance(sys.stdout, TextIOWrapper) and "utf" not in sys.stdout.encoding.lower():
        sys.stdout.reconfigure(errors="backslashreplace")


def write_traceback() -> Path:
    """Keeps the traceback of the current exception under the home folder, or beside it."""
    name = f"muse-error-{time.strftime('%Y%m%d-%H%M%S')}.log"
    for place in (last_home, Path.home, tempfile.gettempdir):
        try:
            folder = Path(place())
            path = folder / name
            folder.mkdir(exist_ok=True)
            path.write_text(traceback.format_exc(), encoding="utf-8")
            return path
        except (OSError, RuntimeError, MuseError):  # a home that cannot be written, or that nobody has
            continue
    traceback.print_exc(file=sys.stderr)
    return Path(name)

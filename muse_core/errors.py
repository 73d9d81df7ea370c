"""Every error MUSE raises on purpose, and the exit code it ends a command with.

MuseError
├ ConfigError         the user's file or flag                     exit 2
├ CatalogError        the user's catalogue                        exit 2
├ ContractViolation   a table broke its contract                  exit 1
├ ArtifactError       missing, damaged, of a foreign version      exit 1
├ ToolError           a tool refused its arguments; shown to the model, never to the user
├ HardwareError       no GPU, wrong GPU, out of memory, no disk   exit 2 when a flag asked for it
└ TransientError      the only kind that is retried               exit 1

A message says what was found, what was expected and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence


class MuseError(Exception):
    """Base of all expected failures. `exit_code` is what the command line returns."""

    exit_code = 1


class ConfigError(MuseError):
    """The user's configuration is wrong. `problems` lists every mistake, not only the first."""

    exit_code = 2

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(message + lines)


class CatalogError(MuseError):
    """The user's catalogue cannot be used."""

    exit_code = 2


class ContractViolation(MuseError):
    """A table broke its data contract; names the rules, the columns, the counts and the first bad ids."""


class ArtifactError(MuseError):
    """An artifact is missing, damaged, or written by a version that this one cannot read."""


class ToolError(MuseError):
    """A tool could not answer these arguments. The model sees the text as the call's error."""


class HardwareError(MuseError):
    """The machine lacks what was asked for. The message says what to set instead."""

    exit_code = 2


class TransientError(MuseError):
    """A failure that may pass if tried again (a network endpoint, a busy lock)."""


def cannot_import(package: str, extra: str, problem: ImportError) -> str:
    """Why `package`, which the extra `extra` brings, is not there, and what to do. One that is installed and
    lacks something itself is not called missing."""
    install = f"pip install -e '.[{extra}]' in the project's folder"
    if isinstance(problem, ModuleNotFoundError) and problem.name == package:
        return f"{package} is not installed; {install} installs it"
    return f"{package} is installed, but cannot be imported ({problem}); {install} brings what it lacks"

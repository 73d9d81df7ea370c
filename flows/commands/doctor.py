"""`muse doctor`: what this machine has, what is wrong with it, and what mends that. Changes nothing.

A finding that stops a run fails the command; a missing option (GPU, TensorRT) is only told. What concerns
servers is in `flows/commands/doctor_servers.py`.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table

from flows.commands.doctor_servers import Finding, locks, servers
from flows.environment import home_folder
from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.errors import MuseError
from muse_core.fingerprint import library_versions
from muse_core.models.device import gpu_works
from tasks.estimate import COSTS, about, estimate, threads_of

if TYPE_CHECKING:
    from muse_core.training.probe import Probe

SUPPORTED_PYTHON = ((3, 11), (3, 13))
NEEDED_DISK_GB = 3.0  # a quickstart run with its exports
NEEDED = ("torch", "transformers", "accelerate", "prefect", "mlflow", "great_expectations")
INSTALL = "pip install -e . in the project's folder"
OPTIONS = {"tensorrt_rtx": "engines for GeForce and RTX GPUs", "tensorrt": "engines for data-centre GPUs"}


def doctor(home: Path | None, as_json: bool) -> None:
    """Looks at everything and prints it."""
    findings = list(examine(home_folder(home)))
    wrong = [finding for finding in findings if finding.state == "wrong"]
    if as_json:
        print(
            json.dumps({"ok": not wrong, "findings": [asdict(one) for one in findings]}, ensure_ascii=False)
        )
    else:
        show(findings, Console())
    if wrong:
        raise MuseError(f"{len(wrong)} things are wrong here: {', '.join(finding.name for finding in wrong)}")


def examine(home: Path) -> Iterator[Finding]:
    yield python_version()
    yield from libraries()
    yield versions()
    yield folder(home)
    yield disk(home)
    yield locks(home)
    yield gpu()
    yield from speed()
    yield from servers(home)
    yield from options()


def python_version() -> Finding:
    low, high = SUPPORTED_PYTHON
    fits = low <= sys.version_info[:2] <= high
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding(
        "python", "ok" if fits else "wrong", text if fits else f"{text}; 3.11 to 3.13 are supported"
    )


def libraries() -> Iterator[Finding]:
    versions = library_versions()
    for name in NEEDED:
        found = versions.get(name) or _version(name)
        yield Finding(name, "ok" if found else "wrong", found or "not installed", "" if found else INSTALL)


def versions() -> Finding:
    """Whether what is installed is what the project was tested with."""
    try:
        asked = [Requirement(line) for line in metadata.requires("muse") or ()]
    except metadata.PackageNotFoundError:
        return Finding("versions", "wrong", "the project is not installed", INSTALL)
    needed = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
    found = {one.name: (_version(one.name), one.specifier) for one in needed}
    other = [
        f"{name} {have} (needs {wanted})"
        for name, (have, wanted) in found.items()
        if have and not wanted.contains(have, prereleases=True)
    ]
    if other:
        return Finding("versions", "wrong", ", ".join(other), INSTALL)
    return Finding("versions", "ok", f"{len(found)} libraries are as the project asks for")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _existing(path: Path) -> Path:
    """The deepest folder of `path` that exists."""
    return next(parent for parent in (path, *path.parents) if parent.exists())


def folder(home: Path) -> Finding:
    place = _existing(home)
    try:
        with tempfile.TemporaryDirectory(dir=place):
            pass
    except OSError as problem:
        text = f"{home}: {problem.strerror or problem}"
        return Finding("home", "wrong", text, f"chmod u+rwx {place}, or choose another with --home DIR")
    return Finding("home", "ok", f"{home} ({'exists' if place == home else 'will be created'})")


def disk(home: Path) -> Finding:
    free_gb = shutil.disk_usage(_existing(home)).free / 1e9
    enough = free_gb >= NEEDED_DISK_GB
    text = f"{free_gb:.1f} GB free"
    if enough:
        return Finding("disk", "ok", text)
    mend = "`muse artifacts ls` shows what is large; or choose another place with --home DIR"
    return Finding("disk", "wrong", f"{text}, {NEEDED_DISK_GB:g} GB needed", mend)


def gpu() -> Finding:
    """Asks PyTorch, through the room that knows it, where there is a driver at all."""
    if gpu_works():
        return Finding("gpu", "ok", "PyTorch can use it")
    return Finding("gpu", "note", "none that PyTorch can use: choose the preset quickstart or cpu")


def speed() -> Iterator[Finding]:
    """What models compute with here and why, and how fast that is: a probe of two seconds with the model of
    the quickstart."""
    if _version("torch") is None or _version("transformers") is None:
        return
    from muse_core.models.choices import choices
    from muse_core.training.probe import probe

    for choice in choices():
        yield Finding(choice.name, "ok", choice.text)
    config, _ = load_config("quickstart")
    yield Finding("probe", "ok", probed(config, probe(config)))


def probed(config: RunConfig, found: Probe) -> str:
    """The probe's figure, and what it means for a whole run of the quickstart."""
    whole = estimate(config, COSTS, found)
    rate = f"{found.tokens_per_second:,.0f} tokens/s of training with {threads_of(found)}"
    return f"{rate}: the quickstart takes {about(whole.total_s)} here"


def options() -> Iterator[Finding]:
    for module, purpose in OPTIONS.items():
        there = util.find_spec(module) is not None
        yield Finding(
            module, "ok" if there else "note", f"{'installed' if there else 'not installed'} ({purpose})"
        )


def show(findings: list[Finding], out: Console) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("state", no_wrap=True)
    table.add_column("name", no_wrap=True)
    table.add_column("text", overflow="fold")
    marks = {"ok": "[green]✓[/]", "note": "[dim]–[/]", "wrong": "[red]✗[/]"}
    for finding in findings:
        mend = f"\n→ {finding.mend}" if finding.mend else ""
        table.add_row(marks[finding.state], finding.name, f"{finding.text}{mend}".replace("[", "\\["))
    out.print(table)

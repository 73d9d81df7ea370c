"""A stage starts training processes on this host and listens to them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Any

from muse_core import errors
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.stage_table import stage_named
from muse_core.tools.in_use import in_use
from muse_core.types import ArtifactRef

log = logging.getLogger(__name__)


def launch(
    stage: str, config: Mapping[str, Any], inputs: Mapping[str, ArtifactRef], ctx: StageContext
) -> ArtifactRef:
    """Runs `stage` in `ctx.processes` processes of this host; its metrics and progress arrive in `ctx`.

    `config`: the sections that the stage reads; the tools of this process go with them. Fails with the error
    of the process that failed."""
    file = ctx.work / "config.json"
    file.write_text(json.dumps({**config, "tools": {"extra": in_use().files}}), "utf-8")
    given = [word for name, ref in inputs.items() for word in (f"--{name}", ref.path)]
    settings = ["--device", ctx.device, "--precision", ctx.precision, "--fingerprint", ctx.fingerprint]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={ctx.processes}",
        "-m", stage_named(stage).module, "--artifacts", str(ctx.store.root), "--config", str(file),
        *given, *settings, "--events",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as started:
        try:
            problem = _listen(started.stdout, ctx)
            code = started.wait()
        except BaseException:
            started.terminate()
            raise
    made = ctx.store.find(stage_named(stage).kind, ctx.fingerprint)
    if code or made is None:
        raise problem or MuseError(f"{stage}: a training process ended with exit code {code}; see above")
    return made


def _listen(lines: IO[str] | None, ctx: StageContext) -> MuseError | None:
    """Passes on what the processes say; the first error among it."""
    problem: MuseError | None = None
    for line in lines or ():
        try:
            event = json.loads(line)
        except ValueError:
            log.info("%s", line.rstrip())
            continue
        if "metrics" in event:
            ctx.metrics.log(event["metrics"], event["step"])
        elif "done" in event:
            ctx.progress.update(event["done"], event["total"], event["note"])
        elif "phase" in event:
            ctx.progress.phase(event["phase"], event["of"], event["name"], tuple(event["span"]))
        elif "error" in event and problem is None:
            problem = getattr(errors, event["kind"], MuseError)(event["error"])
    return problem

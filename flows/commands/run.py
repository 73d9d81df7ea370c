"""`muse run`: the pipeline through Prefect, live progress, and where to look afterwards.

What can be wrong with the request is checked before Prefect is imported: every mistake in the
configuration, the stage, the device. `--json` prints one object on stdout and nothing else there.
"""

from __future__ import annotations

import json
import shlex
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from flows import bases
from flows.embedded_server import EmbeddedServer
from flows.environment import Environment, home_folder, prepare, team_artifacts, with_language_model
from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.errors import ConfigError
from muse_core.evaluation.score.table import check_names
from muse_core.fingerprint import plan, read_ahead
from muse_core.models.cpu import threads_in_words
from muse_core.models.device import resolve_device, resolve_precision
from muse_core.stage_table import STAGES
from tasks.addresses import without_passwords
from tasks.engine import check_engine
from tasks.estimate import START_UP
from tasks.gate import open_store
from tasks.parts import wanted_stages
from tasks.terminal import again, say, to_terminal

# section -> its key that may name one
FILES = {"catalog": "file", "conversations": "file", "base": "model", "evaluation": "cases"}


def run(
    preset: str | None,
    catalog: Path | None,
    file: Path | None,
    settings: Sequence[str],
    stage: str,
    home: Path | None,
    as_json: bool,
    is_quiet: bool = False,
    json_logs: bool = False,
) -> None:
    """Checks the request, runs the flow, prints what it did."""
    began = time.time()
    to_terminal(is_quiet, json_logs)
    asked = [*settings, f"catalog.file={json.dumps(str(catalog))}"] if catalog else list(settings)
    config, notes = load_config(preset, file, asked)
    config, _ = with_language_model(config)
    config = bases.with_base(config, home_folder(home))
    wanted = wanted_stages(stage)
    check_cases(config)
    check_names(config.evaluation.metrics)
    check_engine(config.execution)
    resolve_precision(config.execution.precision, resolve_device(config.execution.device))
    check_base(config, wanted, home_folder(home))
    environment = prepare(home)
    _say_what_starts(config, notes, stage, environment)
    summary = run_flow(config, stage, environment)
    summary["seconds"] = {START_UP: max(0.0, summary.pop("started") - began)} | summary["seconds"]
    if as_json:
        print(json.dumps(public(summary), ensure_ascii=False))
    else:
        show(summary, environment, Console())


def check_cases(config: RunConfig) -> None:
    """ConfigError for a case file that is not there: it is read last, after hours of training."""
    path = config.evaluation.cases
    if path and not Path(path).expanduser().is_file():
        raise ConfigError(
            f"evaluation.cases names {path}, which is no file", ["expected a file of `muse eval`"]
        )


def check_base(config: RunConfig, wanted: frozenset[str], home: Path) -> None:
    """ConfigError for a pretrained base that cannot be one, or that this machine's memory cannot train, where
    it has yet to be imported."""
    if config.base.source != "pretrained" or "base" not in wanted:
        return
    before = [one for one in STAGES if one.name in wanted_stages("base")]
    if plan(config, open_store(home / "artifacts", team_artifacts()), before)[-1].status != "would run":
        return
    from muse_core.models.base_check import refuse

    memory = bases.memory_here() if resolve_device(config.execution.device) == "cpu" else None
    ranks = {
        "dpo": config.dpo.lora_rank,
        "rft": config.rft.lora_rank,
        "grpo": config.grpo.lora_rank,
    }
    refuse(str(config.base.model), memory, min(config.sft.lora_rank, ranks[config.post.method]))


def _say_what_starts(config: RunConfig, notes: Sequence[str], stage: str, environment: Environment) -> None:
    said = [*notes, *filter(None, [bases.caution(config)])]
    for text in (
        *(f"note: {note}" for note in said),
        f"muse run: preset {config.preset}, stage {stage}; {threads_in_words(config.execution.threads)}; "
        f"starting Prefect ({without_passwords(environment.prefect_api or 'embedded server')}) …",
    ):
        say(text)


def run_flow(config: RunConfig, stage: str, environment: Environment) -> dict[str, Any]:
    """Calls the flow in this process, against the configured server or an embedded one."""
    hear_signals()
    server = None if environment.prefect_api else EmbeddedServer(environment.home)
    from flows.pipeline import muse

    again()  # Prefect has put handlers of its own in place
    if server is not None:
        read_ahead()  # it is starting on another core meanwhile
        server.wait()
    summary: dict[str, Any] = muse(config.preset, stage=stage, config=absolute_files(config))
    return summary


def hear_signals() -> None:
    """A polite kill is an interrupt, and so is a terminal that is closed (not under `nohup`)."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def absolute_files(config: RunConfig) -> RunConfig:
    """The configuration with its existing files as absolute paths: manifests name them."""
    found: dict[str, Any] = {}
    for name, key in FILES.items():
        section = getattr(config, name)
        path = getattr(section, key)
        if path and Path(path).expanduser().exists():
            found[name] = section.model_copy(update={key: str(Path(path).expanduser().resolve())})
    logs = [Path(name).expanduser() for name in config.conversations.utterances]
    if logs:
        turns = found.get("conversations", config.conversations)
        found["conversations"] = turns.model_copy(
            update={"utterances": tuple(str(one.resolve()) for one in logs)}
        )
    return config.model_copy(update=found)


def public(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The object that `--json` prints."""
    names = (
        "stages",
        "people",
        "results",
        "report",
        "model",
        "registered",
        "promotion",
        "seconds",
        "estimate",
    )
    return {name: summary[name] for name in names}


def show(summary: Mapping[str, Any], environment: Environment, out: Console) -> None:
    """Requests of people, results, timings and where to look."""
    if summary["people"]:
        out.print(summary["people"]["verdict"], style="bold", markup=False, highlight=False)
        out.print(_table("Requests of people", summary["people"]))
    if summary["table"]:
        out.print(_table("Simulated turns of the test side", summary["table"]))
        for note in summary["table"]["notes"]:
            out.print(note, style="dim", markup=False)
    out.print(_timings(summary))
    for name, place in _places(summary, environment):
        out.print(f"{name:10} {place}", markup=False, highlight=False, soft_wrap=True)


def _table(title: str, content: Mapping[str, Any]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in content["columns"]:
        table.add_column(column)
    for row in content["rows"]:
        table.add_row(*row)
    return table


def _timings(summary: Mapping[str, Any]) -> Table:
    """Seconds of each stage and of its parts, beside what the probe had let expect where there was one."""
    seconds, stages = summary["seconds"], {stage["name"]: stage for stage in summary["stages"]}
    expected: Mapping[str, float] = (summary["estimate"] or {}).get("seconds", {})
    table = Table(title="Stages", title_justify="left")
    table.add_column("stage")
    table.add_column("")
    for column in ("seconds", *(("expected", "ratio") if expected else ())):
        table.add_column(column, justify="right")
    for name, spent in seconds.items():
        stage = stages.get(name, {})
        table.add_row(name, stage.get("status", ""), f"{spent:.1f}", *_compared(spent, expected.get(name)))
        for part in stage.get("parts", []):
            table.add_row(f"  {part['name']}", part["status"], f"{part['seconds']:.1f}", style="dim")
    both = [name for name in seconds if name in expected]
    whole = _compared(sum(seconds[name] for name in both), sum(expected[name] for name in both))
    table.add_row("in all", "", f"{sum(seconds.values()):.1f}", *whole, style="bold")
    return table


def _compared(spent: float, expected: float | None) -> list[str]:
    return [f"{expected:.0f}", f"{spent / expected:.2f} ×"] if expected else []


def _places(summary: Mapping[str, Any], environment: Environment) -> list[tuple[str, str]]:
    tracking = without_passwords(environment.mlflow_uri)
    look = tracking if tracking.startswith("http") else (
        f"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --workers 1 --backend-store-uri {tracking}"
    )  # fmt: skip
    registered = summary["registered"]
    places = [
        ("report", summary["report"]),
        ("model", summary["model"]),
        ("registry", registered and f"{registered['uri']} (version {registered['version']})"),
        ("mlflow", look),
        ("artifacts", str(environment.artifacts)),
        ("talk to it", summary["model"] and _talk(environment.home)),
    ]
    return [(name, place) for name, place in places if place]


def _talk(home: Path) -> str:
    """The command that opens a chat with the model that was made."""
    return "muse chat" if home == Path(".muse").resolve() else f"muse chat --home {shlex.quote(str(home))}"

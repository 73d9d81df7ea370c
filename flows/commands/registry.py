"""The registry: `muse models ls | promote | rollback`, and `models:/muse@candidate` as a model folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from flows.environment import Environment, prepare
from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.errors import ConfigError, MuseError
from muse_core.evaluation.score.promotion import Promotion, judge

SHOWN = ("tool_accuracy", "exact_call", "user_satisfaction")


def registered_folder(uri: str, home: Path | None) -> Path:
    """The model folder of a registered version."""
    environment = prepare(home)
    from tasks.registered_model import model_folder

    return model_folder(uri, environment.mlflow_uri)


def list_versions(home: Path | None, as_json: bool) -> None:
    """Prints every version with its aliases and what it was measured at."""
    from tasks.champion import champions, versions

    client = _client(prepare(home))
    found, history = versions(client), champions(client)
    if as_json:
        print(
            json.dumps({"versions": [vars(one) for one in found], "champions": history}, ensure_ascii=False)
        )
        return
    if not found:
        print("nothing is registered yet; `muse run` registers its model")
        return
    table = Table("version", "made", "aliases", *SHOWN)
    for one in found:
        figures = [one.tags.get(f"dpo.{name}", "–") for name in SHOWN]
        table.add_row(one.number, one.created[:16].replace("T", " "), ", ".join(one.aliases), *figures)
    Console().print(table)
    for entry in history:
        print(f"champion since {entry['time']}: version {entry['version']} ({entry['why']})")


def promote(
    home: Path | None, wanted: str, is_forced: bool, reason: str | None, settings: Sequence[str]
) -> None:
    """Prints the rule's verdict on a version and makes it champion where it has passed, or is forced."""
    if is_forced != bool(reason and reason.strip()):
        raise ConfigError("--force and --reason TEXT go together: who forces a promotion says why")
    rule = load_config(overrides=settings)[0].promotion
    environment = prepare(home)
    from tasks.champion import find_version
    from tasks.champion import promote as make_champion

    client = _client(environment)
    version = find_version(client, wanted)
    verdict = _verdict(environment, version.tags, rule)
    for line in (
        verdict.lines() if verdict else [f"Promotion: the figures of version {version.number} are not here."]
    ):
        print(line)
    if verdict is not None and verdict.outcome == "passed":
        print(make_champion(client, version.number, "it passed the rule"))
    elif is_forced:
        print(make_champion(client, version.number, f"forced: {reason}"))
    else:
        said = verdict.outcome if verdict else "no figures"
        raise MuseError(
            f"version {version.number} was not promoted: {said}. Train or measure again, choose another rule "
            "with --set promotion.KEY=VALUE, or take the responsibility with --force --reason TEXT"
        )


def _verdict(environment: Environment, tags: Any, rule: Any) -> Promotion | None:
    """The rule's verdict on the metrics that a version was registered with; None where they are gone."""
    store = ArtifactStore(environment.artifacts)
    digest = tags.get("evaluate_digest")
    ref = next((one for one in store.list() if one.kind == "metrics" and one.digest == digest), None)
    return judge(store.read_table(ref).to_pylist(), rule) if ref else None


def roll_back(home: Path | None) -> None:
    """The champion before the present one is champion again."""
    from tasks.champion import rollback

    print(rollback(_client(prepare(home))))


def _client(environment: Environment) -> Any:
    from tasks.tracking import TrackingPlace, open_client

    place = TrackingPlace(environment.mlflow_uri, environment.mlflow_artifacts, environment.home)
    return open_client(place)[0]

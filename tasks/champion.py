"""Which registered version is champion: one that passed the rule, or one that somebody wanted, for a reason.

The alias `champion` says who it is; the registered model's tag `champions` who it was, when and why, newest
last. `rollback` goes one entry back. Works on any client of the registry: mlflow is not imported here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from muse_core.errors import ConfigError
from tasks.registered_model import CHAMPION, MODEL_NAME, RegisteredVersion

HISTORY, KEPT = "champions", 20


@dataclass(frozen=True)
class ListedVersion:
    """One version: its number, when it was made (ISO, UTC), its aliases and its tags."""

    number: str
    created: str
    aliases: tuple[str, ...]
    tags: Mapping[str, str]


def versions(client: Any) -> list[ListedVersion]:
    """All versions, newest first; [] where nothing was registered."""
    found = sorted(client.search_model_versions(f"name='{MODEL_NAME}'"), key=lambda one: -int(one.version))
    aliases = client.get_registered_model(MODEL_NAME).aliases if found else {}  # a search does not tell them
    return [_listed(one, aliases) for one in found]


def _listed(one: Any, aliases: Mapping[str, str]) -> ListedVersion:
    made = datetime.fromtimestamp(one.creation_timestamp / 1000, UTC).isoformat(timespec="minutes")
    number = str(one.version)
    own = sorted(alias for alias, version in aliases.items() if str(version) == number)
    return ListedVersion(number, made, tuple(own), dict(one.tags))


def find_version(client: Any, wanted: str) -> ListedVersion:
    """A version by its number or alias. ConfigError names those that there are."""
    known = versions(client)
    for one in known:
        if wanted.removeprefix("@") in (one.number, *one.aliases):
            return one
    there = ", ".join(one.number for one in known) or "none: `muse run` registers one"
    raise ConfigError(f"the registry has no version {wanted!r} of {MODEL_NAME}; versions: {there}")


def promote(client: Any, number: str, why: str) -> str:
    """The alias `champion` points to this version from now on; says so."""
    history = champions(client)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if not history or history[-1]["version"] != number:
        history.append({"version": number, "time": now, "why": why})
    _write(client, history, number)
    return f"{MODEL_NAME} version {number} is {CHAMPION} now ({why})."


def rollback(client: Any) -> str:
    """The champion before the present one is champion again. ConfigError where there was none."""
    history = champions(client)
    if len(history) < 2:
        raise ConfigError(
            f"there is no earlier {CHAMPION} to go back to; `muse models ls` shows the versions, "
            "`muse models promote VERSION` chooses one"
        )
    gone, back = history[-1], history[-2]
    _write(client, history[:-1], back["version"])
    return f"{MODEL_NAME} version {back['version']} is {CHAMPION} again; version {gone['version']} was."


def champions(client: Any) -> list[dict[str, str]]:
    """Who was champion: `{"version", "time", "why"}`, newest last. A version that is gone is left out."""
    models = client.search_registered_models(f"name='{MODEL_NAME}'")
    kept = {one.number for one in versions(client)}
    told = json.loads(models[0].tags.get(HISTORY, "[]")) if models else []
    return [entry for entry in told if entry["version"] in kept]


def _write(client: Any, history: list[dict[str, str]], number: str) -> None:
    client.set_registered_model_tag(MODEL_NAME, HISTORY, json.dumps(history[-KEPT:], ensure_ascii=False))
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, number)


def set_champion_alias(client: Any, version: RegisteredVersion, has_passed: bool) -> str:
    """What a run does that was asked to: promotes its version if it has passed the rule; says what it did."""
    if not has_passed:
        return f"The alias {CHAMPION} stays where it is."
    return promote(client, version.version, "it passed the rule")

"""The organiser's key: below the home folder, never beside the pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from muse_core.durable import explained, write_text
from muse_core.errors import ConfigError
from muse_core.evaluation.human.study import KEY_FORMAT, Study
from muse_core.json_text import read_json

Key = dict[str, Any]


def key_path(home: Path, study_id: str) -> Path:
    """Where the key of a study is kept."""
    return home / "human-eval" / study_id / "key.json"


def write_key(home: Path, study: Study) -> Path:
    """Writes the key, whole or not at all."""
    path = key_path(home, study.study_id)
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(study.key, ensure_ascii=False, indent=1) + "\n")
    return path


def read_key(home: Path, study_id: str) -> Key:
    """The key of a study. ConfigError when there is none here."""
    path = key_path(home, study_id)
    try:
        key: Key = read_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"no study {study_id} was made below {home}: its key {path} does not exist; "
            "import where `muse human-eval make` ran, or name that folder with --home"
        ) from None
    except (OSError, ValueError) as problem:
        raise ConfigError(f"the key {path} cannot be read: {problem}") from None
    if not isinstance(key, dict) or key.get("format") != KEY_FORMAT or key.get("study") != study_id:
        raise ConfigError(f"{path} is no key of study {study_id}; make the study again")
    return key

"""The organiser's key: below the home folder, never beside the pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from muse_core.durable import explained, write_text
from muse_core.errors import ConfigError
from muse_core.evaluation.human.study import KEY_FORMAT, Study
from muse_core.json_text import read_json
from muse_core.manifests import Receipt
from muse_core.ordinary_files import ordinary

Key = dict[str, Any]
MAX_BYTES = 256 * 2**20
_Text = Annotated[str, Field(min_length=1)]


class _Item(BaseModel):
    model_config = ConfigDict(strict=True)
    source_id: _Text
    conversation_id: str
    profile_id: str
    turn: int
    language: str
    turn_type: str
    same: bool
    models: Annotated[list[_Text], Field(min_length=2, max_length=2)]
    automatic: dict[str, dict[str, float | bool]]

    @model_validator(mode="after")
    def _is_judged(self) -> _Item:
        if not set(self.models) <= self.automatic.keys():
            raise ValueError("`automatic` lacks one of the models")
        return self


class _Rater(BaseModel):
    model_config = ConfigDict(strict=True)
    pack: _Text
    second_is_a: list[str]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)
    side: Literal["train", "test"]
    seed: Annotated[int, Field(ge=0)]
    tables: dict[str, Receipt]
    items: dict[str, _Item]
    raters: dict[str, _Rater]


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
        key: Key = read_json(ordinary(path, MAX_BYTES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"no study {study_id} was made below {home}: its key {path} does not exist; "
            "import where `muse human-eval make` ran, or name that folder with --home"
        ) from None
    except (OSError, ValueError) as problem:
        raise ConfigError(f"the key {path} cannot be read: {problem}") from None
    if not isinstance(key, dict) or key.get("format") != KEY_FORMAT or key.get("study") != study_id:
        raise ConfigError(f"{path} is no key of study {study_id}; make the study again")
    try:
        _Shape.model_validate(key)
    except ValidationError as problem:
        error = problem.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, error["loc"]))
        raise ConfigError(
            f"the key {path} was changed ({place}: {error['msg']}); make the study again"
        ) from None
    return key

"""Defaults < preset < file < `--set`: four sources become one `RunConfig`, or one list of all mistakes.

Files are TOML or JSON in our sections, or one of the founding guide's shapes (`seed_format.py`). A value of
`--set` is read as a TOML literal; what is not one is taken as text, `null` as nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from muse_core.config import seed_format
from muse_core.config.contradictions import contradictions
from muse_core.config.run_config import RunConfig
from muse_core.errors import ConfigError
from muse_core.json_text import JsonTextError, check_depth, read_json
from muse_core.ordinary_files import ordinary

DEFAULT_PRESET = "full"
MAX_BYTES = 8 * 2**20
SHOWN_CHARS = 80  # of a value in a message
EXPLANATIONS = {
    "evaluation.test_split": "the sides are fixed at 80/10/10 by the hash of the profile id",
}


@dataclass
class _Gathered:
    """Dotted keys with their last value and its source; and everything wrong so far."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def put(self, key: str, value: Any, source: str) -> None:
        self.values[key] = value
        self.sources[key] = source


def preset_names() -> tuple[str, ...]:
    folder = resources.files("muse_core.config") / "presets"
    return tuple(
        sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    )


def load_config(
    preset: str | None = None, file: str | Path | None = None, overrides: Sequence[str] = ()
) -> tuple[RunConfig, list[str]]:
    """The experiment, and notes on keys that were moved or ignored. ConfigError names every mistake."""
    gathered = _Gathered()
    raw = _read_file(Path(file), gathered) if file is not None else {}
    in_file = raw.pop("preset", None)
    name = str(preset or in_file or DEFAULT_PRESET)
    _add_preset(name, gathered)
    _add_file(raw, str(file), gathered)
    for override in overrides:
        _add_override(override, gathered)
    config = _validate(gathered)
    if config is not None:
        gathered.problems += contradictions(config)
    if gathered.problems or config is None:
        count = len(gathered.problems)
        raise ConfigError(f"the configuration has {count} mistake{'s' * (count != 1)}:", gathered.problems)
    return config, gathered.notes


def _add_preset(name: str, gathered: _Gathered) -> None:
    known = preset_names()
    if name not in known:
        gathered.problems.append(
            f"unknown preset {name!r}{_hint(name, known)}; presets are {', '.join(known)}"
        )
        return
    text = (resources.files("muse_core.config") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    gathered.put("preset", name, "--preset")
    for key, value in _leaves(tomllib.loads(text)):
        gathered.put(key, value, f"preset {name}")


def _read_file(path: Path, gathered: _Gathered) -> dict[str, Any]:
    try:
        text = ordinary(path, MAX_BYTES).read_text(encoding="utf-8-sig")
        raw = read_json(text) if path.suffix.lower() == ".json" else _toml(text)
    except OSError as problem:
        gathered.problems.append(f"{path} cannot be read: {problem.strerror}")
        return {}
    except ValueError as problem:
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        why = str(problem).removeprefix("it is not JSON: ")
        gathered.problems.append(f"{path} is not valid {kind}: {why}")
        return {}
    if isinstance(raw, dict):
        return raw
    gathered.problems.append(
        f"{path}: found a {type(raw).__name__}, expected an object with one entry per section"
    )
    return {}


def _toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text. ValueError when it is none, or nested too deeply."""
    try:
        raw = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    check_depth(raw)
    return raw


def _add_file(raw: Mapping[str, Any], source: str, gathered: _Gathered) -> None:
    shape = seed_format.shape_of(raw)
    if shape is None:
        for key, value in _leaves(raw):
            gathered.put(key, value, source)
        return
    mapped = seed_format.read_seed(raw, shape)
    gathered.notes += mapped.notes
    gathered.problems += mapped.problems
    for key, value in mapped.values.items():
        gathered.put(key, value, f"{source}: {mapped.came_from[key]}")


def _add_override(text: str, gathered: _Gathered) -> None:
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key:
        gathered.problems.append(f"--set {text!r}: expected section.key=value, for example sft.num_epochs=3")
    elif _is_section(key):
        gathered.problems.append(
            f"--set {text!r}: {key} is a section; set one of its keys, {key}.<key>=value"
        )
    else:
        _put_literal(key, value.strip(), gathered)


def _put_literal(key: str, text: str, gathered: _Gathered) -> None:
    try:
        gathered.put(key, literal(text), "--set")
    except ValueError as problem:
        gathered.problems.append(f"--set {key}={text[:SHOWN_CHARS]}…: {problem}")


def _is_section(key: str) -> bool:
    return any(name == key and _section(name) for name in RunConfig.model_fields)


def literal(text: str) -> Any:
    """`3`, `0.5`, `true`, `[1, 2]`, `"x"` as TOML reads them, `null` as None, anything else as text.
    JsonTextError when it is nested too deeply."""
    if text in ("null", "None"):
        return None
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except RecursionError:
        raise JsonTextError("it is nested too deeply") from None
    except ValueError:
        return text
    check_depth(value)
    return value if isinstance(value, bool | int | float | str | list | dict) else text


def _leaves(raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """`{"sft": {"batch_size": 8}}` -> `("sft.batch_size", 8)`; what is below a key stays whole."""
    for section, body in raw.items():
        if isinstance(body, Mapping):
            yield from ((f"{section}.{key}", value) for key, value in body.items())
        else:
            yield section, body


def _validate(gathered: _Gathered) -> RunConfig | None:
    """The config without its wrong values, so that contradictions among the others are found too."""
    values = dict(gathered.values)
    for key in [key for key in values if _unknown(key)]:
        gathered.problems.append(_unknown_text(key, gathered.sources[key]))
        del values[key]
    for _ in range(2):
        try:
            return RunConfig.model_validate(_nested(values))
        except ValidationError as problem:
            for error in problem.errors(include_url=False):
                key = ".".join(str(step) for step in error["loc"][:2])
                key = key if key in values else str(error["loc"][0])
                text = _wrong_text(key, dict(error), gathered.sources.get(key, "defaults"))
                if values.pop(key, None) is not None or text not in gathered.problems:
                    gathered.problems.append(text)
    return None


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in values.items():
        section, dot, rest = key.partition(".")
        if dot and isinstance(nested.setdefault(section, {}), dict):
            nested[section][rest] = value
        elif not dot:
            nested[section] = value
    return nested


def _section(name: str) -> type[BaseModel] | None:
    field_info = RunConfig.model_fields.get(name)
    kind = field_info.annotation if field_info else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _unknown(key: str) -> bool:
    section, dot, rest = key.partition(".")
    known = _section(section)
    if not dot:
        return section not in RunConfig.model_fields
    return known is None or rest not in known.model_fields


def all_keys() -> list[str]:
    """Every key of RunConfig, dotted."""
    keys: list[str] = []
    for name in RunConfig.model_fields:
        known = _section(name)
        keys += [f"{name}.{key}" for key in known.model_fields] if known else [name]
    return keys


def _unknown_text(key: str, source: str) -> str:
    section, _, rest = key.partition(".")
    known = _section(section)
    if known is not None and rest:
        hint = _hint(rest, known.model_fields) or _hint(key, all_keys())
        return f"unknown key {key}{hint} ({source})"
    hint = _hint(key, all_keys()) or _hint(section, RunConfig.model_fields)
    return f"unknown {'section' if rest else 'key'} {key if not rest else section}{hint} ({source})"


def _hint(word: str, known: Iterable[str]) -> str:
    known = list(known)
    tails = {name.rpartition(".")[2]: name for name in known}
    close = get_close_matches(word, known, n=1, cutoff=0.55)
    close = close or [
        tails[tail] for tail in get_close_matches(word.rpartition(".")[2], tails, n=1, cutoff=0.75)
    ]
    return f", did you mean {close[0]}?" if close else ""


def _wrong_text(key: str, error: Mapping[str, Any], source: str) -> str:
    expected = str(error["msg"]).removeprefix("Input should be ").removeprefix("a valid ")
    why = f"; {EXPLANATIONS[key]}" if key in EXPLANATIONS else ""
    given = repr(error["input"])
    given = given if len(given) <= SHOWN_CHARS else f"{given[:SHOWN_CHARS]}…"
    return f"{key}: found {given}, expected {expected}{why} ({source})"

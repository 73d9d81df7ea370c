"""The key of a stage: one digest of everything that its result depends on, and of nothing else.

`fingerprint(stage) = sha256(stage name, code closure, config keys in READS, input digests, seed)`,
with the schemas of the tables it reads or writes and the content of the user's own files. Library
versions and the device are not in the key: they go into the manifest, and `plan` warns of changes.
The parts are kept by name, so that `muse explain` can say which of them changed.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Protocol

from data_contracts.schemas import SCHEMAS, contract_name
from muse_core import closure
from muse_core.config.run_config import RunConfig
from muse_core.config.tool_files import files_of
from muse_core.errors import ConfigError
from muse_core.records import canonical_json
from muse_core.stage_table import STAGES, Stage, maker, stage_named
from muse_core.types import ArtifactRef

LIBRARIES = ("torch", "transformers", "accelerate", "numpy", "pandas", "pyarrow", "pydantic", "safetensors")
REGISTRY = "muse_core/tools/toolbox.py"  # a stage whose code has it knows the user's own tools
TRUST_SIZE_ABOVE = 256 * 2**20  # bytes: `plan` checks larger artifacts by their size, to answer in 2 s


@dataclass(frozen=True)
class Fingerprint:
    """The key, and what it was made of (part name -> short digest or value)."""

    value: str
    parts: dict[str, str]


def fingerprint(
    stage: str,
    config: RunConfig,
    inputs: Mapping[str, ArtifactRef],
    extra: Mapping[str, str] | None = None,
) -> Fingerprint:
    """The key of `stage` for these inputs (stage name -> receipt)."""
    return key_of_stage(stage_named(stage), config, inputs, extra)


def config_digest(config: RunConfig) -> str:
    """Of all that was asked; where and how wide it runs, and who is told, is no part of it."""
    asked = config.model_dump(mode="json", exclude={"execution", "report_to"})
    return hashlib.sha256(canonical_json(asked).encode()).hexdigest()


def key_of_stage(
    stage: Stage,
    config: RunConfig,
    inputs: Mapping[str, ArtifactRef],
    extra: Mapping[str, str] | None = None,
    glance: closure.Glance | None = None,
) -> Fingerprint:
    """The same for a stage that need not be in the table."""
    parts = own_parts(stage, config, glance) | dict(extra or {})
    parts |= {f"input {name}": ref.digest for name, ref in inputs.items()}
    text = canonical_json({"stage": stage.name, "parts": parts})
    return Fingerprint(hashlib.sha256(text.encode()).hexdigest(), parts)


def own_parts(stage: Stage, config: RunConfig, glance: closure.Glance | None = None) -> dict[str, str]:
    """All parts of the key except the inputs. `glance`: a look at the sources that is still fresh."""
    found = closure.code_digests(stage.module, stage.root, glance)
    parts = {f"{'code' if path.endswith('.py') else 'data'} {path}": digest for path, digest in found.items()}
    parts |= {f"schema {kind}": _schema_digest(kind) for kind in _kinds(stage)}
    parts |= {f"config {key}": value for key, value in config_values(config, stage.reads).items()}
    parts |= user_files(stage.name, config)
    if REGISTRY in found:
        parts |= tool_files(config)
    return parts | {"seed": str(config.seed)}


def _kinds(stage: Stage) -> list[str]:
    """Table kinds read or written: its own, its inputs', and any that its source names."""
    named = {stage.kind, *(stage.beside(name).kind for name in stage.inputs)} | closure.strings_in(stage.path)
    return sorted(named & SCHEMAS.keys())


def _schema_digest(kind: str) -> str:
    text = f"{contract_name(kind)}\n{SCHEMAS[kind].to_string()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def config_values(config: RunConfig, reads: Iterable[str]) -> dict[str, str]:
    """Dotted key -> canonical JSON of its value, for every leaf below the keys in `reads`."""
    values: dict[str, str] = {}
    for key in reads:
        node: Any = config.model_dump(mode="json")
        for step in key.split("."):
            if not isinstance(node, dict) or step not in node:
                raise ConfigError(f"READS names {key!r}, which RunConfig does not have")
            node = node[step]
        leaves = (
            {f"{key}.{name}": value for name, value in node.items()}
            if isinstance(node, dict)
            else {key: node}
        )
        values |= {name: canonical_json(value) for name, value in leaves.items()}
    for name in ("catalog.file", "conversations.file", "conversations.utterances", "evaluation.cases"):
        values.pop(name, None)  # they enter by their content, see user_files
    return values


def user_files(stage: str, config: RunConfig) -> dict[str, str]:
    """Files of the user's own, by content: a moved file changes nothing, an edited one does."""
    if stage == "catalog" and config.catalog.file is not None:
        path = Path(config.catalog.file)
        return {"file catalog.file": _file_content(path, "catalog.file")} | {
            "config catalog.file": path.suffix.lower()
        }
    if stage == "conversations":
        turns = config.conversations
        chats = {"file": turns.file} if turns.file is not None else {}
        named = chats | {f"utterances {number}": name for number, name in enumerate(turns.utterances, 1)}
        return {
            f"file conversations.{key}": _file_content(Path(name), f"conversations.{key.split()[0]}")
            for key, name in named.items()
        }
    if stage == "evaluate" and config.evaluation.cases is not None:
        path = Path(config.evaluation.cases)
        return {"file evaluation.cases": _file_content(path, "evaluation.cases")}
    if stage == "base" and config.base.model and Path(config.base.model).exists():
        return {"file base.model": _content(Path(config.base.model)), "config base.model": '"a local file"'}
    return {}


def tool_files(config: RunConfig) -> dict[str, str]:
    """The user's own tools with their wordings, by content and in their order, and the code that reads them.
    What an address answered is not in it (docs/tools.md#what-an-address-answers)."""
    if not config.tools.extra:
        return {}
    reader = closure.code_digests("muse_core.tools.extra")
    return {f"code {path}": digest for path, digest in reader.items() if path.endswith(".py")} | {
        f"file tools.extra {number} {file.name}": _file_content(file, "tools.extra")
        for number, name in enumerate(config.tools.extra, 1)
        for file in files_of(Path(name))
    }


def _file_content(path: Path, key: str) -> str:
    if not path.is_file():
        raise ConfigError(f"{path} is not a file that can be read", [f"check {key}"])
    return _content(path)


def _content(path: Path) -> str:
    """sha256 of a file, whatever its name, or of the names and contents of a folder's files."""
    files = {p.relative_to(path).as_posix(): p for p in path.rglob("*") if p.is_file()} or {"": path}
    whole = hashlib.sha256()
    for name, file in sorted(files.items()):
        stat = file.stat()
        whole.update(f"{name}\0{_file_digest(file, stat.st_mtime_ns, stat.st_size)}\n".encode())
    return whole.hexdigest()[:16]


@lru_cache(maxsize=256)
def _file_digest(path: Path, mtime_ns: int, size: int) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise ConfigError(f"{path} cannot be read: {problem.strerror}", ["check its permissions"]) from None


@cache
def library_versions() -> dict[str, str]:
    """Installed versions of the libraries that numbers depend on; nothing is imported."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


class Finder(Protocol):
    """What `plan` asks of the artifact store."""

    def find(
        self, kind: str, fingerprint: str, *, trust_size_above: int | None = None
    ) -> ArtifactRef | None: ...

    def manifest(self, ref: ArtifactRef) -> dict[str, Any]: ...

    def latest(self, kind: str, stage: str | None = None) -> dict[str, Any] | None: ...


@dataclass(frozen=True)
class StagePlan:
    """What would happen to one stage, and why."""

    name: str
    fingerprint: str | None  # None while an input is still to be made
    status: Literal["cached", "would run"]
    because: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_ahead(stages: Iterable[Stage] = STAGES) -> None:
    """Reads the sources that keys are made of: what is read stays in memory while the files do not change."""
    glances: dict[Path, closure.Glance] = {}
    for stage in stages:
        glance = glances.setdefault(stage.root, closure.Glance(stage.root))
        closure.code_digests(stage.module, stage.root, glance)


def plan(config: RunConfig, store: Finder, stages: Iterable[Stage] = STAGES) -> list[StagePlan]:
    """For each stage in order: cached, or would run and what changed since it last ran."""
    made: dict[str, ArtifactRef] = {}
    glances: dict[Path, closure.Glance] = {}
    return [
        _plan_stage(stage, config, store, made, glances.setdefault(stage.root, closure.Glance(stage.root)))
        for stage in stages
    ]


def _plan_stage(
    stage: Stage, config: RunConfig, store: Finder, made: dict[str, ArtifactRef], glance: closure.Glance
) -> StagePlan:
    sources = {name: maker(name, config.post.method) for name in stage.inputs}
    missing = [source for source in sources.values() if source not in made]
    if missing:
        before = _key_before(stage, store)
        own = changes(before, own_parts(stage, config, glance), inputs=False)
        upstream = [f"input {name} would run" for name in missing] if before is not None else []
        return StagePlan(stage.name, None, "would run", (*own, *upstream))
    inputs = {name: made[source] for name, source in sources.items()}
    key = key_of_stage(stage, config, inputs, glance=glance)
    ref = store.find(stage.kind, key.value, trust_size_above=TRUST_SIZE_ABOVE)
    if ref is None:
        reasons = changes(_key_before(stage, store), key.parts) or ["its artifact is missing or damaged"]
        return StagePlan(stage.name, key.value, "would run", tuple(reasons))
    made[stage.name] = ref
    return StagePlan(stage.name, key.value, "cached", (), tuple(_version_warnings(store.manifest(ref))))


def _key_before(stage: Stage, store: Finder) -> dict[str, str] | None:
    """The parts of the key with which a stage ran last."""
    last = store.latest(stage.kind, stage.name)
    return dict(last["about"].get("key_parts", {})) if last else None


def changes(before: Mapping[str, str] | None, now: Mapping[str, str], inputs: bool = True) -> list[str]:
    """The differing parts of two keys, in words."""
    if before is None:
        return ["it has never run here"]
    names = sorted(before.keys() | now.keys())
    if not inputs:
        names = [name for name in names if not name.startswith("input ")]
    return [
        _change(name, before.get(name), now.get(name)) for name in names if before.get(name) != now.get(name)
    ]


def _change(name: str, before: str | None, now: str | None) -> str:
    if before is None or now is None:
        return f"{name} is {'new' if before is None else 'gone'}"
    shown = name.startswith("config ") or name == "seed"
    return f"{name} changed from {before} to {now}" if shown else f"{name} changed"


def _version_warnings(manifest: Mapping[str, Any]) -> list[str]:
    here, there = library_versions(), dict(manifest.get("libraries", {}))
    return [
        f"made with {name} {there[name]}, here is {here.get(name, 'none')}"
        for name in there
        if here.get(name) != there[name]
    ]

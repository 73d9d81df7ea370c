"""Where base models lie that `muse base get` has fetched, and what a name among them stands for in a run."""

from __future__ import annotations

from pathlib import Path

from muse_core.config.run_config import RunConfig
from muse_core.models.known_bases import KnownBase, known_as, known_bases


def folder_of(home: Path, name: str) -> Path:
    return home / "bases" / name


def lies_at(home: Path, name: str) -> Path | None:
    """The folder of a base that is there, or the `.gguf` file in it."""
    folder = folder_of(home, name)
    if not folder.is_dir():
        return None
    files = sorted(folder.glob("*.gguf"))
    return files[0] if files else folder


def resolved(home: Path, model: str) -> str:
    """What `base.model` means: a name of the list is the base that was fetched, else its hub id."""
    known = known_bases().get(model)
    if known is None:
        return model
    found = lies_at(home, known.name)
    return str(found) if found is not None else known.hub


def with_base(config: RunConfig, home: Path) -> RunConfig:
    """The configuration with the base that its name stands for."""
    if config.base.source != "pretrained" or not config.base.model:
        return config
    model = resolved(home, config.base.model)
    return config.model_copy(update={"base": config.base.model_copy(update={"model": model})})


def caution(config: RunConfig) -> str:
    """What must be said of the base's licence before anything is trained; "" for nothing."""
    known: KnownBase | None = known_as(config.base.model) if config.base.model else None
    return known.caution if known else ""


def memory_here() -> float:
    """Bytes that this machine has, or that its container may use."""
    import psutil

    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.is_file() else "max"
    return min(float(psutil.virtual_memory().total), float(text) if text.isdigit() else float("inf"))

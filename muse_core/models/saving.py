"""Writing tensors where the disk may be full: one clear error, whichever library was writing.

safetensors and torch report a failed write as errors of their own, not as OSError.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from muse_core import durable
from muse_core.errors import HardwareError

SIGNS = ("i/o error", "os error", "writing file", "unexpected pos")


@contextmanager
def saving(place: Path, kept: str) -> Iterator[None]:
    """Turns a failed write below `place` into a MuseError; `kept` says what is safe."""
    try:
        with durable.explained(place):
            yield
    except (SafetensorError, RuntimeError) as problem:
        text = (str(problem).splitlines() or [""])[0]
        if not any(sign in text.lower() for sign in SIGNS):
            raise
        raise _failed(place, kept, text) from problem
    except HardwareError as problem:
        raise _failed(place, kept, "no space left") from problem


def _failed(place: Path, kept: str, text: str) -> HardwareError:
    free = shutil.disk_usage(place).free / 1e9
    error = HardwareError(
        f"writing below {place} failed: {text[:160]} ({free:.1f} GB free there). {kept}. "
        "Free some space and start again, or choose another folder with --home DIR"
    )
    error.exit_code = 1
    return error

"""`python -m muse_core.export.memory GRAPH|FOLDER ID…`: megabytes of a process that has this form alone."""

from __future__ import annotations

import sys
from pathlib import Path

NEW_TOKENS = 8


def main(place: Path, prompt: list[int]) -> None:
    """Loads the form, writes a few tokens and prints the resident memory."""
    import psutil

    if place.is_dir():
        from muse_core.export.latency import EagerDecoding
        from muse_core.models.loading import load_model

        decoding = EagerDecoding(load_model(place), prompt)
        for _ in range(NEW_TOKENS):
            decoding.step()
    else:
        from muse_core.export.runtime import OnnxModel

        OnnxModel(place).answers([prompt], (), NEW_TOKENS)
    print(psutil.Process().memory_info().rss / 1e6)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(one) for one in sys.argv[2:]])

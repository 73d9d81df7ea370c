"""`muse feedback report`: the turn log of `muse serve` against the training data."""

from __future__ import annotations

import json
from pathlib import Path

from flows.environment import home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.evaluation.monitor.turns import read_turns
from muse_core.evaluation.monitor.watch import Bounds, Watched, watch, write_page
from muse_core.records import from_table
from muse_core.types import ArtifactRef

FILE = Path("serving") / "turns.jsonl"


def report(last: int, psi: float, p95_s: float, as_json: bool, home: Path | None) -> bool:
    """Writes the page and says what is out of bounds; whether anything is."""
    folder = home_folder(home)
    store = ArtifactStore(folder / "artifacts")
    trained = store.latest("conversations")
    if trained is None or not (folder / FILE).is_file():
        lacks = "conversations of a run" if trained is None else f"turns ({folder / FILE})"
        raise ConfigError(f"there are no {lacks}; `muse run` makes the one, `muse serve` writes the other")
    ref = ArtifactRef(**trained["ref"])
    talks = from_table("conversations", store.read_table(ref))
    found = watch(read_turns(folder / FILE, last), talks, Bounds(psi, p95_s))
    name = "/".join(ref.path.split("/")[:2])
    page = write_page(found, name, folder / "reports")
    if as_json:
        print(json.dumps({**found.as_json(), "page": str(page)}, ensure_ascii=False))
    else:
        _say(found, page)
    return bool(found.alerts)


def _say(found: Watched, page: Path) -> None:
    turns = len(found.served.turns)
    if not found.is_enough:
        print(f"{turns} turns are too few to tell")
    else:
        print(f"{turns} turns: {'; '.join(found.alerts) or 'nothing is out of bounds'}")
    print(page)

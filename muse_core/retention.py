"""What nobody refers to, taken out of a store; what is damaged, set aside.

Kept are: the newest artifact of each stage, what runs and registered versions name, what no stage made
(people's feedback and ratings, which nothing makes again), and all that these were made from. A folder goes
by one rename, under the lock of its stage, and is deleted afterwards: a kill leaves each whole or gone.
Not covered: a run that begins while this works, and takes up an old artifact that nothing named before.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from muse_core import durable
from muse_core.inspection import DAMAGED, Digests, damages, sound_manifests
from muse_core.manifests import Manifest

STALE_DAYS = 7.0  # after which what a killed stage left is thought to be given up
DAY_S = 86400.0


@dataclass(frozen=True)
class Leftover:
    """A folder below the store's root that can go, and why. `is_in_use`: a running stage holds its lock."""

    path: str
    nbytes: int
    why: str
    is_in_use: bool = False


def leftovers(root: Path, named: Collection[str]) -> list[Leftover]:
    """What can go. `named`: the `kind/key` and the digests that runs and registered versions refer to."""
    manifests = sound_manifests(root)
    kept = _kept(manifests, named)
    found = [
        Leftover(_home(one), one["ref"]["nbytes"], "no run, registered model or newer artifact needs it")
        for one in manifests
        if _home(one) not in kept
    ]
    return found + list(_scratch(root, {Path(_home(one)).name for one in manifests}))


def _home(manifest: Manifest) -> str:
    return str(manifest["ref"]["path"]).rpartition("/")[0]


def _kept(manifests: list[Manifest], named: Collection[str]) -> set[str]:
    """The `kind/key` of what is referred to, and of all it was made from."""
    made: dict[str, list[Manifest]] = {}
    newest: dict[tuple[str, str], str] = {}
    for one in manifests:  # the oldest first
        made.setdefault(one["ref"]["digest"], []).append(one)
        newest[one["ref"]["kind"], str(one["about"].get("stage"))] = _home(one)
    wanted = {*named, *newest.values()}
    waiting = [
        one
        for one in manifests
        if "stage" not in one["about"] or _home(one) in wanted or one["ref"]["digest"] in wanted
    ]
    kept: set[str] = set()
    while waiting:
        one = waiting.pop()
        if _home(one) not in kept:
            kept.add(_home(one))
            inputs = one["about"].get("inputs")
            sources = inputs.values() if isinstance(inputs, Mapping) else ()
            waiting += [source for digest in sources for source in made.get(str(digest), [])]
    return kept


def _scratch(root: Path, published: Collection[str]) -> Iterator[Leftover]:
    """What stages have left that were killed, and what `set_aside` has set aside."""
    for room in ("work", "tmp", DAMAGED):
        for folder in sorted(root.glob(f"{room}/*")):
            days = _days_untouched(folder)
            if room == DAMAGED:
                why = "damaged, set aside"
            elif room == "work" and folder.name in published:
                why = "scratch of a stage that has ended"
            elif days > STALE_DAYS:
                why = f"left unfinished {days:.0f} days ago"
            else:
                continue
            yield Leftover(f"{room}/{folder.name}", durable.path_bytes(folder), why)


def _days_untouched(folder: Path) -> float:
    return (time.time() - max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))) / DAY_S


def take_away(root: Path, found: Collection[Leftover]) -> Iterator[Leftover]:
    """Deletes one after the other, and tells of each when it is gone, or left because it is in use."""
    with durable.explained(root):
        for one in found:
            with durable.lock_if_free(root / "locks" / f"{Path(one.path).name}.lock") as is_free:
                if is_free:
                    durable.discard(root / one.path, root / "tmp")
            yield replace(one, is_in_use=not is_free)


@dataclass(frozen=True)
class SetAside:
    """A damaged artifact and the folder, below the root, that it lies in now (None: it is in use)."""

    path: str
    problem: str
    now: str | None


def set_aside(root: Path) -> Iterator[SetAside]:
    """Moves each damaged artifact out of the way of the stage that makes it again. Intact ones stay."""
    with durable.explained(root):
        for one in damages(root, Digests(), of_any_version=True):
            home = root / one.path
            with durable.lock_if_free(root / "locks" / f"{home.name}.lock") as is_free:
                now = None
                if is_free:
                    now = durable.free_name(root / DAMAGED / f"{home.parent.name}-{home.name}")
                    now.parent.mkdir(exist_ok=True)
                    home.rename(now)
            yield SetAside(one.path, one.problem, None if now is None else now.relative_to(root).as_posix())

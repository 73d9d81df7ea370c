"""What befalls a run of the small pipeline, case by case, and what the same command makes of it afterwards.

Every case starts from a copy of what an undisturbed run has published, without the artifact of the stage that
is struck. After the strike the same command is given again, to the end of the pipeline. It must end; every
digest must be the undisturbed run's (so no row is lost); and nothing may be computed but the stage that was
struck, nor that one where it had been published.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from muse_core.durable import files_below
from tests.faults import chain
from tests.faults.chain import Strike, Told

SIGNALS = ("term", "int", "hup")


@dataclass(frozen=True)
class Case:
    """`damage` befalls a finished store instead of a running stage; `at_once` runs are started together."""

    fault: str
    stage: str
    when: float | str = ""
    damage: Callable[[Path], None] | None = None
    at_once: int = 1

    @property
    def name(self) -> str:
        moment = f"{self.when:.0%}" if isinstance(self.when, float) else str(self.when or "")
        return " ".join(filter(None, (self.fault, self.stage, moment)))


@dataclass
class Outcome:
    """`again`: stages that were computed though they had been published. `problems`: [] is a passed case."""

    case: Case
    first: str = ""
    went_on_from: int | None = None
    again: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        went_on = "" if self.went_on_from is None else f"step {self.went_on_from}"
        found = "the same" if not self.problems else "; ".join(self.problems)
        cells = (
            self.case.fault,
            self.case.stage,
            self.case.when,
            self.first,
            went_on,
            len(self.again),
            found,
        )
        return "| " + " | ".join(map(str, cells)) + " |"


HEAD = """| fault | stage | when | the run ended | went on from | computed again | digests |
|---|---|---|---|---|---|---|"""


def short_cases() -> Iterator[Case]:
    """One of each kind: about half a minute on idle cores."""
    yield Case("kill", "conversations", 0.5)
    yield Case("kill", "conversations", "drafted")
    yield Case("kill", "base", "published")
    yield Case("kill", "sft", 0.7)
    yield Case("term", "sft", 0.5)
    yield Case("hup", "sft", 0.5)
    yield Case("full", "sft", 0.3)
    yield Case("full", "conversations", 0)
    yield Case("cut manifest", "profiles", damage=cut_manifest)
    yield Case("changed byte", "conversations", damage=flip)
    yield Case("lost file", "base", damage=lose)
    yield Case("two runs at once", "sft", at_once=2)


def all_cases(through: str) -> Iterator[Case]:
    for stage in (one.name for one in chain.wanted(through)):
        for moment in (0, 0.3, 0.7, "drafted", "published"):
            yield Case("kill", stage, moment)
        for name in SIGNALS:
            yield Case(name, stage, 0.5)
        yield Case("full", stage, 0)
        for name, damage in (("cut manifest", cut_manifest), ("changed byte", flip), ("lost file", lose)):
            yield Case(name, stage, damage=damage)
    for stage in ("sft", "dpo"):
        yield Case("full", stage, 0.3)
    for _ in range(20):
        yield Case("two runs at once", "conversations", at_once=2)


# ---- damage: what is given is the folder of an artifact -------------------------------------------------


def cut_manifest(home: Path) -> None:
    path = home / "manifest.json"
    path.write_bytes(path.read_bytes()[:-40])


def _largest(home: Path) -> Path:
    return max(
        (one for one in files_below(home) if one.name != "manifest.json"), key=lambda p: p.stat().st_size
    )


def flip(home: Path) -> None:
    path = _largest(home)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose(home: Path) -> None:
    _largest(home).unlink()


# ---- a case ---------------------------------------------------------------------------------------------


def undisturbed(home: Path, through: str) -> Told:
    """What every case is compared with."""
    home.mkdir(parents=True, exist_ok=True)
    found = chain.start(home, through).told()
    if found.ended:
        raise SystemExit(f"the undisturbed run ended with {found.ended}: {found.error}; see {home / 'log'}")
    return found


def folder_of(home: Path, stage: str) -> Path:
    """Of the artifact that a stage has published."""
    for path in (home / "artifacts").glob("*/*/manifest.json"):
        if json.loads(path.read_text("utf-8"))["about"]["stage"] == stage:
            return path.parent
    raise SystemExit(f"{home} has no artifact of {stage}")


def play(case: Case, whole: Path, expected: Told, through: str, place: Path) -> Outcome:
    """`place`: where the case may write; removed when it has passed."""
    shutil.rmtree(place, ignore_errors=True)  # of an earlier call with --keep
    shutil.copytree(whole, place)
    found = Outcome(case)
    folder = folder_of(place, case.stage)
    if case.damage is not None:
        case.damage(folder)
        last = chain.start(place, through).told()
        found.first = "–"
    else:
        shutil.rmtree(folder)
        last = _struck(case, place, through, found)
    _compare(found, last, expected)
    if not found.problems:
        shutil.rmtree(place)
    return found


def _struck(case: Case, place: Path, through: str, found: Outcome) -> Told:
    """The run that is struck, or those at once; then the one that comes after."""
    if case.at_once > 1:
        children = [chain.start(place, through) for _ in range(case.at_once)]
        told = [child.told() for child in children]
        found.first = f"{sum(not one.ended for one in told)} of {case.at_once} completed"
        if any(one.ended for one in told):
            found.problems.append(f"ended with {[one.ended for one in told]} {told[0].error}{told[1].error}")
        last = told[-1]
        last.computed = [name for one in told for name in one.computed]
        return last
    first = chain.start(place, through, Strike(case.fault, case.stage, case.when)).told()
    found.first = _ended(first)
    if not first.struck:
        found.first = "has no such moment"
        return first
    if not first.ended:
        found.problems.append("the run completed, though it was struck")
    if first.ended == chain.UNEXPECTED:
        found.problems.append(f"the struck run ended with a traceback: {first.error[-1500:]}")
    last = chain.start(place, through).told()
    if case.when == "published":
        last.computed += [case.stage]  # so that a second one is one too many
    found.went_on_from = last.steps.get(case.stage)
    return last


def _ended(told: Told) -> str:
    if told.error:
        return "with a traceback" if told.ended == chain.UNEXPECTED else told.error.split(":")[0]
    return f"by signal {-told.ended}" if told.ended < 0 else f"with exit code {told.ended}"


def _compare(found: Outcome, last: Told, expected: Told) -> None:
    if last.ended:
        found.problems.append(f"the run after it ended with {last.ended} {last.error}")
        return
    found.again = list(last.computed)
    if found.case.stage in found.again:
        found.again.remove(found.case.stage)
    else:
        found.problems.append(f"{found.case.stage} was not computed")
    if found.again:
        found.problems.append(f"computed again: {', '.join(found.again)}")
    other = [name for name, digest in expected.digests.items() if last.digests.get(name) != digest]
    if other:
        found.problems.append(f"other digests: {', '.join(other)}")

"""Samples that a training draws from its own model: which process draws them, and how they outlive a kill.

work/drawn-000041.json   the turns of step 41, as they were drawn before step 40
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from accelerate import PartialState
from accelerate.utils import gather_object

from muse_core import durable
from muse_core.errors import ArtifactError, MuseError
from muse_core.examples.example import Example, Start
from muse_core.examples.sampled import SampledTurn
from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer_digest import tokenizer_digest
from muse_core.training.processes import is_main_process

Item = TypeVar("Item")
Found = TypeVar("Found")


def shared_out(work: Callable[[Sequence[Item]], list[Found]], items: Sequence[Item]) -> list[Found]:
    """`work` on each process's share of the items; the results of all, in the order of the items."""
    state = PartialState()
    if state.num_processes == 1:
        return work(items)
    places = range(state.process_index, len(items), state.num_processes)
    mine = zip(places, work([items[at] for at in places]), strict=True)
    return [found for _, found in sorted(gather_object(list(mine)), key=lambda entry: entry[0])]


def keep_turns(path: Path, turns: Sequence[Example], about: Mapping[str, float] | None = None) -> None:
    """Writes the turns, whole or not at all, by the first process."""
    if is_main_process():
        rows = [asdict(turn) for turn in turns]
        durable.write_text(path, json.dumps({"turns": rows, "about": dict(about or {})}))


def kept_turns(path: Path) -> tuple[list[Example], dict[str, float]] | None:
    """What `keep_turns` wrote; None when nothing was. ArtifactError for a damaged file."""
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return [_turn(row) for row in found["turns"]], found["about"]
    except (ValueError, KeyError, TypeError) as problem:
        raise ArtifactError(
            f"{path} holds samples of a training that cannot be read ({type(problem).__name__}). Remove "
            f"{path.parent} to start that training from the beginning."
        ) from problem


def _turn(row: dict[str, Any]) -> Example:
    row["words"] = [(int(at), int(label)) for at, label in row["words"]]
    row["starts"] = [Start(**start | {"prices": tuple(start["prices"])}) for start in row["starts"]]
    row["references"] = tuple(row["references"])
    if "credit" not in row:
        return Example(**row)
    return SampledTurn(**row | {"old": tuple(row["old"]), "reference": tuple(row["reference"])})


def refuse_other_tokenizer(loaded: LoadedModel, reference: LoadedModel, method: str) -> None:
    """MuseError where a reference would read other tokens than the model that is trained."""
    if tokenizer_digest(loaded.tokenizer) != tokenizer_digest(reference.tokenizer):
        raise MuseError(
            f"{method}: the reference has another tokenizer than the model that is trained, so that its "
            "log-probs are of other tokens. Start from the SFT model of the same run."
        )

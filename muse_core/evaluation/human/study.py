"""Who sees what, in which order and under which letter; and the key that undoes it.

Every rater rates every item, in an order of their own. Which answer is A is balanced twice: each rater
sees the first model of a pair of models as A in half of its items (± 1), and each item shows it as A to
half of the raters (± 1); among all such plans one is drawn by 2 × 2 swaps, which keep both margins
(Ryser 1957). The same seed and the same run give the same study, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muse_core.evaluation.human.items import Item, Source
from muse_core.records import canonical_json

PACK_FORMAT = "muse-human-eval@1"
KEY_FORMAT = "muse-human-eval-key@1"
SWAPS_PER_CELL = 10


@dataclass(frozen=True)
class Pack:
    """What one rater gets. `body` is all that the page knows."""

    rater_id: str
    digest: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Study:
    """The packs and the key. The key alone names models."""

    study_id: str
    packs: tuple[Pack, ...]
    key: dict[str, Any]


def make_study(source: Source, raters: int, seed: int) -> Study:
    """The packs of `raters` raters over the items of a source."""
    rng = np.random.default_rng([seed, 2])
    ids = {f"i{place:03d}": item for place, item in enumerate(source.items, start=1)}
    about = {
        "tables": source.tables,
        "raters": raters,
        "seed": seed,
        "items": [i.source_id for i in source.items],
    }
    study_id = hashlib.sha256(canonical_json(about).encode()).hexdigest()[:12]
    groups = ["|".join(answer.model for answer in item.answers) for item in source.items]
    swapped = letters(groups, raters, rng)
    packs = []
    for rater in range(raters):
        order = rng.permutation(len(ids)).tolist()
        packs.append(_pack(study_id, f"r{rater + 1}", ids, swapped[rater].tolist(), order))
    return Study(study_id, tuple(packs), _key(study_id, source, seed, ids, packs, swapped))


def letters(groups: Sequence[str], raters: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(raters, items): whether an item's second answer is shown as A. Balanced in rows and columns
    within each group of items."""
    swapped = np.zeros((raters, len(groups)), dtype=bool)
    for name in sorted(set(groups)):
        places = np.array([place for place, group in enumerate(groups) if group == name])
        board = (np.arange(raters)[:, None] + np.arange(len(places))[None, :]) % 2 == 1
        swapped[:, rng.permutation(places)] = _shuffled(board, rng)
    return swapped[rng.permutation(raters)]


def _shuffled(board: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    rows, columns = board.shape
    if rows < 2 or columns < 2:
        return board
    for _ in range(SWAPS_PER_CELL * board.size):
        i, j = rng.choice(rows, 2, replace=False)
        k, m = rng.choice(columns, 2, replace=False)
        if board[i, k] == board[j, m] != board[i, m] == board[j, k]:
            board[np.ix_([i, j], [k, m])] ^= True
    return board


def _pack(study_id: str, rater_id: str, ids: dict[str, Item], swapped: list[bool], order: list[int]) -> Pack:
    names = list(ids)
    body = {
        "format": PACK_FORMAT,
        "study": study_id,
        "rater": rater_id,
        "items": [_shown(names[place], ids[names[place]], swapped[place]) for place in order],
    }
    return Pack(rater_id, hashlib.sha256(canonical_json(body).encode()).hexdigest(), body)


def _shown(name: str, item: Item, swapped: bool) -> dict[str, Any]:
    first, second = reversed(item.answers) if swapped else item.answers
    return {
        "id": name,
        "language": item.language,
        "shopper": item.shopper,
        "context": list(item.context),
        "pictures": [list(picture) for picture in item.pictures],
        "same": item.same,
        "a": list(first.lines),
        "b": list(second.lines),
    }


def _key(
    study_id: str, source: Source, seed: int, ids: dict[str, Item], packs: Sequence[Pack], swapped: Any
) -> dict[str, Any]:
    second_is_a = {
        pack.rater_id: [name for name, flag in zip(ids, swapped[rater], strict=True) if flag]
        for rater, pack in enumerate(packs)
    }
    return {
        "format": KEY_FORMAT,
        "study": study_id,
        "side": source.side,
        "seed": seed,
        "tables": source.tables,
        "items": {name: _known(item) for name, item in ids.items()},
        "raters": {
            pack.rater_id: {"pack": pack.digest, "second_is_a": second_is_a[pack.rater_id]} for pack in packs
        },
    }


def _known(item: Item) -> dict[str, Any]:
    return {
        "source_id": item.source_id,
        "conversation_id": item.conversation_id,
        "profile_id": item.profile_id,
        "turn": item.turn,
        "language": item.language,
        "turn_type": item.turn_type,
        "same": item.same,
        "models": [answer.model for answer in item.answers],
        "automatic": {answer.model: dict(answer.automatic) for answer in item.answers},
    }

"""Checked files and the key -> rows of `ratings`: A and B get their models back.

A skipped item has no row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from data_contracts.schemas import SCHEMAS
from muse_core.evaluation.human import CRITERIA
from muse_core.evaluation.human.ratings_file import RatingsFile
from muse_core.records import Row

TIE = "tie"


def ratings_rows(files: Sequence[RatingsFile], key: Mapping[str, Any]) -> list[Row]:
    """The rows, by rater and item, whatever the order of the files."""
    rows = [row for file in files for row in _rows(file, key)]
    return sorted(rows, key=lambda row: row["rating_id"])


def ratings_table(rows: Sequence[Row]) -> pa.Table:
    """The rows under the contract's schema."""
    return pa.Table.from_pylist(list(rows), schema=SCHEMAS["ratings"])


def _rows(file: RatingsFile, key: Mapping[str, Any]) -> Iterator[Row]:
    second_is_a = set(key["raters"][file.rater]["second_is_a"])
    for entry in file.ratings:
        if entry["status"] == "rated":
            known = key["items"][entry["item"]]
            first, second = known["models"]
            models = (second, first) if entry["item"] in second_is_a else (first, second)
            yield _row(file, entry, known, models, key["side"])


def _row(
    file: RatingsFile, entry: Mapping[str, Any], known: Mapping[str, Any], models: tuple[str, str], side: str
) -> Row:
    study, preference = file.body["study"], entry["preference"]
    scores = {f"{name}_{letter}": entry[letter][name] for letter in ("a", "b") for name in CRITERIA}
    return {
        "rating_id": f"{study}/{file.rater}/{entry['item']}",
        "study_id": study,
        "pack_digest": file.body["pack"],
        "rater_id": file.rater,
        "item_id": entry["item"],
        "case_id": known["source_id"],
        "conversation_id": known["conversation_id"],
        "profile_id": known["profile_id"],
        "turn": known["turn"],
        "side": side,
        "language": known["language"],
        "turn_type": known["turn_type"],
        "model_a": models[0],
        "model_b": models[1],
        "same_answer": known["same"],
        **scores,
        "preference": preference,
        "preferred_model": {"A": models[0], "B": models[1], TIE: TIE}[preference],
        "seconds": entry["seconds"],
        "comment": entry["comment"].encode("utf-8", "replace").decode(),  # half a surrogate pair is no text
    }

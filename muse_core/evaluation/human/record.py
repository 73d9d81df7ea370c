"""Ratings files -> the `ratings` table and its figures: all is checked before anything is published."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError, MuseError
from muse_core.evaluation.human.agreement import agreement, headline
from muse_core.evaluation.human.figures import correlations, means, preferences, raters
from muse_core.evaluation.human.human_pairs import human_pairs, refuse_test_side
from muse_core.evaluation.human.key import read_key
from muse_core.evaluation.human.ratings_file import RatingsFile, check_files, open_files
from muse_core.evaluation.human.ratings_table import ratings_rows, ratings_table
from muse_core.preferences.lint import lint
from muse_core.records import Row, canonical_json, from_table, to_table
from muse_core.types import ArtifactRef, PreferencePair

STAGE = "human-eval"


def record_ratings(
    home: Path, store: ArtifactStore, paths: Sequence[Path], with_pairs: bool
) -> dict[str, Any]:
    """Publishes the ratings (and, when asked, the pairs) and returns what they say, ready for JSON.
    ConfigError lists every problem of every file."""
    files = open_files(paths)
    study_id = str(files[0].body["study"])
    key = read_key(home, study_id)
    check_files(files, key)
    if with_pairs:
        refuse_test_side(key["side"], study_id)
    rows = ratings_rows(files, key)
    if not rows:
        raise ConfigError(f"study {study_id}: every item was skipped; there is nothing to record")
    pairs, dropped = human_pairs(rows, _mined(store, key)) if with_pairs else ([], {})
    outcome = _figures(files, key, rows)
    outcome["warnings"] = [*outcome["warnings"], *_lint(pairs, key["seed"])]
    stamped = store.for_stage(STAGE, {}, {name: ref["digest"] for name, ref in key["tables"].items()})
    refs = _publish(stamped, rows, pairs, files, outcome)
    found = (
        {"kept": len(pairs), "dropped": dropped, "path": refs.get("preference_pairs")} if with_pairs else None
    )
    return {**outcome, "path": refs["ratings"], "pairs": found}


def _lint(pairs: Sequence[PreferencePair], seed: int) -> list[str]:
    """What the pair lint would say. Only a warning here: training lints people's pairs with the mined
    ones, and blocks then."""
    if not pairs:
        return []
    try:
        found = lint(pairs, np.random.default_rng([seed, 7])).warnings
    except MuseError as problem:
        found = (str(problem),)
    return [f"warning: {one}" for one in found]


def _figures(files: Sequence[RatingsFile], key: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    skipped = {file.rater: sum(one["status"] == "skipped" for one in file.ratings) for file in files}
    people, warnings = raters(rows, skipped)
    alphas, scores, wins = agreement(rows), means(rows, key["seed"]), preferences(rows, key["seed"])
    return {
        "study": key["study"],
        "side": key["side"],
        "items": len(key["items"]),
        "ratings": len(rows),
        "skipped": sum(skipped.values()),
        "raters_asked": len(key["raters"]),
        "raters": people,
        "alpha": alphas,
        "means": scores,
        "preferences": wins,
        "correlations": correlations(rows, key["items"], key["seed"]),
        "headline": headline(alphas, scores, wins),
        "warnings": warnings,
    }


def _publish(
    store: ArtifactStore,
    rows: Sequence[Row],
    pairs: Sequence[PreferencePair],
    files: Sequence[RatingsFile],
    outcome: Mapping[str, Any],
) -> dict[str, str]:
    """Both tables pass their contracts before the first is written."""
    bodies = sorted(canonical_json(dict(file.body)) for file in files)
    print_ = hashlib.sha256("\n".join(bodies).encode("utf-8", "replace")).hexdigest()
    tables = {"ratings": ratings_table(rows)}
    if pairs:
        tables["preference_pairs"] = to_table("preference_pairs", pairs)
    for kind, table in tables.items():
        store.validate(kind, table)
    about: dict[str, dict[str, Any]] = {
        "ratings": {"figures": dict(outcome)},
        "preference_pairs": {"side": "train", "judged_by": "people"},
    }
    return {
        kind: store.write_table(kind, table, print_, about=about[kind]).path for kind, table in tables.items()
    }


def _mined(store: ArtifactStore, key: Mapping[str, Any]) -> dict[str, PreferencePair]:
    ref = ArtifactRef(**key["tables"]["pairs"])
    return {pair.pair_id: pair for pair in from_table(ref.kind, store.read_table(ref))}

"""A finished run in small: a shop, conversations, three models' predictions, mined pairs; and raters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.evaluation.human import CRITERIA
from muse_core.evaluation.human.ratings_file import checksum
from muse_core.evaluation.open_loop import Prediction, judge, open_loop_cases
from muse_core.records import to_table
from muse_core.types import ArtifactRef, Message, PreferencePair
from muse_core.world.replay import context_before, turn_messages
from tests import builders
from tests.unit.evaluation.builders_evaluation import conversation

Entry = dict[str, Any]
SIDES = ("train", "dev", "test", "test")


def finished_run(home: Path, conversations: int = 40) -> ArtifactStore:
    """The store of a run whose base says one thing to everybody, whose SFT is right but short, and
    whose DPO is as SFT, but differs in every second case."""
    store = ArtifactStore(home / "artifacts")
    talks = [conversation(500 + n, SIDES[n % 4], ("en", "hi", "mixed")[n % 3]) for n in range(conversations)]
    products = [
        builders.product(product_id="p1", title="नीली शर्ट <b>Blue</b>"),
        builders.product(product_id="p2"),
    ]
    profiles = [builders.profile(profile_id=f"u{i}", side="test") for i in range(20)]
    refs = {
        "catalog": store.write_table("products", to_table("products", products), "c"),
        "profiles": store.write_table("profiles", to_table("profiles", profiles), "p"),
        "conversations": store.write_table("conversations", to_table("conversations", talks), "v"),
    }
    inputs = {name: ref.digest for name, ref in refs.items()}
    cases = open_loop_cases(talks, 1000).cases
    predictions: dict[str, ArtifactRef] = {}
    for model in ("base", "sft", "dpo"):
        rows = [judge(case, _said(model, at, case), model, model) for at, case in enumerate(cases)]
        predictions[model] = store.write_table("predictions", to_table("predictions", rows), model)
    about = {"predictions": {name: asdict(ref) for name, ref in predictions.items()}}
    row = {"model": "dpo", "metric": "m", "slice": "all", "value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    evaluated = store.for_stage("evaluate", {}, inputs)
    evaluated.write_table("metrics", to_table("metrics", [row | {"unit": "share"}]), "e", about=about)
    mined = [_pair(talk) for talk in talks if talk.side == "train"]
    store.for_stage("pairs", {}, inputs).write_table(
        "preference_pairs", to_table("preference_pairs", mined), "m"
    )
    return store


def _said(model: str, at: int, case: Any) -> Prediction:
    hello = (Message("assistant", "नमस्ते </script><b>!"),)
    if model == "base":
        return Prediction(hello)
    if model == "dpo" and at % 2:
        return Prediction((*case.gold[:-1], replace(case.gold[-1], content="देखिए: [1]")))
    return Prediction(case.gold)


def _pair(talk: Any) -> PreferencePair:
    return builders.pair(
        pair_id=f"{talk.conversation_id}.0.0",
        conversation_id=talk.conversation_id,
        language=talk.language,
        prompt=context_before(talk, 0),
        chosen=turn_messages(talk, 0),
        evidence={"turn_type": "complete"},
    )


# ---- raters ---------------------------------------------------------------------------------------

Judge = Callable[[str, Mapping[str, Any], tuple[str, str]], tuple[Mapping[str, int], str]]


def rate(
    key: Mapping[str, Any], rater: str, opinion: Callable[[str], int], **changes: Entry
) -> dict[str, Any]:
    """The file of a rater who gives every answer of a model the score `opinion(model)` and prefers the
    higher one. `changes`: item -> fields put over its entry."""
    flipped = set(key["raters"][rater]["second_is_a"])
    ratings = []
    for name, item in key["items"].items():
        first, second = reversed(item["models"]) if name in flipped else item["models"]
        if item["same"]:
            first = second = min(first, second)
        a, b = opinion(first), opinion(second)
        entry = {
            "item": name,
            "status": "rated",
            "a": dict.fromkeys(CRITERIA, a),
            "b": dict.fromkeys(CRITERIA, b),
            "preference": "tie" if a == b else "A" if a > b else "B",
            "seconds": 30,
            "comment": "",
        }
        ratings.append(entry | changes.get(name, {}))
    body = {"format": "muse-ratings@1", "study": key["study"], "pack": key["raters"][rater]["pack"]}
    body |= {"rater": rater, "ratings": ratings}
    return body | {"check": checksum(body)}


def save(folder: Path, body: Mapping[str, Any], name: str | None = None) -> Path:
    """The body as a file, one rating a line, as the page writes it."""
    rows = ",\n".join(json.dumps(one, ensure_ascii=False) for one in body["ratings"])
    head = json.dumps({k: v for k, v in body.items() if k != "ratings"}, ensure_ascii=False)
    path = folder / (name or f"ratings-{body['rater']}.json")
    path.write_text(f'{head[:-1]}, "ratings": [\n{rows}\n]}}\n', encoding="utf-8")
    return path

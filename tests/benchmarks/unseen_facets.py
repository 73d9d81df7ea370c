"""How well a model reads a list of facets that it has not seen, on the test turns of a finished run.

    python -m tests.benchmarks.unseen_facets HOME [HOME …] [--models sft dpo] [--turns 400] [--json]

Takes the turns of the run's test side whose gold calls name a facet, and asks each model four times: with the
shop's own list, the same list in another order, the facets under names that no training reads
(`unseen_facets.toml`; the catalogue's facets are renamed alike, so that the tools run), and both. Prints tool
accuracy (strict) and exact calls with Wilson intervals, and how many first calls have an argument that the
list does not have. Several homes are printed one below the other: a run with `sft.facet_variation=0` beside
one with it says what training on other lists is worth.

Not covered: facets of another kind or unit; more facets than the shop has.
"""

from __future__ import annotations

import argparse
import json
import tomllib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.evaluation.predict.exam import read_exam
from muse_core.evaluation.predict.open_loop import Case
from muse_core.evaluation.predict.predictions import predict
from muse_core.evaluation.score.statistics import wilson
from muse_core.examples.other_facets import facets_of, with_names
from muse_core.models.loading import LoadedModel, load_model
from muse_core.records import calls_of, from_table
from muse_core.tools.base import facet_place
from muse_core.tools.shop_schema import schema_of
from muse_core.types import ArtifactRef, Conversation
from muse_core.world.shop import Shop

HELD_OUT = Path(__file__).with_suffix(".toml")
OWN, SHUFFLED, RENAMED, BOTH = "own list", "shuffled", "renamed", "renamed, shuffled"


@dataclass(frozen=True)
class Score:
    """Of `turns`: right tools, exact calls, and calls with an argument that this list does not have."""

    turns: int
    tool: int
    exact: int
    unlisted: int


def held_out_name(name: str) -> str:
    """What no training calls it."""
    words = tomllib.loads(HELD_OUT.read_text("utf-8"))
    return str(words["names"].get(name) or words["variants"]["any"].format(name=name))


def renamed_shop(shop: Shop, names: Mapping[str, str]) -> Shop:
    """The same shop with its facets called otherwise."""
    products = tuple(
        replace(one, facets={names[name]: values for name, values in one.facets.items()})
        for one in shop.index.catalog
    )
    return replace(shop, index=CatalogIndex(Catalog(products)))


def turns_with_facets(cases: Sequence[Case]) -> list[Case]:
    """Cases whose gold calls name a facet of the list that they are told."""
    return [case for case in cases if _facets_named(case)]


def _facets_named(case: Case) -> bool:
    known = facets_of(case.conversation)
    given = [pair for call in calls_of(case.gold) for pair in call.arguments.items()]
    return any(
        name in known or facet_place(name)[0] in known or (name == "attribute" and value in known)
        for name, value in given
    )


def shuffled(conversation: Conversation, names: Mapping[str, str]) -> Conversation:
    """The list in another order: always the same for a conversation, never its own where it has two."""
    own = list(facets_of(conversation))
    rng = np.random.default_rng(zlib.crc32(conversation.conversation_id.encode()))
    order = [own[int(at)] for at in rng.permutation(len(own))]
    return with_names(conversation, names, order if order != own else own[::-1])


def lists(shop: Shop) -> dict[str, tuple[Shop, Callable[[Conversation], Conversation]]]:
    """Each list -> the shop in which it is true, and how a conversation is told it."""
    names = {facet.name: held_out_name(facet.name) for facet in shop.index.catalog.facets}
    if len(set(names.values())) < len(names):
        raise SystemExit(f"two facets have one held-out name: {names}; correct {HELD_OUT.name}")
    other = renamed_shop(shop, names)
    return {
        OWN: (shop, lambda one: one),
        SHUFFLED: (shop, lambda one: shuffled(one, {})),
        RENAMED: (other, lambda one: with_names(one, names, list(facets_of(one)))),
        BOTH: (other, lambda one: shuffled(one, names)),
    }


def score(loaded: LoadedModel, cases: Sequence[Case], shop: Shop, limit: int = 96) -> Score:
    """A model on these cases in this shop, greedy, its own turns."""
    rows = predict(loaded, cases, shop, "model", "", limit)
    schema = schema_of(shop.index.catalog.facets)
    made = [json.loads(row["predicted_call_json"] or "null") for row in rows]
    return Score(
        len(rows),
        sum(row["predicted_decision"] == row["gold_decision"] for row in rows),
        sum(bool(row["exact_call"]) for row in rows),
        sum(bool(set(one["arguments"]) - set(schema.order(one["name"]))) for one in made if one),
    )


def measure(home: Path, models: Sequence[str], most: int) -> dict[str, dict[str, Score]]:
    """Model -> list -> figures of one finished run."""
    store = ArtifactStore(home / "artifacts")
    shop = Shop.read(store, _newest(store, "products", "catalog"), _newest(store, "profiles", "profiles"))
    exam = read_exam(from_table("test_cases", store.read_table(_newest(store, "test_cases", "test_cases"))))
    cases = turns_with_facets([*exam.test, *exam.further])[:most]
    if not cases:
        raise SystemExit(f"{home}: no test turn names a facet; expected a run on a catalogue that has some")
    found: dict[str, dict[str, Score]] = {}
    for name in models:
        loaded = load_model(store.folder(_newest(store, "model", name)))
        found[name] = {
            told: score(
                loaded, [replace(one, conversation=told_as(one.conversation)) for one in cases], place
            )
            for told, (place, told_as) in lists(shop).items()
        }
    return found


def _newest(store: ArtifactStore, kind: str, stage: str) -> ArtifactRef:
    manifest = store.latest(kind, stage)
    if manifest is None:
        raise SystemExit(f"{store.root}: no {kind} of the stage {stage}; give the home of a finished run")
    return ArtifactRef(**manifest["ref"])


def share(right: int, turns: int) -> str:
    """`81.0 % [77.9, 83.8]`."""
    low, high = wilson(right, turns)
    return f"{100 * right / turns:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def table(found: Mapping[str, Mapping[str, Score]]) -> str:
    """As a Markdown table."""
    lines = [
        "| model | list | turns | tool | exact call | calls with an unlisted argument |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {model} | {told} | {one.turns} | {share(one.tool, one.turns)} | {share(one.exact, one.turns)} | "
        f"{one.unlisted} |"
        for model, by_list in found.items()
        for told, one in by_list.items()
    ]
    return "\n".join(lines)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("homes", nargs="+", type=Path)
    words.add_argument("--models", nargs="+", default=["sft", "dpo"])
    words.add_argument("--turns", type=int, default=400)
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    found = {str(home): measure(home, given.models, given.turns) for home in given.homes}
    if given.json:
        print(json.dumps(_plain(found)))
        return
    for home, one in found.items():
        print(f"{home}\n\n{table(one)}\n")


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        home: {model: {told: vars(one) for told, one in by_list.items()} for model, by_list in models.items()}
        for home, models in found.items()
    }


if __name__ == "__main__":
    main()

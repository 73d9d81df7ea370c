"""How often complete requests name a price, a colour, …: people beside simulated shoppers.

    python -m tests.benchmarks.what_people_name [--conversations 3000] [--human FOLDER]

Prints the table of docs/decisions.md#what-people-name. Both sides are read by the same rules
(`parse_request`, without a shop: no brands, no facets). People: the first queries of WebShop's file of human
queries, found in `../shared/data/utterances`. Shoppers: turns labelled complete, of conversations simulated
in this process over the synthetic shop. Without the human file it says so and exits with 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import RunConfig
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.language.parse import ParsedRequest, parse_request
from muse_core.profiles.make import make_profiles
from muse_core.types import LANGUAGES
from muse_core.world.replay import user_text

HUMAN = Path(__file__).resolve().parents[3] / "shared" / "data" / "utterances"
NAMES = ("a price", "colour", "size", "material", "gender", "occasion", "an order", "a rating")


def named(read: ParsedRequest) -> tuple[bool, ...]:
    """Whether a request names each of `NAMES`."""
    prices = (read.min_price, read.max_price, read.about_price)
    rows = (read.colours, read.sizes, read.materials, read.genders, read.occasions)
    ends = (read.order is not None, read.min_rating is not None)
    return (any(price is not None for price in prices), *map(bool, rows), *ends)


def shares(texts: Sequence[str]) -> dict[str, float]:
    """Share of texts that name each, and none, one, or more of them."""
    found = np.array([named(parse_request(text)) for text in texts])
    counts = found.sum(axis=1)
    several = {"none of these": counts == 0, "one": counts == 1, "two or more": counts > 1}
    rows = dict(zip(NAMES, found.T, strict=True)) | several
    return {name: float(row.mean()) for name, row in rows.items()}


def people(folder: Path) -> list[str]:
    """The first query of each row of WebShop's file."""
    lines = (folder / "webshop_goal_to_human_query.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["queries"][0] for line in lines]


def shoppers(count: int) -> dict[str, list[str]]:
    """Complete requests by language, of `count` conversations, a third each."""
    index = CatalogIndex(make_catalog(np.random.default_rng(5), 2000))
    profiles = make_profiles(index.catalog, count, {"en": 1 / 3, "hi": 1 / 3}, np.random.default_rng(6))
    config, book, rng = RunConfig(), all_families(), np.random.default_rng(7)
    said: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for one in (simulate(profile, index, rng, config, book, profile.profile_id) for profile in profiles):
        complete = (label.turn for label in one.labels if label.turn_type == "complete")
        said[one.language] += [user_text(one, turn) for turn in complete]
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--conversations", type=int, default=3000)
    parser.add_argument("--human", type=Path, default=HUMAN)
    options = parser.parse_args()
    if not options.human.is_dir():
        print(f"found no human utterances at {options.human}; put the shared data there.", file=sys.stderr)
        return 2
    texts = {"people": people(options.human)} | shoppers(options.conversations)
    rows = {name: shares(said) for name, said in texts.items()}
    print(f"| share of requests | {' | '.join(f'{name} ({len(said)})' for name, said in texts.items())} |")
    for name in rows["people"]:
        print(f"| {name} | {' | '.join(f'{100 * row[name]:.1f} %' for row in rows.values())} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())

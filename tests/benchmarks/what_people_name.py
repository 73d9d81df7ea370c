"""How often complete requests name a price, a colour, …: people beside simulated shoppers.

    python -m tests.benchmarks.what_people_name [--conversations 3000] [--human FOLDER]

Prints the two tables of docs/decisions.md#what-people-name. In the first both sides are read by the same
rules (`parse_request`, without a shop: no brands, no facets). People: the first queries of WebShop's file of
human queries, found in `../shared/data/utterances`. Shoppers: turns labelled complete, of conversations
simulated in this process over the synthetic shop. In the second, shoppers in made shops, half as many: of the
requests in shops that tell a field, those whose search names it; a colour of the turn before does not count.
Without the human file it says so and exits with 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.other_shops import visited
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import RunConfig
from muse_core.dialogue.assortment import assortment_of
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.language.parse import ParsedRequest, parse_request
from muse_core.profiles.make import make_profiles
from muse_core.types import LANGUAGES, Conversation
from muse_core.world.replay import gold_call, user_text
from muse_core.world.shop import other_index

HUMAN = Path(__file__).resolve().parents[3] / "shared" / "data" / "utterances"
SEVERAL = ("none of these", "one", "two", "three", "four or more")
FIELDS = ("colour", "size", "material", "gender", "occasion")  # of those whose argument has that name
SEED = 7  # of made shops
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
    several = {name: np.minimum(counts, len(SEVERAL) - 1) == number for number, name in enumerate(SEVERAL)}
    rows = dict(zip(NAMES, found.T, strict=True)) | several
    return {name: float(row.mean()) for name, row in rows.items()}


def people(folder: Path) -> list[str]:
    """The first query of each row of WebShop's file."""
    lines = (folder / "webshop_goal_to_human_query.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["queries"][0] for line in lines]


def talks(count: int, share_of_made: float) -> Iterator[Conversation]:
    """`count` conversations, a third in each language; a share of them in made shops."""
    own = CatalogIndex(make_catalog(np.random.default_rng(5), 2000))
    profiles = make_profiles(own.catalog, count, {"en": 1 / 3, "hi": 1 / 3}, np.random.default_rng(6))
    config, book, rng = RunConfig(), all_families(), np.random.default_rng(7)
    for profile, name in zip(
        profiles, visited([one.side for one in profiles], SEED, 0, share_of_made, 200), strict=True
    ):
        index = own if name is None else other_index(name)
        yield simulate(profile, index, rng, config, book, profile.profile_id, name)


def shoppers(count: int) -> dict[str, list[str]]:
    """Complete requests by language, in the synthetic shop."""
    said: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for one in talks(count, 0.0):
        complete = (label.turn for label in one.labels if label.turn_type == "complete")
        said[one.language] += [user_text(one, turn) for turn in complete]
    return said


def in_made_shops(count: int) -> dict[str, tuple[int, int]]:
    """Field -> (complete requests in shops that tell it, those of them whose search names it)."""
    found: dict[str, list[bool]] = {field: [] for field in FIELDS}
    for one in talks(count, 1.0):
        told = assortment_of(other_index(str(one.shop))).told
        for turn in (label.turn for label in one.labels if label.turn_type == "complete"):
            call = gold_call(one, turn)
            before = parse_request(user_text(one, turn - 1)).colours if turn else ()
            for field, named_in in found.items():
                if call is not None and told.get(field):
                    is_said = field != "colour" or call.arguments.get(field) not in before
                    named_in.append(field in call.arguments and is_said)
    return {field: (len(rows), sum(rows)) for field, rows in found.items()}


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
    print("\n| in made shops that tell it | people | shoppers |")
    for field, (asked, naming) in in_made_shops(options.conversations // 2).items():
        print(f"| {field} | {100 * rows['people'][field]:.1f} % | {100 * naming / asked:.1f} % of {asked} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())

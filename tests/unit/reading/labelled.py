"""Labelled requests to shops of many kinds, and how well the rules read them.

python -m tests.unit.reading.labelled [--unseen | --people | --kept | --asked | --asked-kept] [--wrong]

A pair is an argument with one value; a request is exact when its pairs are those that it was labelled with.
`words`, which stand where no known noun does, count as a query; it is compared by the stems of its words.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from muse_core.catalog.words import stems
from muse_core.evaluation.cases.handwritten.three_shops import people_cases
from muse_core.evaluation.score.statistics import wilson
from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.types import Facet

LABELS = Path(__file__).parents[2] / "labels"
FILES = {
    "first": "shop_requests.toml",
    "unseen": "shop_requests_unseen.toml",
    "people": "people_requests.toml",
    "kept": "people_requests_kept.toml",
    "asked": "asked_requests.toml",
    "asked-kept": "asked_requests_kept.toml",
}
Pair = tuple[str, str]


@dataclass(frozen=True)
class Request:
    """`wanted` and `may`: the pairs that a reading must have, and those that it may have; of several sets of
    wanted ones each is right. `kind` and `tools`: of the requests that have them."""

    shop: str
    text: str
    wanted: tuple[frozenset[Pair], ...]
    may: frozenset[Pair]
    kind: str = ""
    tools: tuple[str, ...] = ()


@dataclass
class Counts:
    """Pairs that are right, found and labelled; by argument the same."""

    exact: int = 0
    requests: int = 0
    right: int = 0
    found: int = 0
    labelled: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.labelled if self.labelled else 1.0


@cache
def shops(name: str) -> dict[str, ShopWords]:
    """The shops of a file of labels; one without any has those of the first two, or those of the cases."""
    if _table(name).get("shops_of") == "cases":
        return {case.case_id.partition("-")[0]: case.words for case in people_cases()}
    names = (name,) if "shops" in _table(name) else ("first", "unseen")
    return {shop: _shop(row) for one in names for shop, row in _table(one)["shops"].items()}


def requests(name: str) -> list[Request]:
    """The labelled requests of a file, in its order."""
    table = {shop: rows for shop, rows in _table(name).items() if not shop.startswith("shops")}
    return [_request(shop, row) for shop, rows in table.items() for row in rows]


def _request(shop: str, row: Mapping[str, Any]) -> Request:
    tools = tuple(one.strip() for one in row.get("tool", "").split("|") if one.strip())
    wanted, may = tuple(_wanted(row["wanted"])), frozenset(_may(row.get("may", {})))
    return Request(shop, row["text"], wanted, may, row.get("kind", ""), tools)


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((LABELS / FILES[name]).read_text("utf-8"))


def _shop(row: Mapping[str, Any]) -> ShopWords:
    facets = (
        Facet(name, one["kind"], one.get("unit", ""), tuple(one.get("values", ())))
        for name, one in row["facets"].items()
    )
    return ShopWords(tuple(row["brands"]), tuple(facets), tuple(row["nouns"]))


def _wanted(wanted: Mapping[str, Any]) -> Iterator[frozenset[Pair]]:
    rest = pairs({name: value for name, value in wanted.items() if name != "query"})
    for query in str(wanted.get("query", "")).split("|"):
        yield rest | pairs({"query": [one for one in query.split(",") if one.strip()]})


def _may(row: Mapping[str, Any]) -> Iterator[Pair]:
    for name, value in row.items():
        for one in value if isinstance(value, list) else [value]:
            yield from pairs({name: str(one).split("|") if name == "query" else one})


def pairs(arguments: Mapping[str, Any]) -> frozenset[Pair]:
    """argument=value, each value of a list by itself."""
    found = {
        ("query" if name == "words" else name, one)
        for name, values in arguments.items()
        for one in (values if isinstance(values, list) else [values])
    }
    return frozenset((name, _text(name, value)) for name, value in found)


def _text(name: str, value: Any) -> str:
    if name == "query":
        return " ".join(stems(str(value)))
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def judged(request: Request, said: Mapping[str, Any]) -> tuple[frozenset[Pair], frozenset[Pair]]:
    """(pairs that were found and count, pairs that they ought to be), by the reading that is nearest."""
    found = pairs(said)
    nearest = max(request.wanted, key=lambda wanted: len(wanted & found))
    return found - (request.may - nearest), nearest


def score(name: str) -> tuple[Counts, dict[str, Counts], list[str]]:
    """(all, by argument, what is wrong) of a file."""
    total, by_name, wrong = Counts(), {}, []
    for request in requests(name):
        said = dict(read(request.text, shops(name)[request.shop]))
        found, wanted = judged(request, said)
        total.exact += found == wanted
        total.requests += 1
        by_name |= {pair[0]: Counts() for pair in found | wanted if pair[0] not in by_name}
        for part, rows in (("right", found & wanted), ("found", found), ("labelled", wanted)):
            for argument, count in Counter(pair[0] for pair in rows).items():
                for counts in (total, by_name[argument]):
                    setattr(counts, part, getattr(counts, part) + count)
        if found != wanted:
            missed, false = (sorted(f"{a}={v}" for a, v in rows) for rows in (wanted - found, found - wanted))
            wrong.append(f"{request.shop}: {request.text}\n    missed {missed}, false {false}")
    return total, by_name, wrong


def _share(right: int, of: int) -> str:
    low, high = wilson(right, of)
    return f"{right}/{of} = {right / max(of, 1):.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    asked = next((name for name in FILES if f"--{name}" in sys.argv), "first")
    total, by_name, wrong = score(asked)
    if "--wrong" in sys.argv:
        print("\n".join(wrong))
    print(f"exact {_share(total.exact, total.requests)}")
    for name, one in [("all", total), *sorted(by_name.items(), key=lambda row: -row[1].labelled)]:
        print(f"{name:18} precision {_share(one.right, one.found)}, recall {_share(one.right, one.labelled)}")


if __name__ == "__main__":
    main()

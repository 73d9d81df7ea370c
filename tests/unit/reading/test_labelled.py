"""Requests to very different shops are read with few mistakes; how they were made: tests/labels/README.md."""

from __future__ import annotations

import pytest

from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.types import Facet
from tests.unit.reading.labelled import Request, judged, pairs, requests, score, shops

# measured: precision 0.982, 0.973, 1.0, 0.945, 0.989 and 0.915,
# exact 0.933, 0.910, 1.0, 0.900, 0.933 and 0.667
FLOORS = {
    "first": (149, 0.97, 0.91),
    "unseen": (100, 0.96, 0.89),
    "people": (30, 0.97, 0.96),
    "kept": (30, 0.88, 0.8),
    "asked": (30, 0.97, 0.93),
    "asked-kept": (30, 0.9, 0.66),
}

SHOP = ShopWords(
    ("Samsung",),
    (
        Facet("energy_rating", "number", "star", ("2 star", "5 star")),
        Facet("height", "number", "cm", ("30 cm", "220 cm")),
        Facet("pattern", "choice", "", ("printed", "solid")),
        Facet("piece_count", "number", "", ("2", "500")),
    ),
    ("shelf", "shoes", "earrings", "phone", "top"),
)
KINDS = {
    "galaxy note 20 plus": {"words": "galaxy note 20"},
    "phone 500-800": {"query": "phone", "min_price": 500, "max_price": 800},
    "phone 4k each max": {"query": "phone", "max_price": 4000},
    "phone पौने दो हज़ार रुपये के अंदर": {"query": "phone", "max_price": 1750},
    "32 inch jeans": {"query": "jeans", "size": "32"},
    "shelf 8 inch": {"query": "shelf"},
    "shelf height 180 cm": {"query": "shelf", "height": 180},
    "double door shelf": {"query": "shelf", "size": None},
    "double bed ki chadar": {"query": "bedsheet", "size": "DOUBLE"},
    "shoes number 8": {"query": "shoes", "size": "8"},
    "gold earrings": {"query": "earrings", "material": "gold"},
    "gold colour earrings": {"query": "earrings", "colour": "gold"},
    "spider man shoes": {"query": "shoes"},
    "phone from 2019": {"query": "phone"},
    "2021 wala phone": {"query": "phone"},
    "1999 wala phone": {"query": "phone", "about_price": 1999},
    "phone from 2000": {"query": "phone", "min_price": 2000},
    "5 star phone": {"query": "phone", "energy_rating": 5},
    "4 star customers ki rating wala phone": {"query": "phone", "min_rating": 4},
    "no prints": {"not_pattern": "printed"},
    "top rated phone": {"query": "phone", "min_rating": 4},
    "shoes for my 5 year old": {"query": "shoes"},
    "phone 500 pieces": {"query": "phone", "piece_count": 500},
    "same in red": {"like": "shown", "colour": "red"},
    "black nahi chahiye, blue chalega": {"not_colour": "black", "colour": "blue"},
    "compare first, third and fourth": {"items": [1, 3, 4]},
    "which of the top two is better": {"items": [1, 2]},
    "judge 4 & 5 by rating": {"items": [4, 5], "attribute": "rating", "sort_by": None, "min_rating": None},
}


@pytest.mark.parametrize("name", FLOORS)
def test_requests_are_read_with_few_mistakes(name: str) -> None:
    count, precision, exact = FLOORS[name]
    total, _, wrong = score(name)
    assert total.requests == count
    assert total.precision >= precision, "\n".join(wrong)
    assert total.exact / total.requests >= exact, "\n".join(wrong)


def test_the_two_sets_share_no_shop_and_no_request() -> None:
    texts = [one.text for name in FLOORS for one in requests(name)]
    assert len(set(texts)) == len(texts)
    assert not shops("first").keys() & shops("unseen").keys()


def test_what_is_read_beside_what_was_asked_for_is_wrong() -> None:
    request = Request(
        "", "", (pairs({"query": "red shirt"}), pairs({"query": "shirt"})), pairs({"colour": "red"})
    )
    assert judged(request, {"words": "shirts", "colour": "red"}) == (pairs({"query": "shirt"}),) * 2
    found, wanted = judged(request, {"query": "shirt", "max_price": 9})
    assert found - wanted == pairs({"max_price": 9})


@pytest.mark.parametrize("text", KINDS)
def test_each_kind_of_misreading_stays_mended(text: str) -> None:
    found = dict(read(text, SHOP))
    wanted = KINDS[text]
    assert {name: found.get(name) for name in wanted} == wanted
    assert set(found) - {"words"} <= set(wanted)

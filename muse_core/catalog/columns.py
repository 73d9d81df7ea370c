"""Which column of a shop's table means what: by its header, checked against its values.

Headers are compared in small letters without units, blanks or underscores, and may be misspelt
("Prdouct Nmae"). A header's claim holds only if the values can carry it: a "rating" column of
counts is no rating. Columns that no header explains are looked at by value alone, which is all there
is in a file without a header. What stays unexplained is kept as an attribute of the product.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from statistics import median

from muse_core.catalog import cells, nouns
from muse_core.catalog.tables import listed, table
from muse_core.catalog.words import plain_words
from muse_core.errors import CatalogError

MEANINGS: tuple[str, ...] = (
    "id", "title", "product_type", "category", "brand", "colour", "gender", "sizes", "material", "occasion",
    "price", "rating", "description", "currency", "model", "image",
)  # fmt: skip
_ALIASES = {
    "product_id": "id",
    "color": "colour",
    "size": "sizes",
    "type": "product_type",
    "name": "title",
    "picture": "image",
}
_NOT = {
    "rating": {"count", "number", "num", "no", "total", "counts", "votes"},
    "price": {"per", "count", "number", "off", "percent", "percentage", "unit"},
    "id": {
        "count",
        "brand",
        "category",
        "user",
        "review",
        "seller",
        "zip",
        "pin",
        "colour",
        "currency",
        "country",
    },
    "title": {"brand", "seller", "category", "file", "star", "director"},
    "category": {"id"},
    "brand": {"id"},
    "image": {"count", "num", "number", "url", "link"},
}
_UNITS = frozenset(["inr", "rs", "usd", "eur", "gbp", "rupees", "in", "the", "of"])
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
SAMPLE = 400  # non-empty cells that a judgement by value looks at

Column = Sequence[str]


def spoken(header: str) -> str:
    """A header as words: 'productDisplayName' -> 'product display name', 'Price (INR)' -> 'price'."""
    bare = _CAMEL.sub(" ", _BRACKETS.sub(" ", header)).lower()
    bare = re.sub(r"[^a-z0-9\u0900-\u097f]+", " ", bare).replace("color", "colour")
    words = bare.split()
    kept = [word for word in words if word not in _UNITS]
    return " ".join(kept or words)


def understand(
    columns: Mapping[str, Column], blobs: Sequence[str] = (), given: Mapping[str, str] | None = None
) -> dict[str, list[str]]:
    """Meaning -> columns, the best first; further price columns stand in where the first is empty.

    `given` is the user's own mapping (meaning -> column) and always wins."""
    chosen = {
        meaning: [source] for meaning, source in checked_mapping(given or {}, list(columns), blobs).items()
    }
    samples = {
        name: [cell for cell in column if cells.text(cell)][:SAMPLE] for name, column in columns.items()
    }
    _by_header(samples, blobs, chosen)
    _by_value(samples, chosen)
    if "image" not in chosen and blobs:
        chosen["image"] = [blobs[0]]
    return {meaning: chosen[meaning] for meaning in MEANINGS if meaning in chosen}


def checked_mapping(
    given: Mapping[str, str], texts: Sequence[str], blobs: Sequence[str] = ()
) -> dict[str, str]:
    """The user's mapping with our names for the meanings; CatalogError naming every mistake at once."""
    problems = []
    mapping = {}
    for meaning, source in given.items():
        ours = _ALIASES.get(meaning.strip().lower(), meaning.strip().lower())
        if ours not in MEANINGS:
            problems.append(f"meaning {meaning!r} is unknown; known: {', '.join(MEANINGS)}")
        if source not in (*texts, *blobs):
            problems.append(f"column {source!r} (for {meaning!r}) is not in the file")
        elif (source in blobs) != (ours == "image"):
            kind = "bytes" if source in blobs else "text"
            problems.append(f"column {source!r} holds {kind}, which {meaning!r} cannot be read from")
        mapping[ours] = source
    if problems:
        listed = "".join(f"\n  - {problem}" for problem in problems)
        columns = ", ".join(map(repr, (*texts, *blobs))) or "none"
        raise CatalogError(
            f"catalog.columns does not fit the file; columns found: {columns}{listed}\n"
            "Correct catalog.columns (our meaning -> column of the file), or leave it out and let MUSE infer."
        )
    return mapping


# ---- by header ------------------------------------------------------------------------------------


def _by_header(samples: Mapping[str, list[str]], blobs: Sequence[str], chosen: dict[str, list[str]]) -> None:
    """Hand out the claims that headers make, the strongest first, in place."""
    taken = {source for sources in chosen.values() for source in sources}
    claims = []
    for place, header in enumerate([*samples, *blobs]):
        for meaning in MEANINGS:
            claim = _claim(spoken(header), meaning)
            if claim and (header in blobs) == (meaning == "image"):
                claims.append((-claim, place, header, meaning))
    for strength, _, header, meaning in sorted(claims):
        again = meaning == "price" and strength <= -60
        if header in taken or (meaning in chosen and not again):
            continue
        if header in blobs or _carries(meaning, samples[header]):
            chosen.setdefault(meaning, []).append(header)
            taken.add(header)


@cache
def _names(meaning: str) -> tuple[str, ...]:
    """What shops call a column of this meaning, the best name first."""
    return tuple(listed(table("headers")[meaning]))


def _claim(header: str, meaning: str) -> float:
    """0..100: how strongly a spoken header names a meaning."""
    words = header.split()
    if not words or _NOT.get(meaning, set()) & set(words):
        return 0.0
    best = 40.0 if meaning == "id" and words[-1] in ("id", "sku", "code") and len(words) <= 2 else 0.0
    for rank, name in enumerate(_names(meaning)):
        if header == name or header.replace(" ", "") == name.replace(" ", ""):
            return 100.0 - rank
        if len(name) > 3 and f" {header} ".endswith(f" {name} ") and _is_of_goods(meaning, words[0]):
            best = max(best, 62.0 - rank)
        elif len(name) > 3 and meaning != "category" and f" {name} " in f" {header} ":
            best = max(best, 52.0 - rank)
        elif _is_misspelt(header.replace(" ", ""), name.replace(" ", "")):
            best = max(best, 58.0 - rank)
    return best


def _is_of_goods(meaning: str, first_word: str) -> bool:
    """'store category' is a shelf, 'gpu category' is not."""
    return meaning != "category" or first_word in (
        "product",
        "item",
        "store",
        "shop",
        "parent",
        "root",
        "top",
        "article",
    )


def _is_misspelt(header: str, name: str) -> bool:
    """One or two letters off or letters swapped, in words long enough to tell."""
    if len(name) < 5 or abs(len(name) - len(header)) > 2 or not header or header[0] != name[0]:
        return False
    swapped = len(name) >= 8 and sorted(header) == sorted(name)
    return swapped or SequenceMatcher(None, header, name).ratio() >= 0.84


# ---- by value -------------------------------------------------------------------------------------


def _share(sample: Sequence[str], holds: Callable[[str], object]) -> float:
    return sum(1 for cell in sample if holds(cell)) / len(sample) if sample else 0.0


def _has_letters(cell: str) -> bool:
    return sum(letter.isalpha() for letter in cell) >= 2


def _is_link(cell: str) -> bool:
    return cell.strip().lower().startswith(("http://", "https://", "www.", "/"))


def _distinct(sample: Sequence[str]) -> float:
    return len(set(sample)) / len(sample) if sample else 0.0


def _mean_length(sample: Sequence[str]) -> float:
    return sum(map(len, sample)) / len(sample) if sample else 0.0


def _is_rating(sample: Sequence[str]) -> bool:
    numbers = [number for number in map(cells.rating, sample) if number is not None]
    return len(numbers) >= 0.3 * len(sample) and bool(numbers) and median(numbers) <= 100


def _carries(meaning: str, sample: list[str]) -> bool:
    """Whether the values can mean what the header says; an empty column never can."""
    if not sample:
        return False
    if meaning == "price":
        return _share(sample, cells.price) >= 0.3
    if meaning == "rating":
        return _is_rating(sample)
    if meaning == "gender":
        return _share(sample, cells.gender) >= 0.3
    if meaning in ("sizes", "material", "occasion"):
        return _mean_length(sample) <= 60 and not _is_link(sample[0])
    if meaning == "colour":
        return _share(sample, _has_letters) >= 0.5 and _mean_length(sample) <= 60
    if meaning in ("title", "brand", "category", "product_type"):
        return (
            _share(sample, _has_letters) >= 0.5
            and _share(sample, _is_link) < 0.5
            and _mean_length(sample) <= 400
        )
    return True


def _by_value(samples: Mapping[str, list[str]], chosen: dict[str, list[str]]) -> None:
    """Give the meanings that matter most to columns whose values show them, in place."""
    rules: tuple[tuple[str, Callable[[list[str]], float]], ...] = (
        ("gender", lambda sample: _share(sample, _is_bare_gender)),
        ("colour", lambda sample: _share(sample, _is_bare_colour)),
        ("price", lambda sample: _share(sample, _is_signed_price)),
        ("title", _titleness),
        ("product_type", lambda sample: _share(sample, nouns.known_noun) if _distinct(sample) < 0.8 else 0.0),
    )
    for meaning, fit in rules:
        free = [name for name in samples if not any(name in sources for sources in chosen.values())]
        scored = [(fit(samples[name]), -place, name) for place, name in enumerate(free) if samples[name]]
        if meaning not in chosen and scored and max(scored)[0] >= 0.6:
            chosen[meaning] = [max(scored)[2]]
    if (
        "title" not in chosen
        and "description" in chosen
        and _is_short_title(samples[chosen["description"][0]])
    ):
        chosen["title"] = chosen.pop("description")
    _headerless(samples, chosen)


def _is_bare_gender(cell: str) -> bool:
    return len(cell) <= 14 and len(cell.strip()) > 1 and cells.gender(cell) is not None


def _is_bare_colour(cell: str) -> bool:
    return len(plain_words(cell)) <= 2 and cells.is_colour(cell)


def _is_signed_price(cell: str) -> bool:
    return len(cell) <= 24 and cells.currency(cell) is not None and cells.price(cell) is not None


def _titleness(sample: list[str]) -> float:
    """Share of cells that read like a product's name, when most of them differ."""
    if _distinct(sample) < 0.5 or _share(sample, _is_link) > 0.2:
        return 0.0
    return _share(
        sample, lambda cell: 2 <= len(cell.split()) <= 30 and _has_letters(cell) and len(cell) <= 250
    )


def _is_short_title(sample: list[str]) -> bool:
    """Whether a "description" is what other shops call the title."""
    return _mean_length(sample) <= 80 and _titleness(sample) >= 0.6


def _headerless(samples: Mapping[str, list[str]], chosen: dict[str, list[str]]) -> None:
    """In a file without a header the first column of differing codes is the id, and the last varied
    column of numbers from 10 up, years apart, is the price."""
    taken = {source for sources in chosen.values() for source in sources}
    free = [
        name for name in samples if re.fullmatch(r"column \d+", name) and name not in taken and samples[name]
    ]
    if free and "id" not in chosen and _are_codes(samples[free[0]]):
        chosen["id"] = [free.pop(0)]
    if "price" not in chosen:
        priced = [name for name in free if _are_amounts(samples[name])]
        if priced:
            chosen["price"] = [priced[-1]]


def _are_codes(sample: Sequence[str]) -> bool:
    return _distinct(sample) == 1 and not any(" " in cell.strip() or cells.currency(cell) for cell in sample)


def _are_amounts(sample: Sequence[str]) -> bool:
    known = [number for number in map(cells.price, sample) if number is not None]
    if len(known) < 0.9 * len(sample) or not 10 <= median(known) <= 5e6 or _distinct(sample) < 0.02:
        return False
    return not all(1900 <= number <= 2100 for number in known)


def names_something(header: Sequence[str]) -> bool:
    """Whether any cell of a first row is a column name that we know (not merely one that contains it)."""
    return any(
        _claim(spoken(cell), meaning) > 55 for cell in header for meaning in MEANINGS if len(cell) <= 40
    )

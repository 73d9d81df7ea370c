"""Which column of a shop's table means what: by its header, checked against its values.

A header's claim (`headers.py`) holds only if the values can carry it: a "rating" column of counts is no
rating. Columns that no header explains are looked at by value alone, which is all there is in a file
without a header. What stays unexplained is kept as an attribute of the product.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from statistics import median

from muse_core.catalog import cells, headers, nouns
from muse_core.catalog import column_values as values
from muse_core.catalog.facet_headers import stated_unit
from muse_core.catalog.headers import MEANINGS
from muse_core.errors import ConfigError

_ALIASES = {
    "product_id": "id",
    "color": "colour",
    "size": "sizes",
    "type": "product_type",
    "name": "title",
    "picture": "image",
}
_SEVERAL = ("price", "cost", "status", "record_kind")  # meanings that more than one column may have
_BY_NAME = ("parent", "variation", "language")  # only what is called so is one
SAMPLE = 400  # non-empty cells that a judgement by value looks at

Column = Sequence[str]


def understand(
    columns: Mapping[str, Column], blobs: Sequence[str] = (), given: Mapping[str, str] | None = None
) -> dict[str, list[str]]:
    """Meaning -> columns, the best first; further price columns stand in where the first is empty.

    `given` is the user's own mapping (meaning -> column) and always wins; an empty column name says that
    no column has this meaning."""
    mapping = checked_mapping(given or {}, list(columns), blobs)
    chosen = {meaning: [source] if source else [] for meaning, source in mapping.items()}
    samples = {name: _sample(column) for name, column in columns.items()}
    _by_header(samples, blobs, chosen)
    _by_value(samples, chosen)
    if "image" not in chosen and blobs:
        chosen["image"] = [blobs[0]]
    return {meaning: chosen[meaning] for meaning in MEANINGS if chosen.get(meaning)}


def _sample(column: Column) -> list[str]:
    """The first non-empty cells, cleaned of what no judgement needs."""
    found: list[str] = []
    for cell in column:
        if cells.text(cell):
            found.append(cell)
            if len(found) == SAMPLE:
                break
    return found


def checked_mapping(
    given: Mapping[str, str], texts: Sequence[str], blobs: Sequence[str] = ()
) -> dict[str, str]:
    """The user's mapping with our names for the meanings; ConfigError naming every mistake at once."""
    problems = []
    mapping = {}
    for meaning, source in given.items():
        ours = _ALIASES.get(meaning.strip().lower(), meaning.strip().lower())
        if ours not in MEANINGS:
            problems.append(
                f"meaning {meaning!r} is unknown{_nearest(ours, MEANINGS)}; known: {', '.join(MEANINGS)}"
            )
        if source and source not in (*texts, *blobs):
            nearest = _nearest(source, (*texts, *blobs))
            problems.append(f"column {source!r} (for {meaning!r}) is not in the file{nearest}")
        elif source in blobs and ours != "image":
            problems.append(f"column {source!r} holds bytes, which {meaning!r} cannot be read from")
        mapping[ours] = source
    if problems:
        columns = ", ".join(map(repr, (*texts, *blobs))) or "none"
        raise ConfigError(
            "catalog.columns (our meaning -> column of the file) does not fit the file, whose columns are: "
            f"{columns}. Correct these, or leave catalog.columns out and let MUSE infer:",
            problems,
        )
    return mapping


def _nearest(word: str, known: Sequence[str]) -> str:
    """', did you mean ...?' when something known is like the word."""
    by_form = {name.lower().strip(): name for name in known}
    close = get_close_matches(word.lower().strip(), by_form, n=1, cutoff=0.5)
    return f", did you mean {by_form[close[0]]!r}?" if close else ""


# ---- by header ------------------------------------------------------------------------------------


def _by_header(samples: Mapping[str, list[str]], blobs: Sequence[str], chosen: dict[str, list[str]]) -> None:
    """Hand out the claims that headers make, the strongest first, in place. A price before the discount
    comes after every other; of two equal claims on a price the lower one wins."""
    taken = {source for sources in chosen.values() for source in sources}
    claims = []
    for place, header in enumerate([*samples, *blobs]):
        for meaning in MEANINGS:
            claim = headers.claim(header, meaning)
            if claim and (header not in blobs or meaning == "image"):
                is_price = meaning == "price"
                height = _typical_price(samples[header]) if is_price else 0.0
                late = is_price and headers.is_before_discount(header)
                claims.append((late, -claim, height, place, header, meaning))
    for _, strength, _, _, header, meaning in sorted(claims):
        again = meaning in _SEVERAL and chosen.get(meaning) and strength <= -headers.EXACT
        weak = meaning in _BY_NAME and strength > -headers.EXACT
        if header in taken or weak or (meaning in chosen and not again):
            continue
        if _means_other(header, meaning, strength, samples.get(header, [])):
            continue
        if header in blobs or values.carries(meaning, samples[header]):
            chosen.setdefault(meaning, []).append(header)
            taken.add(header)


def _means_other(header: str, meaning: str, strength: float, sample: list[str]) -> bool:
    """Whether a header that could have the meaning has another one: a 'screen size' of inches is no size that
    one chooses, a 'fuel type' no kind of thing, a 'usage' of gaming no occasion."""
    if meaning == "sizes":
        is_measured = stated_unit(header) or values.share(sample, values.is_measured) >= 0.5
        return strength > -headers.EXACT and bool(is_measured)
    if meaning == "product_type":
        return strength > -headers.EXACT and values.share(sample, values.names_things) < 0.3
    return headers.is_unsure(header, meaning) and values.share(sample, values.knows(meaning)) < 0.6


def _typical_price(sample: Sequence[str]) -> float:
    return median([value for value in map(cells.price, sample) if value] or [0.0])


# ---- by value -------------------------------------------------------------------------------------


def _by_value(samples: Mapping[str, list[str]], chosen: dict[str, list[str]]) -> None:
    """Give the meanings that matter most to columns whose values show them, in place."""
    named_by_parts = chosen.get("brand") and chosen.get("model")
    rules: tuple[tuple[str, Callable[[list[str]], float]], ...] = (
        ("gender", lambda sample: values.share(sample, values.is_bare_gender)),
        ("colour", lambda sample: values.share(sample, values.is_bare_colour)),
        ("price", lambda sample: values.share(sample, values.is_signed_price)),
        ("image", lambda sample: values.share(sample, cells.is_picture_path)),
        ("title", lambda sample: 0.0 if named_by_parts else values.titleness(sample)),
        ("category", lambda sample: values.share(sample, values.is_path)),
        (
            "product_type",
            lambda sample: values.share(sample, nouns.known_noun) if values.distinct(sample) < 0.8 else 0.0,
        ),
        ("sizes", lambda sample: values.share(sample, values.is_bare_size)),
    )
    for meaning, fit in rules:
        free = [name for name in samples if not any(name in sources for sources in chosen.values())]
        scored = [(fit(samples[name]), -place, name) for place, name in enumerate(free) if samples[name]]
        if meaning not in chosen and scored and max(scored)[0] >= 0.6:
            chosen[meaning] = [max(scored)[2]]
    description = chosen.get("description")
    if "title" not in chosen and description and values.is_short_title(samples[description[0]]):
        chosen["title"] = chosen.pop("description")
    _kinds_by_value(samples, chosen)
    _headerless(samples, chosen)


def _kinds_by_value(samples: Mapping[str, list[str]], chosen: dict[str, list[str]]) -> None:
    """A column of kinds of record under whatever header: it is no kind of thing and no shelf."""
    kinds = [name for name, sample in samples.items() if values.names_variants(sample)]
    if kinds and "record_kind" not in chosen:
        chosen["record_kind"] = kinds[:1]
        for meaning in ("product_type", "category"):
            if chosen.get(meaning) == kinds[:1]:
                del chosen[meaning]


def _headerless(samples: Mapping[str, list[str]], chosen: dict[str, list[str]]) -> None:
    """In a file without a header the first column of differing codes is the id, the last varied column
    of amounts the price (of two prices the lower), and what titles begin with is the brand."""
    taken = {source for sources in chosen.values() for source in sources}
    free = [
        name for name in samples if re.fullmatch(r"column \d+", name) and name not in taken and samples[name]
    ]
    if free and "id" not in chosen and _are_codes(samples[free[0]]):
        chosen["id"] = [free.pop(0)]
    if "price" not in chosen:
        priced = [name for name in free if _are_amounts(samples[name])]
        if priced:
            last_two = sorted(priced[-2:], key=lambda name: _typical_price(samples[name]))
            chosen["price"] = (
                last_two if _are_two_prices(*(samples[name] for name in last_two)) else priced[-1:]
            )
    if "brand" not in chosen and chosen.get("title"):
        titles = samples[chosen["title"][0]]
        brands = [name for name in free if _begin(titles, samples[name])]
        if brands:
            chosen["brand"] = brands[:1]


def _are_two_prices(low: Sequence[str], high: Sequence[str] | None = None) -> bool:
    """Whether one column of amounts is a discount of the other: below it in nearly every row, never far."""
    if high is None or len(low) != len(high):
        return False
    pairs = [(cells.price(one) or 0, cells.price(other) or 0) for one, other in zip(low, high, strict=True)]
    return sum(0.1 * above <= below <= above for below, above in pairs) >= 0.95 * len(pairs)


def _begin(titles: Sequence[str], brands: Sequence[str]) -> bool:
    """Whether most titles begin with the cell beside them."""
    pairs = list(zip(titles, brands, strict=False))
    return sum(title.lower().startswith(brand.strip().lower()) for title, brand in pairs) >= 0.6 * len(pairs)


def _are_codes(sample: Sequence[str]) -> bool:
    return values.distinct(sample) == 1 and not any(
        " " in cell.strip() or cells.currency(cell) for cell in sample
    )


def _are_amounts(sample: Sequence[str]) -> bool:
    known = [number for number in map(cells.price, sample) if number is not None]
    if len(known) < 0.9 * len(sample) or not 10 <= median(known) <= 5e6 or values.distinct(sample) < 0.02:
        return False
    return not all(1900 <= number <= 2100 for number in known) and not any(
        map(values.has_letters, sample[:20])
    )

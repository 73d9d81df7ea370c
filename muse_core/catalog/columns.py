"""Which column of a shop's table means what: by its header, checked against its values.

A header's claim (`headers.py`) holds only if the values can carry it: a "rating" column of counts is no
rating. Columns that no header explains are looked at by value alone, which is all there is in a file
without a header. What stays unexplained is kept as an attribute of the product.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from statistics import median, median_low

from muse_core.catalog import cells, headers, nouns, records
from muse_core.catalog.headers import MEANINGS
from muse_core.catalog.words import plain_words
from muse_core.errors import ConfigError
from muse_core.language import lexicon

_ALIASES = {
    "product_id": "id",
    "color": "colour",
    "size": "sizes",
    "type": "product_type",
    "name": "title",
    "picture": "image",
}
_SEVERAL = ("price", "cost", "status", "record_kind")  # meanings that more than one column may have
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
        if header in taken or (meaning in chosen and not again):
            continue
        if header in blobs or _carries(meaning, samples[header]):
            chosen.setdefault(meaning, []).append(header)
            taken.add(header)


def _typical_price(sample: Sequence[str]) -> float:
    return median([value for value in map(cells.price, sample) if value] or [0.0])


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
        return any(map(cells.price, sample)) and _share(sample, _is_price_or_zero) >= 0.3
    if meaning == "rating":
        return _is_rating(sample)
    if meaning == "gender":
        return _share(sample, cells.gender) >= 0.3
    if meaning == "image":
        return _share(sample, cells.is_picture_path) >= 0.3
    if meaning in ("sizes", "material", "occasion"):
        return _mean_length(sample) <= 60 and not _is_link(sample[0])
    if meaning == "colour":
        return _share(sample, _has_letters) >= 0.5 and _mean_length(sample) <= 60
    if meaning in _RECORD_RULES:
        return _RECORD_RULES[meaning](sample)
    if meaning in ("category", "product_type") and (
        _share(sample, _is_bare_gender) >= 0.8 or _share(sample, records.is_no_noun) >= 0.8
    ):
        return False
    if meaning in ("title", "brand", "category", "product_type"):
        return (
            _share(sample, _has_letters) >= 0.5
            and _share(sample, _is_link) < 0.5
            and median_low(map(len, sample)) <= 400
        )
    return True


def _has_digits(cell: str) -> bool:
    return any(map(str.isdigit, cell))


def _names_kinds(sample: Sequence[str]) -> bool:
    """Kinds of record: known words in nearly every cell, and few of them."""
    return _share(sample, records.role_of) >= 0.9 and len(set(sample)) <= 20


def _is_price_or_zero(cell: str) -> bool:
    """A price, or the 0.00 that systems write where there is none."""
    return cells.price(cell) is not None or re.fullmatch(r"0+(?:[.,]0*)?", cell.strip()) is not None


def _names_states(sample: Sequence[str]) -> bool:
    """On or off in nearly every cell; a shop system that writes 1 for on writes 2 for off."""
    return _share(sample, lambda cell: records.state_of(cell) is not None or cell.strip() == "2") >= 0.9


def _names_languages(sample: Sequence[str]) -> bool:
    return _share(sample, re.compile(r"(?i)(?:all|admin|default|[a-z]{2,3}(?:[_-][a-z]{2,4})?)$").match) >= 0.9


_RECORD_RULES: Mapping[str, Callable[[Sequence[str]], bool]] = {
    "record_kind": _names_kinds,
    "status": _names_states,
    "language": _names_languages,
    "cost": lambda sample: _share(sample, _has_digits) >= 0.3,
    "parent": lambda sample: True,
    "variation": lambda sample: True,
    "stock": lambda sample: _share(sample, records.is_stock_state) >= 0.9,
}


def _by_value(samples: Mapping[str, list[str]], chosen: dict[str, list[str]]) -> None:
    """Give the meanings that matter most to columns whose values show them, in place."""
    named_by_parts = chosen.get("brand") and chosen.get("model")
    rules: tuple[tuple[str, Callable[[list[str]], float]], ...] = (
        ("gender", lambda sample: _share(sample, _is_bare_gender)),
        ("colour", lambda sample: _share(sample, _is_bare_colour)),
        ("price", lambda sample: _share(sample, _is_signed_price)),
        ("image", lambda sample: _share(sample, cells.is_picture_path)),
        ("title", lambda sample: 0.0 if named_by_parts else _titleness(sample)),
        ("category", lambda sample: _share(sample, _is_path)),
        ("product_type", lambda sample: _share(sample, nouns.known_noun) if _distinct(sample) < 0.8 else 0.0),
        ("sizes", lambda sample: _share(sample, _is_bare_size)),
    )
    for meaning, fit in rules:
        free = [name for name in samples if not any(name in sources for sources in chosen.values())]
        scored = [(fit(samples[name]), -place, name) for place, name in enumerate(free) if samples[name]]
        if meaning not in chosen and scored and max(scored)[0] >= 0.6:
            chosen[meaning] = [max(scored)[2]]
    description = chosen.get("description")
    if "title" not in chosen and description and _is_short_title(samples[description[0]]):
        chosen["title"] = chosen.pop("description")
    _headerless(samples, chosen)


def _is_path(cell: str) -> bool:
    """A shelf path as only categories are written: 'A >> B'."""
    return len(cell) < 300 and ">" in cell and len(cells.path(cell)) >= 2


def _is_bare_size(cell: str) -> bool:
    sizes = cells.sizes(cell)
    return bool(sizes) and all(lexicon.canonical("size", size) and not size.isdigit() for size in sizes)


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
    return _share(sample, _reads_like_a_name)


def _reads_like_a_name(cell: str) -> bool:
    words = cell.split() if len(cell) <= 250 else []
    return 2 <= len(words) <= 30 and sum(map(_has_letters, words)) >= 2


def _is_short_title(sample: list[str]) -> bool:
    """Whether a "description" is what other shops call the title."""
    return _mean_length(sample) <= 80 and _titleness(sample) >= 0.6


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
    return _distinct(sample) == 1 and not any(" " in cell.strip() or cells.currency(cell) for cell in sample)


def _are_amounts(sample: Sequence[str]) -> bool:
    known = [number for number in map(cells.price, sample) if number is not None]
    if len(known) < 0.9 * len(sample) or not 10 <= median(known) <= 5e6 or _distinct(sample) < 0.02:
        return False
    return not all(1900 <= number <= 2100 for number in known) and not any(map(_has_letters, sample[:20]))

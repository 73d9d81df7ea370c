"""What the values of a column can mean: the judge of what its header claims (see columns.py)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from statistics import median, median_low

from muse_core.catalog import cells, nouns, records
from muse_core.catalog.cell_text import LONGEST
from muse_core.catalog.words import plain_words
from muse_core.language import lexicon
from muse_core.language.units import find_quantities


def share(sample: Sequence[str], holds: Callable[[str], object]) -> float:
    return sum(1 for cell in sample if holds(cell)) / len(sample) if sample else 0.0


def has_letters(cell: str) -> bool:
    return sum(letter.isalpha() for letter in cell) >= 2


_RESOURCE = re.compile(r"[\w.~-]+(?:/[\w.~:-]+){2,}")  # 'accounts/1/products/a' of a service


def is_link(cell: str) -> bool:
    return cell.strip().lower().startswith(("http://", "https://", "www.", "/")) or bool(
        _RESOURCE.fullmatch(cell.strip())
    )


def distinct(sample: Sequence[str]) -> float:
    return len(set(sample)) / len(sample) if sample else 0.0


def mean_length(sample: Sequence[str]) -> float:
    return sum(map(len, sample)) / len(sample) if sample else 0.0


def is_rating(sample: Sequence[str]) -> bool:
    numbers = [number for number in map(cells.rating, sample) if number is not None]
    return len(numbers) >= 0.3 * len(sample) and bool(numbers) and median(numbers) <= 100


def carries(meaning: str, sample: list[str]) -> bool:
    """Whether the values can mean what the header says; an empty column never can."""
    if not sample:
        return False
    if meaning == "price":
        return any(map(cells.price, sample)) and share(sample, is_price_or_zero) >= 0.3
    if meaning == "rating":
        return is_rating(sample)
    if meaning == "gender":
        return share(sample, cells.gender) >= 0.3
    if meaning == "image":
        return share(sample, cells.is_picture_path) >= 0.3
    if meaning in ("sizes", "material", "occasion"):
        return mean_length(sample) <= 60 and not is_link(sample[0])
    if meaning == "colour":
        return share(sample, has_letters) >= 0.5 and mean_length(sample) <= 60
    if meaning in _RECORD_RULES:
        return _RECORD_RULES[meaning](sample)
    if meaning in ("category", "product_type") and (
        share(sample, is_bare_gender) >= 0.8 or share(sample, records.is_no_noun) >= 0.8
    ):
        return False
    if meaning in ("title", "brand", "category", "product_type"):
        return (
            share(sample, has_letters) >= 0.5
            and share(sample, is_link) < 0.5
            and median_low(map(len, sample)) <= 400
        )
    return True


def has_digits(cell: str) -> bool:
    return any(map(str.isdigit, cell))


def names_kinds(sample: Sequence[str]) -> bool:
    """Kinds of record: known words in nearly every cell, and few of them."""
    return share(sample, records.role_of) >= 0.9 and len(set(sample)) <= 20


def names_variants(sample: Sequence[str]) -> bool:
    """Kinds of record of which some are variants: under whatever header, they are no kinds of thing."""
    return names_kinds(sample) and {"child"} < set(map(records.role_of, sample))


def is_price_or_zero(cell: str) -> bool:
    """A price, or the 0.00 that systems write where there is none."""
    return cells.price(cell) is not None or re.fullmatch(r"0+(?:[.,]0*)?", cell.strip()) is not None


def names_states(sample: Sequence[str]) -> bool:
    """On or off in nearly every cell; a shop system that writes 1 for on writes 2 for off."""
    return share(sample, lambda cell: records.state_of(cell) is not None or cell.strip() == "2") >= 0.9


def names_languages(sample: Sequence[str]) -> bool:
    return share(sample, re.compile(r"(?i)(?:all|admin|default|[a-z]{2,3}(?:[_-][a-z]{2,4})?)$").match) >= 0.9


_RECORD_RULES: Mapping[str, Callable[[Sequence[str]], bool]] = {
    "record_kind": names_kinds,
    "status": names_states,
    "language": names_languages,
    "cost": lambda sample: share(sample, has_digits) >= 0.3,
    "parent": lambda sample: True,
    "variation": lambda sample: True,
    "stock": lambda sample: share(sample, records.is_stock_state) >= 0.9,
}


def is_path(cell: str) -> bool:
    """A shelf path as only categories are written: 'A >> B'."""
    return len(cell) < 300 and ">" in cell and len(cells.path(cell)) >= 2


def is_bare_size(cell: str) -> bool:
    sizes = cells.sizes(cell)
    return bool(sizes) and all(lexicon.canonical("size", size) and not size.isdigit() for size in sizes)


def is_measured(cell: str) -> bool:
    """A number with a unit: '15.6-inch', '500 gm'."""
    return len(cell) <= 40 and bool(find_quantities(cell, in_cell=True))


def names_things(cell: str) -> bool:
    """Whether a noun that we know stands in a cell: 'Gaming Laptops'."""
    return nouns.known_noun(cell) is not None or nouns.last_noun(cell[:LONGEST]) is not None


def knows(slot: str) -> Callable[[str], object]:
    """Whether a cell is a value of a slot that the lexicon knows."""
    return lambda cell: lexicon.canonical(slot, cells.text(cell).lower()) is not None


def is_bare_gender(cell: str) -> bool:
    return len(cell) <= 14 and len(cell.strip()) > 1 and cells.gender(cell) is not None


def is_bare_colour(cell: str) -> bool:
    return len(plain_words(cell)) <= 2 and cells.is_colour(cell)


def is_signed_price(cell: str) -> bool:
    return len(cell) <= 24 and cells.currency(cell) is not None and cells.price(cell) is not None


def titleness(sample: list[str]) -> float:
    """Share of cells that read like a product's name, when most of them differ."""
    if distinct(sample) < 0.5 or share(sample, is_link) > 0.2:
        return 0.0
    return share(sample, reads_like_a_name)


def reads_like_a_name(cell: str) -> bool:
    words = cell.split() if len(cell) <= 250 else []
    return 2 <= len(words) <= 30 and sum(map(has_letters, words)) >= 2


def is_short_title(sample: list[str]) -> bool:
    """Whether a "description" is what other shops call the title."""
    return mean_length(sample) <= 80 and titleness(sample) >= 0.6

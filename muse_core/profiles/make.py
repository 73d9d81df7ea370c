"""Shoppers grounded in life situations. What a model is told of one: `system_line.py`.

One profile, shortened::

    Profile("u00001", "train", "mixed", "Asha", "women", "25-34", "Pune", "casual", "smart casual",
            budget_min=700.0, budget_max=2800.0, occasions=("office", "party"), size="M",
            favourite_brands=("Aravali",), favourite_colours=("navy blue",), history=("p0042", "p0311"))

The side of a profile is the hash of its id. Without prices in the catalogue a profile has no budget.
Not covered: households, tastes that change over time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from muse_core.profiles.personas import Persona, cities, names, personas
from muse_core.records import side_of
from muse_core.types import LANGUAGES, Language, Product, Profile

if TYPE_CHECKING:
    from muse_core.catalog.product import Catalog

GENDERS = ("women", "men")
_LETTER_SIZES = ("S", "M", "L", "XL", "XXL")
_TOP_BRANDS, _TOP_COLOURS = 24, 10
_POLITE_HINDI = 0.15  # Devanagari writers are a little more formal
_HISTORY_TRIES = 6
_MAX_HISTORY = 4


@dataclass(frozen=True)
class _Shelf:
    """What profiles need of a catalogue: brands and colours by frequency, products that suit a gender."""

    brands: tuple[str, ...]
    colours: tuple[str, ...]
    by_gender: Mapping[str, tuple[Product, ...]]
    sizes: tuple[str, ...]
    price_scale: float | None  # median price / 1000: budgets of another currency or trade follow it


def make_profiles(
    catalog: Catalog, count: int, shares: Mapping[Language, float], rng: np.random.Generator
) -> list[Profile]:
    """`count` shoppers; `shares` of languages, what they leave goes to `mixed`."""
    shelf = _shelf_of(catalog)
    weights = np.cumsum([persona.weight for persona in personas()])
    languages = _languages(count, shares, rng)
    return [_profile(row, language, shelf, weights, rng) for row, language in enumerate(languages, start=1)]


def _languages(count: int, shares: Mapping[Language, float], rng: np.random.Generator) -> list[Language]:
    """Exact shares, in random order."""
    counts: dict[Language, int] = {
        name: round(count * shares.get(name, 0.0)) for name in LANGUAGES if name != "mixed"
    }
    listed: list[Language] = [name for name, n in counts.items() for _ in range(n)][:count]
    listed += ["mixed"] * (count - len(listed))
    return [listed[int(i)] for i in rng.permutation(count)]


def _profile(
    row: int, language: Language, shelf: _Shelf, weights: np.ndarray, rng: np.random.Generator
) -> Profile:
    persona = personas()[int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))]
    gender = "women" if rng.random() < 0.5 else "men"
    profile_id = f"u{row:05d}"
    low, high = _budget(persona, shelf, rng)
    polite = persona.polite + (_POLITE_HINDI if language == "hi" else 0.0)
    return Profile(
        profile_id=profile_id,
        side=side_of(profile_id),
        language=language,
        name=_one(names(gender), rng),
        gender=gender,
        age_group=_one(persona.ages, rng),
        city=_one(cities(language), rng),
        formality="polite" if rng.random() < polite else "casual",
        style=_one(persona.styles, rng),
        budget_min=low,
        budget_max=high,
        occasions=_occasions(persona, rng),
        favourite_brands=_some(shelf.brands, 2, rng),
        favourite_colours=_some(shelf.colours, 2, rng),
        size=_size(shelf, rng),
        history=_history(persona, gender, high, shelf, rng),
    )


def _one(values: Sequence[str], rng: np.random.Generator) -> str:
    return values[int(rng.random() * len(values))]


def _some(values: Sequence[str], most: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Up to `most` different values, frequent ones more likely."""
    if not values:
        return ()
    wanted = int(rng.random() * (most + 1))
    drawn = (values[int(rng.random() ** 1.5 * len(values))] for _ in range(wanted))
    return tuple(dict.fromkeys(drawn))


def _budget(persona: Persona, shelf: _Shelf, rng: np.random.Generator) -> tuple[float | None, float | None]:
    """(low, high), rounded to two digits; None without prices."""
    point = rng.random()
    if shelf.price_scale is None:
        return None, None
    low, high = persona.budget
    upper = float(np.exp(np.log(low) + point * (np.log(high) - np.log(low)))) * max(shelf.price_scale, 0.05)
    return _round(upper * 0.25), _round(upper)


def _round(amount: float) -> float:
    step = 10.0 ** max(int(np.floor(np.log10(max(amount, 1.0)))) - 1, 0)
    return float(max(round(amount / step), 1) * step)


def _occasions(persona: Persona, rng: np.random.Generator) -> tuple[str, ...]:
    kept = tuple(occasion for occasion in persona.occasions if rng.random() < 0.7)
    return kept or persona.occasions[:1]


def _size(shelf: _Shelf, rng: np.random.Generator) -> str | None:
    point = rng.random()
    return shelf.sizes[int(point * len(shelf.sizes))] if shelf.sizes else None


def _history(
    persona: Persona, gender: str, high: float | None, shelf: _Shelf, rng: np.random.Generator
) -> tuple[str, ...]:
    """Products bought before: of the right gender, on the persona's shelves, within the budget."""
    pool = shelf.by_gender[gender]
    bought: list[str] = []
    for _ in range(int(rng.random() * (_MAX_HISTORY + 1))):
        for _ in range(_HISTORY_TRIES):
            product = pool[int(rng.random() * len(pool))]
            if _would_buy(product, persona, high):
                bought.append(product.product_id)
                break
    return tuple(dict.fromkeys(bought))


def _would_buy(product: Product, persona: Persona, high: float | None) -> bool:
    if high is not None and product.price is not None and product.price > high:
        return False
    return not persona.shelves or product.category is None or product.category in persona.shelves


def _shelf_of(catalog: Catalog) -> _Shelf:
    known = sorted(product.price for product in catalog if product.price is not None)
    sizes = {size for product in catalog for size in product.sizes}
    return _Shelf(
        brands=tuple(catalog.brands())[:_TOP_BRANDS],
        colours=tuple(catalog.colours())[:_TOP_COLOURS],
        by_gender={gender: _for_gender(catalog, gender) for gender in GENDERS},
        sizes=tuple(size for size in _LETTER_SIZES if size in sizes),
        price_scale=known[len(known) // 2] / 1000 if known else None,
    )


def _for_gender(catalog: Catalog, gender: str) -> tuple[Product, ...]:
    fitting = tuple(product for product in catalog if product.gender in (None, "unisex", gender))
    return fitting or catalog.products

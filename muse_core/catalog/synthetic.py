"""A whole invented shop, for a first run without any data of your own: seeded, the same bytes each time.

One product, shortened::

    Product("p0001", "Aravali Men Navy Blue Checked Cotton Casual Shirt", "shirt", "fashion", "Aravali",
            colour="navy blue", gender="men", sizes=("M", "L"), material="cotton", occasion="casual",
            price=1299.0, rating=4.2, facets={"pattern": ("checked",), "sleeve": ("full",)},
            image=b"...PNG, 64 x 64")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from muse_core.catalog.product import Catalog
from muse_core.catalog.silhouettes import draw
from muse_core.catalog.synthetic_shelves import Shelf, brands, rgb, shelves, told_by_styles, words
from muse_core.types import Product

_PLAIN_NAMES = {"men": "Men", "women": "Women", "boys": "Boys", "girls": "Girls"}
_TRIES = 12  # redraws before two products may share a title


def make_catalog(rng: np.random.Generator, count: int) -> Catalog:
    """`count` products (at least 1), every type filled before any is filled twice as much as its weight."""
    if count < 1:
        raise ValueError(f"a shop needs at least one product, asked for {count}; pass count >= 1")
    titles: set[str] = set()
    products = []
    of_facets = rng.spawn(1)[0]  # facets take nothing from the draws of the other fields
    for row, shelf in enumerate(_plan(rng, count)):
        product = _fresh(shelf, f"p{row + 1:04d}", rng, titles)
        products.append(replace(product, facets=_facets(shelf, product.title, of_facets)))
    return Catalog(tuple(products))


def _plan(rng: np.random.Generator, count: int) -> list[Shelf]:
    """The type of each row: shares by weight, remainders to the first types, shuffled."""
    weights = np.array([shelf.weight for shelf in shelves()], dtype=np.float64)
    each = np.floor(count * weights / weights.sum()).astype(int)
    each[: count - int(each.sum())] += 1
    rows = [shelf for shelf, n in zip(shelves(), each, strict=True) for _ in range(int(n))]
    return [rows[int(i)] for i in rng.permutation(len(rows))]


def _pick(rng: np.random.Generator, values: tuple[str, ...]) -> str | None:
    return values[int(rng.integers(len(values)))] if values else None


def _fresh(shelf: Shelf, product_id: str, rng: np.random.Generator, titles: set[str]) -> Product:
    """A product whose title no earlier one has, as far as the type's words allow."""
    product = _product(shelf, product_id, rng)
    for _ in range(_TRIES):
        if product.title not in titles:
            break
        product = _product(shelf, product_id, rng)
    titles.add(product.title)
    return product


def _product(shelf: Shelf, product_id: str, rng: np.random.Generator) -> Product:
    brand = str(_pick(rng, brands(shelf.category)))
    shade = str(_pick(rng, shelf.colours))
    style = str(_pick(rng, shelf.styles))
    material, occasion, gender = (
        _pick(rng, shelf.materials),
        _pick(rng, shelf.occasions),
        _pick(rng, shelf.genders),
    )
    title = _title_words(shelf, brand, shade, style, material, occasion, gender, rng)
    return Product(
        product_id=product_id,
        title=" ".join(word for word in title if word),
        product_type=shelf.noun,
        category=shelf.category,
        brand=brand,
        colour=None if _is_read(shelf) else shade,
        gender=gender,
        sizes=_sizes(shelf, rng),
        material=material,
        occasion=occasion,
        price=_price(shelf, rng),
        rating=round(float(np.clip(rng.normal(4.0, 0.45), 2.4, 5.0)), 1),
        description=_description(shelf, shade, style, material, occasion, rng),
        image=draw(shelf.outline, rgb(shade), style.lower(), rng),
    )


def _is_read(shelf: Shelf) -> bool:
    """Books that nobody asks for by colour."""
    return shelf.category == "books" and shelf.noun != "notebook"


def _title_words(
    shelf: Shelf,
    brand: str,
    shade: str,
    style: str,
    material: str | None,
    occasion: str | None,
    gender: str | None,
    rng: np.random.Generator,
) -> list[str]:
    noun = shelf.noun.title() if shelf.noun != "t-shirt" else "T-Shirt"
    if _is_read(shelf):
        name = f"{_pick(rng, words('first'))} {_pick(rng, words('last'))}"
        return [brand, name, style, noun]
    if shelf.category == "electronics":
        return [
            brand,
            f"{_pick(rng, words('series'))} {int(rng.integers(1, 10)) * 10}",
            shade.title(),
            style,
            noun,
        ]
    who = _PLAIN_NAMES.get(gender or "", "")
    day = "" if occasion is None or occasion in shelf.noun else occasion.title()
    return [brand, who, shade.title(), style, (material or "").title(), day, noun]


def _facets(shelf: Shelf, title: str, rng: np.random.Generator) -> Mapping[str, tuple[str, ...]]:
    """A value of each facet of the type; what a style word of the title tells holds."""
    drawn = {name: (str(_pick(rng, values)),) for name, values in shelf.facets.items()}
    for style in shelf.styles:
        name, value = told_by_styles().get(style, ("", ""))
        if name in drawn and f" {style} " in f" {title} ":
            drawn[name] = (value,)
    return drawn


def _sizes(shelf: Shelf, rng: np.random.Generator) -> tuple[str, ...]:
    """Two or more neighbouring sizes, in order."""
    if not shelf.sizes:
        return ()
    first = int(rng.integers(0, len(shelf.sizes) - 1))
    last = int(rng.integers(first + 2, len(shelf.sizes) + 1))
    return shelf.sizes[first:last]


def _price(shelf: Shelf, rng: np.random.Generator) -> float:
    """INR, log-uniform over the type's range, with a shop's ending: 449, 1,299, 24,999."""
    raw = float(np.exp(rng.uniform(np.log(shelf.low), np.log(shelf.high))))
    step = 50 if raw < 1000 else 100 if raw < 10_000 else 500 if raw < 30_000 else 1000
    return float(max(round(raw / step), 1) * step - 1)


def _description(
    shelf: Shelf, shade: str, style: str, material: str | None, occasion: str | None, rng: np.random.Generator
) -> str:
    made = f" in {material}" if material else ""
    wear = f", for {occasion} days" if occasion else ""
    look = style.lower() if _is_read(shelf) else f"{style.lower()} {shade}"
    return f"{look.capitalize()} {shelf.noun}{made}{wear}. {_pick(rng, words('praise'))}"

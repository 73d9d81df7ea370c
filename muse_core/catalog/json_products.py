"""Products of JSON as services write them -> flat records: options by name, variants joined.

An option of a list ({'name': 'Size', 'values': [...]}) becomes a field 'Size'; of several variants the
cheapest gives the price, and all give their sizes and colours. Amounts by currency become one amount.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from muse_core.catalog import amounts, currency, headers, options
from muse_core.catalog.envelopes import PRICE_LIKE, Record, has_price, key_words, unwrapped, words
from muse_core.catalog.tables import listed, table

_MAX_VARIANTS = 2000
OTHER_KIND = "entry of another kind than the products"


def joined(records: Sequence[Record], dropped: Counter[str]) -> list[Record]:
    """One record a product: variants inside it or pointing at it joined, entries of other kinds out."""
    whole = _with_children(records, dropped)
    whole = _of_one_kind(whole, dropped)
    return [_joined(record) for record in whole]


# ---- lines that point at a parent -----------------------------------------------------------------


def _with_children(records: Sequence[Record], dropped: Counter[str]) -> list[Record]:
    """Bulk exports: variants are lines of their own that name the line of their product."""
    from muse_core.catalog.variants import JOINED

    if not any("__parentId" in record for record in records):
        return list(records)
    by_id = {str(record.get("id")): dict(record) for record in records if "__parentId" not in record}
    for record in records:
        parent = by_id.get(str(record.get("__parentId", "")))
        if parent is not None:
            dropped[JOINED] += 1
            if has_price(record):
                parent.setdefault("variants", []).append(record)
    orphans = [r for r in records if "__parentId" in r and str(r["__parentId"]) not in by_id]
    return [*by_id.values(), *orphans]


def _of_one_kind(records: Sequence[Record], dropped: Counter[str]) -> list[Record]:
    """Where a key names the kind of entry, only kinds of which some have a price; 'WebSite' has none."""
    key = next((key for key in words("parts", "kinds") if sum(key in r for r in records) > 1), None)
    if key is None:
        return list(records)
    priced = {str(record.get(key)) for record in records if has_price(record)}
    kept = [
        record for record in records if not priced or str(record.get(key)) in priced or not record.get(key)
    ]
    if len(kept) < len(records):
        dropped[OTHER_KIND] += len(records) - len(kept)
    return kept


# ---- one product ----------------------------------------------------------------------------------


def _joined(record: Record) -> Record:
    if not any(isinstance(value, list | dict) for value in record.values()):
        return record
    out: Record = {}
    options_of: dict[str, list[str]] = {}
    variants: list[Record] = []
    names: list[str] = []
    for key, value in record.items():
        inner = objects(value) if isinstance(value, list | dict) else []
        bare = key_words(key)
        if inner and bare in words("parts", "variants"):
            variants = [_one_price(unwrapped(each)) for each in inner[:_MAX_VARIANTS]]
            out[key] = {}  # its place among the columns
        elif inner and bare in words("parts", "named") and (named := list(_named(inner))):
            names = [name for name, _ in named] if bare == "options" else names
            _collect(options_of, named)
        else:
            out[key] = value
    if variants:
        place = next(key for key in out if key_words(key) in words("parts", "variants"))
        out[place] = _cheapest(variants)
        _put_lower_price(out, place)
        for variant in variants:
            _collect(options_of, _options_of(variant, names))
    for name, values in options_of.items():
        out.setdefault(name, options.SEPARATOR.join(dict.fromkeys(values)))
    return _one_price(out)


def objects(value: Any) -> list[Record]:
    """The objects of a list, of GraphQL's edges or nodes, or of an object of objects."""
    if isinstance(value, dict) and len(value) > 0 and all(isinstance(item, dict) for item in value.values()):
        return [{"title": key, **item} for key, item in value.items()]
    if isinstance(value, dict):
        inner = value.get("edges") or value.get("nodes") or value.get("items") or value.get("data")
        value = inner if isinstance(inner, list) else []
    found = [item for item in value if isinstance(item, dict)]
    return [item["node"] if isinstance(item.get("node"), dict) else item for item in found]


def _named(items: Sequence[Record]) -> Iterator[tuple[str, list[str]]]:
    """Name and values of each entry of a list of options; nothing where an entry has no name."""
    for item in items:
        name = _first(item, "name")
        if isinstance(name, str) and name.strip():
            yield name, _texts(_first(item, "value", besides=name))


def _first(item: Record, part: str, besides: Any = None) -> Any:
    by_key = {key_words(key): value for key, value in item.items()}
    for key in listed_parts(part):
        if key in by_key and by_key[key] not in (None, "", besides):
            return by_key[key]
    return None


def listed_parts(part: str) -> list[str]:
    """The keys of a part of an option, the most telling first."""
    return listed(table("envelopes")["parts"][part])


def _texts(value: Any) -> list[str]:
    """Values of an option as texts: 'S', ['S', 'M'], [{'value': 'S'}]."""
    if isinstance(value, dict):
        value = value.get("label") or value.get("value") or value.get("name") or value.get("text")
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [str(value)] if isinstance(value, str | int | float) and not options.is_ignored(str(value)) else []


def _collect(options_of: dict[str, list[str]], named: Any) -> None:
    for name, values in named:
        if name.lower() != "title" and values:
            options_of.setdefault(options.option_name(name), []).extend(values)


def _options_of(variant: Record, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The options of one variant: by name, by number, by fields of its own, else out of its title."""
    found: list[tuple[str, list[str]]] = []
    for key, value in variant.items():
        bare = key_words(key)
        if isinstance(value, list | dict) and bare in words("parts", "named"):
            found += list(_named(objects(value)))
            if isinstance(value, dict):
                found += [(name, _texts(text)) for name, text in value.items() if isinstance(text, str)]
        elif bare.startswith("option") and bare[6:].strip().isdigit() and isinstance(value, str):
            number = int(bare[6:]) - 1
            if number < len(names):
                found.append((names[number], _texts(value)))
        elif any(headers.claim(key, meaning) >= headers.EXACT for meaning in ("sizes", "colour")):
            found.append((key, _texts(value)))
    return found or _by_title(variant, names)


def _by_title(variant: Record, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    title = next(
        (value for key, value in variant.items() if key in ("title", "name") and isinstance(value, str)), ""
    )
    pairs = options.named_by_value(title)
    if len(names) == len(pairs):
        return [(name, [value]) for name, (_, value) in zip(names, pairs, strict=True)]
    return [(name, [value]) for name, value in pairs]


# ---- money ----------------------------------------------------------------------------------------


def _cheapest(variants: Sequence[Record]) -> Record:
    """The variant with the lowest price, without what only tells it from the others."""
    from muse_core.catalog.objects import flattened

    def price_of(variant: Record) -> float:
        return next(
            (value for text in _price_texts(dict(flattened(variant))) if (value := amounts.price(text))), 1e12
        )

    return min(variants, key=price_of)


def _put_lower_price(out: Record, place: str) -> None:
    """Where the product has a price of its own, it becomes the cheapest variant's if that is lower."""
    from muse_core.catalog.objects import flattened

    own = next((key for key in out if headers.claim(key, "price") >= headers.EXACT), None)
    of_product = amounts.price(str(out[own])) if own else None
    of_variant = next(filter(None, map(amounts.price, _price_texts(dict(flattened(out[place]))))), None)
    if own and of_product and of_variant and of_variant < of_product:
        out[own] = of_variant


def _price_texts(flat: dict[str, str]) -> list[str]:
    """The texts of a variant's prices, the one that is asked first."""
    claims = [(headers.is_before_discount(key), -headers.claim(key, "price"), key) for key in flat]
    return [flat[key] for late, strength, key in sorted(claims) if strength <= -PRICE_LIKE]


def _one_price(record: Record) -> Record:
    """A list of amounts in several currencies becomes the one in INR, else the first; of several offers the
    lowest price is the price."""
    out = record
    for key, value in record.items():
        if isinstance(value, dict) and "lowPrice" in value and "price" not in value:
            out = {**out, key: {**value, "price": value["lowPrice"]}}  # an AggregateOffer of schema.org
        if (
            isinstance(value, list)
            and len(value) > 1
            and key_words(key) in ("prices", "price", "money amount")
        ):
            entries = [item for item in value if isinstance(item, dict) and _code(item)]
            if len(entries) == len(value):
                best = next((item for item in entries if _code(item) == "INR"), entries[0])
                out = {**out, key: [best]}
    return out


def _code(item: Record) -> str | None:
    """The currency that an amount names in a key beside it or one level below."""
    for key, value in item.items():
        if isinstance(value, str) and headers.claim(key, "currency") >= headers.EXACT:
            return currency.code_of_cell(value)
        if isinstance(value, dict) and (code := _code(value)):
            return code
    return None

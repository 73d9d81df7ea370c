"""Cells of numbers -> values with one unit: "8GB", "8 gb ram", "1 TB" -> "8 gb", "8 gb", "1024 gb".

The unit is that of most cells (of equal ones the smaller), bare numbers are in the unit of the header or of
the column. Cells of several dimensions ("500 g", "1 l", "6 pieces") are a choice of such texts instead.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from muse_core.catalog import cells
from muse_core.catalog.facets import number_text
from muse_core.catalog.words import stems
from muse_core.language.units import COUNT, converted, dimension_of, find_quantities, meant_in, unit_of

Amount = tuple[float, str]  # "" for a bare number, "?word" for a unit that we do not know
_MOSTLY = 0.85  # share of cells that must be numbers of one dimension
_TOLD = 0.3  # share of a cell's signs that its numbers and units are
_MOST_BARE = 1000
_QUICK = re.compile(r"[<>~\u2264\u2265\u2248]?\s*(-?\d+(?:\.\d+)?)\s*-?\s*([^\W\d]*|%|\"|\u2033)\.?")
_BARE = re.compile(r"[<>~\u2264\u2265]?\s*\d[\d,.\s]*(?:\s*(?:-|\u2013|to)\s*\d[\d,.\s]*)?\+?")
_NO_NUMBER = re.compile(r"\d\s*[x\u00d7*]\s*\d|\d{4}-\d\d|\d[/:]\d")  # sizes of boxes, dates, times
_CODE = re.compile(r"0\d{2,}|\d{9,}")


@dataclass(frozen=True)
class Numbers:
    """Raw cell -> values. `stated`: the unit is the header's."""

    of_cell: Mapping[str, tuple[str, ...]]
    stated: bool


def numbers_of(
    cleaned: Mapping[str, str], stated: str | None, header: str, counts: Counter[str] | None = None
) -> Numbers | str | None:
    """The column as numbers; None when it holds something else, and why it is no facet where it holds
    numbers that shoppers do not ask for."""
    weights = counts or Counter(dict.fromkeys(cleaned, 1))
    amounts = {raw: _amounts(text) for raw, text in cleaned.items()}
    known = sum(weights[raw] for raw, text in cleaned.items() if text)
    numbered = sum(weights[raw] for raw, found in amounts.items() if found)
    if not known or numbered < _MOSTLY * known:
        return None
    if _money(cleaned, amounts):
        return "amounts of money"
    own = _units(amounts, weights, stated, header)
    if own is None:
        return Numbers(
            {raw: tuple(dict.fromkeys(number_text(value, unit.lstrip("?")) for value, unit in found))
             for raw, found in amounts.items()}, False
        )  # fmt: skip
    unit, is_stated = own
    of_cell = {raw: _in_unit(found, unit, header) for raw, found in amounts.items()}
    if sum(weights[raw] for raw, values in of_cell.items() if values) < _MOSTLY * known:
        return None
    if not unit and (why := _codes(cleaned, weights, of_cell)):
        return why
    return Numbers(of_cell, is_stated)


def _money(cleaned: Mapping[str, str], amounts: Mapping[str, tuple[Amount, ...]]) -> bool:
    """Whether the numbers have a currency ("ft" behind a known unit is none)."""
    unknown = (raw for raw, found in amounts.items() if found and found[0][1][:1] in ("", "?"))
    sample = [cleaned[raw] for raw in islice(unknown, 50)]
    return sum(cells.currency(text) is not None for text in sample) > 0.5 * len(sample)


def _codes(
    cleaned: Mapping[str, str], weights: Counter[str], of_cell: Mapping[str, tuple[str, ...]]
) -> str | None:
    """Why bare numbers are none that a shopper asks for."""
    texts = [text for text in cleaned.values() if text]
    if sum(bool(_CODE.fullmatch(text)) for text in texts) > 0.2 * len(texts):
        return "numbers that are codes"
    different = len({value for values in of_cell.values() for value in values})
    known = sum(weights[raw] for raw, values in of_cell.items() if values)
    if different > _MOST_BARE or different > max(20, 0.5 * known):
        return "numbers without a unit, nearly all different"
    return None


# ---- one cell --------------------------------------------------------------------------------------


def _amounts(text: str) -> tuple[Amount, ...]:
    """The numbers of a cell with their units; none when the cell is about something else."""
    quick = _QUICK.fullmatch(text)
    if quick:
        unit = _unit_of(quick[2])
        return ((float(quick[1]), unit),) if unit is not None else ()
    if len(text) > 80 or not any(map(str.isdigit, text)) or _NO_NUMBER.search(text):
        return ()
    if _BARE.fullmatch(text):
        numbers = re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d)\s?,\s?(?=\d{2,3}(?:\D|$))", "", text))
        return tuple((float(number), "") for number in numbers[:2])
    found = find_quantities(text, in_cell=True)
    if sum(one.end - one.start for one in found) < _TOLD * len(text):
        return ()
    return tuple((one.value, one.unit) for one in found)


@lru_cache(maxsize=4096)
def _unit_of(word: str) -> str | None:
    """The unit of a cell's one word; '?word' for one that may be a unit; None for what is none."""
    if not word:
        return ""
    if word in ('"', "\u2033"):
        return "inch"
    known = unit_of(word)
    if known or len(word) < 2:
        return known
    return f"?{word.lower()}"


# ---- the column ------------------------------------------------------------------------------------


def _units(
    amounts: Mapping[str, tuple[Amount, ...]], weights: Counter[str], stated: str | None, header: str
) -> tuple[str, bool] | None:
    """(the column's unit, whether it is the header's); None where cells measure different things."""
    by_unit: Counter[str] = Counter()
    for raw, found in amounts.items():
        for unit in {unit for _, unit in found}:
            by_unit[unit] += weights[raw]
    bare = by_unit.pop("", 0)
    if not by_unit:
        return (stated or "", stated is not None)
    by_dimension: Counter[str] = Counter()
    for unit, weight in by_unit.items():
        by_dimension[dimension_of(unit) or unit] += weight
    main, most = by_dimension.most_common(1)[0]
    letters = sum(weight for unit, weight in by_unit.items() if meant_in(unit, main) != unit)
    if most + letters < _MOSTLY * sum(by_unit.values()):
        return None
    if bare > most:
        return (stated or "", stated is not None)
    if main == COUNT:
        return "", False
    if main.startswith("?"):
        word = main[1:]
        return ("" if set(stems(word)) <= set(stems(header.replace("_", " "))) else word), False
    of_main = {unit: weight for unit, weight in by_unit.items() if dimension_of(unit) == main}
    return min(of_main, key=lambda unit: (-of_main[unit], converted(1, unit, min(of_main)) or 0)), False


def _in_unit(found: tuple[Amount, ...], unit: str, header: str) -> tuple[str, ...]:
    """The cell's values in the column's unit; those that measure something else are left out."""
    values = []
    for value, own in found:
        if not own or own == f"?{unit}" or (not unit and (own[:1] == "?" or dimension_of(own) == COUNT)):
            values.append(number_text(value, unit))
            continue
        meant = meant_in(own, dimension_of(unit) or "")
        inside = converted(value, meant, unit) if unit else None
        if inside is not None:
            values.append(number_text(inside, unit))
    return tuple(dict.fromkeys(values))

"""The price of every row, in the one currency of the catalogue, with what was unsure about it.

What one cell cannot tell is decided for the column: which sign is the decimal one, which currency, and
whether amounts are in paise or cents. Amounts in another currency are left out, never converted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from muse_core.catalog import amounts, cells, currency, headers
from muse_core.catalog.number_style import NumberStyle, style_of
from muse_core.catalog.questions import Answers, Question, set_flag
from muse_core.catalog.raw_table import RawTable

_JUDGED = 5000  # cells of a column that its style and its currency are judged by
_HOME = "INR"  # where nothing says otherwise
_MINOR_FROM = 10_000  # a median of round amounts from here on may be in paise
_UNITS = frozenset(
    ["fraction digits", "currency minor unit", "minor unit", "minor units", "exponent", "precision"]
)

Meaning = Mapping[str, Sequence[str]]


@dataclass
class Money:
    """A price per row (empty when there is no column of prices), the catalogue's currency, and the columns
    that were read, the first one first."""

    values: list[float | None]
    currency: str = _HOME
    sources: Sequence[str] = ()
    notes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def read_money(table: RawTable, meaning: Meaning, keep: Sequence[int], answers: Answers) -> Money:
    """The prices of the kept rows: of each row the first price column that has one."""
    sources = _without_ranges(list(meaning.get("price", ())))
    codes = _row_codes(table, meaning, keep)
    money = Money([], _currency(table, sources, codes, keep, answers))
    if not sources and meaning.get("cost"):
        _ask_cost(meaning["cost"][0], money)
    _ask_currency(table, sources, keep, answers, money)
    used = [name for name in sources if _header_code(name) in (None, money.currency)]
    _note_left_out([name for name in sources if name not in used], money)
    if not used:
        return money
    money.sources = used
    columns = [_column(table, name, keep, answers, money) for name in used]
    foreign = [bool(code) and code != money.currency for code in codes] if codes else []
    money.values = [
        None if foreign and foreign[at] else next((value for value in row if value), None)
        for at, row in enumerate(zip(*columns, strict=True))
    ]
    _note(table, used, keep, codes, money)
    if answers.minor_units is None:
        _ask_minor_units(used, money)
    return money


def _without_ranges(sources: list[str]) -> list[str]:
    exact = [name for name in sources if "range" not in headers.spoken(name)]
    return exact or sources


# ---- currency -------------------------------------------------------------------------------------


def _header_code(name: str) -> str | None:
    return currency.code_in(headers.folded(name).replace("mrp", ""))


def _row_codes(table: RawTable, meaning: Meaning, keep: Sequence[int]) -> list[str | None]:
    """The code of each row where a column names it; [] without such a column."""
    source = next(iter(meaning.get("currency", ())), None)
    if source is None:
        return []
    column = table.columns[source]
    return [currency.code_of_cell(cells.text(column[row])) for row in keep]


def _currency(
    table: RawTable,
    sources: Sequence[str],
    codes: Sequence[str | None],
    keep: Sequence[int],
    answers: Answers,
) -> str:
    """The one that the user, most rows, the fullest column's header or most prices name; else INR."""
    if answers.currency:
        return answers.currency.upper()
    named = Counter(code for code in codes if code)
    if named:
        return _most(named)
    by_header = _filled_by_code(table, sources, keep)
    if by_header:
        return _most(by_header)
    written: Counter[str] = Counter()
    for name in sources:
        written.update(code for row in keep[:_JUDGED] if (code := _first_code(table.columns[name][row])))
        if written:
            break
    return _most(written) if written else _HOME


def _most(counts: Counter[str]) -> str:
    """The most frequent code; of equals INR, then the first."""
    top = max(counts.values())
    best = [code for code, count in counts.items() if count == top]
    return _HOME if _HOME in best else best[0]


def _first_code(cell: str) -> str | None:
    """The currency of a cell's price. A cell that gives the price twice speaks for the home currency."""
    codes = [amount.currency for amount in amounts.amounts(amounts.plain(cell)) if amount.currency]
    return _HOME if _HOME in codes else next(iter(codes), None)


def _filled_by_code(table: RawTable, sources: Sequence[str], keep: Sequence[int]) -> Counter[str]:
    """How many rows have a price under the headers of each currency."""
    filled: Counter[str] = Counter()
    for name, column in table.columns.items():
        code = _header_code(name) if name in sources else None
        if code:
            filled[code] = max(filled[code], sum(1 for row in keep if cells.text(column[row])))
    return filled


def _ask_currency(
    table: RawTable, sources: Sequence[str], keep: Sequence[int], answers: Answers, money: Money
) -> None:
    """Columns in several currencies that are about as full: which one the shop sells in is a question."""
    filled = _filled_by_code(table, sources, keep)
    rivals = [code for code, count in filled.items() if count >= 0.9 * filled.get(money.currency, 0)]
    if answers.currency or len(rivals) < 2:
        return
    other = next(code for code in rivals if code != money.currency)
    money.questions.append(
        Question(
            "currency",
            f"prices are given in {', '.join(rivals)}; {money.currency} was taken. Is that the shop's?",
            set_flag("currency", f'"{other}"'),
        )
    )


def _note_left_out(others: Sequence[str], money: Money) -> None:
    for name in others:
        money.notes.append(
            f"{name!r} holds prices in {_header_code(name)}; the catalogue is in {money.currency}, so it was "
            "left out"
        )


# ---- columns --------------------------------------------------------------------------------------


def _column(
    table: RawTable, name: str, keep: Sequence[int], answers: Answers, money: Money
) -> list[float | None]:
    """The amounts of one column in the catalogue's currency and whole units."""
    column = table.columns[name]
    style = _style(name, (column[row] for row in keep[:_JUDGED]), answers, money)
    divisors = _divisors(table, name, keep, answers, money)
    found = [amounts.price(column[row], style.decimal, money.currency) for row in keep]
    if isinstance(divisors, int):
        return found if divisors == 1 else [value and round(value / divisors, 3) for value in found]
    return [value and round(value / by, 3) for value, by in zip(found, divisors, strict=True)]


def _style(name: str, column: Iterable[str], answers: Answers, money: Money) -> NumberStyle:
    if answers.decimal:
        return NumberStyle(answers.decimal)
    tokens = (amount.token for cell in column for amount in amounts.amounts(amounts.plain(cell)))
    style = style_of(tokens, three_decimals=currency.exponent(money.currency) == 3)
    if not style.sure:
        money.questions.append(
            Question(
                "price",
                f"in {name!r} numbers like '1.299' were read as thousands. Is the dot a decimal point?",
                set_flag("decimal", '"."'),
            )
        )
    if style.odd:
        money.notes.append(
            f"{style.odd} numbers of {name!r} are written with another decimal sign than {style.decimal!r}"
        )
    return style


def _divisors(
    table: RawTable, name: str, keep: Sequence[int], answers: Answers, money: Money
) -> int | list[int]:
    """What the amounts of a column are divided by: one number, or one a row where a column beside says."""
    if answers.minor_units is not None:
        return answers.minor_units
    digits = next((other for other in table.columns if _counts_digits(other)), None)
    if digits is not None and _is_beside(name, digits):
        column = table.columns[digits]
        return [
            10 ** int(cell) if (cell := column[row].strip()) in ("0", "1", "2", "3") else 1 for row in keep
        ]
    divisor = currency.divisor_of(headers.spoken(re.sub(r"[()\[\]]", " ", name)), money.currency)
    if divisor and divisor > 1:
        money.notes.append(f"{name!r} is in a smaller unit; its amounts were divided by {divisor:,}")
    return divisor or 1


def _counts_digits(name: str) -> bool:
    words = headers.spoken(name).split()
    return " ".join(words[-2:]) in _UNITS or " ".join(words[-3:]) in _UNITS or name.lower() in _UNITS


def _is_beside(name: str, other: str) -> bool:
    """Whether two flattened names lie in one object: 'prices price' and 'prices currency_minor_unit'."""
    return name.rpartition(" ")[0] == other.rpartition(" ")[0]


# ---- what to tell ---------------------------------------------------------------------------------


def _note(
    table: RawTable, used: Sequence[str], keep: Sequence[int], codes: Sequence[str | None], money: Money
) -> None:
    if len(used) > 1:
        money.notes.append(
            f"price is read from {used[0]!r}; where that is empty from {', '.join(map(repr, used[1:]))}"
        )
    column = table.columns[used[0]]
    ranges = sum(1 for row in keep if cells.is_range(column[row]))
    if ranges:
        money.notes.append(f"{ranges} prices are ranges; the low end was taken")
    others = _foreign(column, keep, codes, money)
    if others:
        listed = ", ".join(f"{count} in {code}" for code, count in others.items())
        money.notes.append(
            f"{sum(others.values())} prices are in another currency than the catalogue's {money.currency} "
            f"({listed}); left out, not converted"
        )
    _note_unknown(column, keep, others, money)


def _foreign(
    column: Sequence[str], keep: Sequence[int], codes: Sequence[str | None], money: Money
) -> Counter[str]:
    """Rows without a price because it is in another currency, by code."""
    found: Counter[str] = Counter()
    for at, row in enumerate(keep):
        if money.values[at] is None:
            code = (codes[at] if codes else None) or _first_code(column[row])
            if code and code != money.currency:
                found[code] += 1
    return found


def _note_unknown(column: Sequence[str], keep: Sequence[int], others: Counter[str], money: Money) -> None:
    unknown = sum(1 for value in money.values if value is None)
    written = sum(1 for at, row in enumerate(keep) if money.values[at] is None and cells.text(column[row]))
    unreadable = max(0, written - sum(others.values()))
    if unknown:
        told = f"; {unreadable} of them unreadable" if unreadable else ""
        money.notes.append(f"{unknown} rows have no readable price{told}; a price limit leaves them out")


def _ask_cost(name: str, money: Money) -> None:
    money.questions.append(
        Question(
            "price",
            f"the only amounts are {name!r}, which reads like what goods cost the shop; no price is shown. "
            "Is it the price that shoppers pay?",
            set_flag("columns", f'{{price = "{name}"}}'),
        )
    )


def _ask_minor_units(used: Sequence[str], money: Money) -> None:
    """Round amounts of five digits and more under a header that names no unit may be paise."""
    known = [value for value in money.values if value is not None]
    divided = any("smaller unit" in note for note in money.notes)
    if divided or len(known) < 3 or currency.exponent(money.currency) != 2 or median(known) < _MINOR_FROM:
        return
    if all(value % 100 == 0 for value in known):
        money.questions.append(
            Question(
                "price",
                f"all prices of {used[0]!r} are whole hundreds (median {median(known):,.0f}). "
                "Are they in paise or cents?",
                set_flag("minor_units", "100"),
            )
        )

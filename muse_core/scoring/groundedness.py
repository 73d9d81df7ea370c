"""Does a reply name only what the tools found? (MEASURES: groundedness)

Read on the lexicalised reply, the one a shopper sees. Named things are: titles, ids and translated
texts of the results; references that could not be filled in; amounts of money; star ratings; colour
and material words of the lexicon; and runs of three capitalised words that are no result's title (an
invented product). A reply that names no product at all is ungrounded. Not covered: brands that the
catalogue does not know in lower case, sizes, and claims in words ("the cheapest").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from muse_core.language.lexicon import find
from muse_core.language.prices import read_price
from muse_core.scoring.normal import normal_text
from muse_core.types import JsonValue

_REFERENCE = re.compile(r"\[\d+(?::\w*)?\]")
_AMOUNT = r"\d[\d,]*(?:\.\d+)?"
_MONEY = re.compile(
    rf"(?:₹|\brs\.?|\binr)\s*{_AMOUNT}\s*k?\b"
    rf"|{_AMOUNT}\s*(?:रुपये|रुपए|रुपया|रु\.?|rupees?|rupay[ea]|rupaye)",
    re.IGNORECASE,
)
_STARS = re.compile(r"(\d(?:\.\d+)?)\s*(?:★|stars?\b|स्टार|sitare|सितारे)", re.IGNORECASE)
_CAPITALISED = re.compile(r"\b[A-Z][\w&'-]*(?:\s+[A-Z][\w&'-]*){2,}")
_CENT = 0.51  # rupees: a price said without its paise is still that price


@dataclass(frozen=True)
class Groundedness:
    """`named` counts the results' products (or translations) in the reply; `unknown` lists what is in
    no result."""

    grounded: bool
    named: int
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Facts:
    """What the results say, gathered once."""

    names: tuple[str, ...]
    prices: tuple[float, ...]
    ratings: tuple[float, ...]
    words: str


def check(reply_text: str, results: Sequence[JsonValue]) -> Groundedness:
    """Judge a lexicalised reply against the values of all results of the conversation so far."""
    facts = _facts(results)
    rest, named = _take_names(reply_text, facts.names)
    unknown = [*_REFERENCE.findall(rest), *_unknown_numbers(rest, facts)]
    unknown += _unknown_words(rest, facts.words)
    unknown += [run for run in _CAPITALISED.findall(rest) if normal_text(run) not in facts.words]
    return Groundedness(named > 0 and not unknown, named, unknown)


def has_facts(value: JsonValue) -> bool:
    """Whether a result holds something to be grounded in (an item or a translation)."""
    return isinstance(value, dict) and bool(value.get("items") or value.get("text"))


def _facts(results: Sequence[JsonValue]) -> _Facts:
    items = [item for value in results for item in _items(value)]
    texts = [str(value["text"]) for value in results if isinstance(value, dict) and value.get("text")]
    names = [str(item[key]) for item in items for key in ("title", "id") if item.get(key)] + texts
    every = [str(part) for item in items for part in item.values()] + texts
    return _Facts(
        tuple(sorted(set(names), key=len, reverse=True)),
        tuple(_numbers(items, "price")),
        tuple(_numbers(items, "rating")),
        " " + " ".join(normal_text(part) for part in every) + " ",
    )


def _items(value: JsonValue) -> list[dict[str, JsonValue]]:
    items = value.get("items") if isinstance(value, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _numbers(items: Sequence[dict[str, JsonValue]], key: str) -> Iterator[float]:
    return (float(number) for item in items if isinstance(number := item.get(key), int | float))


def _take_names(text: str, names: Sequence[str]) -> tuple[str, int]:
    """The text without the results' names, and how many different ones it held."""
    named = 0
    for name in names:
        pattern = r"\s+".join(re.escape(part) for part in name.split())
        if not pattern:
            continue
        text, count = re.subn(rf"(?<!\w){pattern}(?!\w)", " · ", text, flags=re.IGNORECASE)
        named += bool(count)
    return text, named


def _unknown_numbers(text: str, facts: _Facts) -> Iterator[str]:
    for amount in _MONEY.findall(text):
        price = read_price(amount)
        if price is None or all(abs(price - known) > _CENT for known in facts.prices):
            yield amount.strip()
    for rating in _STARS.findall(text):
        if all(abs(float(rating) - known) > 0.051 for known in facts.ratings):
            yield f"{rating} stars"


def _unknown_words(text: str, known: str) -> Iterator[str]:
    """Colour and material words that no result holds (as canonical value or as written)."""
    for slot in ("colour", "material"):
        for value, start, end in find(slot, text):
            if f" {normal_text(value)} " not in known and f" {normal_text(text[start:end])} " not in known:
                yield text[start:end]

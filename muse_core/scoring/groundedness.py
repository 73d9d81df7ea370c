"""Does a reply say of each product only what the tools found about it? (docs/metrics.md#groundedness)

Judged per item and field: a value counts for the product that it is said of, and must be that product's. A
value of another item is false, as is one of none. Of which product a value is said, within a clause (up to
a full stop, a danda, a semicolon):

- of the one that the words tie it to: `₹949 for [1]`, `cotton ([1])`, `blue [1]`, `₹949 वाला [1]`
- in order where names come first and as many values of one field behind them: `[1] and [2] cost ₹5 and ₹9`
- of the next one where values lead and a name ends the clause: `cotton में [1] है, silk में [2]`
- of all named where it is said of both: `[1] and [2] are both cotton`
- else of the nearest product before it, or of the first behind it

"not cotton", "cotton के बिना" says of the product that it is not that (cues in `cues.toml`).

A clause that names nothing speaks of what the clause before it named; where nothing was named, prices and
ratings must be any product's, and colours, materials and brands are said of none. A reply that names no
product at all is ungrounded. Runs of three capitalised words that are in no result (an invented product) and
references that could not be filled in are false too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from muse_core.scoring.cue_words import cues
from muse_core.scoring.normal import normal_text
from muse_core.scoring.said import Item, Mention, Said, Value, said_in
from muse_core.scoring.said_facets import has_quantity
from muse_core.tools.base import ITEM_FIELDS
from muse_core.tools.references import fill_in, items_of
from muse_core.types import Facet, JsonValue, Language

_CAPITALISED = re.compile(r"\b[A-Z][\w&'-]*(?:\s+[A-Z][\w&'-]*){2,}")
_CLAUSE_END = re.compile(r"[.!?।](?=\s|$)|;")
_BOTH = re.compile(r"\bboth\b|दोनों|\bdono\b", re.IGNORECASE)
_TIES = re.compile(r"\s*(?:for|wal[aie]|वाल[ाीे])\s*$|\s*(?:hai|है)?\s*\($", re.IGNORECASE)
_ADJECTIVES = ("colour", "material", "brand", "choice", "quantity")
_CENT, _TENTH = 0.51, 0.051  # a price said without its paise, a rating without its hundredths


@dataclass(frozen=True)
class Groundedness:
    """`named` counts the products (or translations) in the reply; `unknown` lists what is not so: values of
    another item or of none, unfilled references, invented products; `swapped`: the values of another item."""

    grounded: bool
    named: int
    unknown: list[str] = field(default_factory=list)
    swapped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Facts:
    """What the results say: each product once, and the translated texts. `shown`: what references mean."""

    items: tuple[Item, ...]
    texts: tuple[str, ...]
    shown: tuple[int, ...]

    @cached_property
    def words(self) -> list[str]:
        """All words of each product."""
        return [f" {' '.join(normal_text(str(part)) for part in item.values())} " for item in self.items]

    def knows(self, text: str) -> bool:
        said = normal_text(text)
        return any(said in words for words in (*self.words, *map(normal_text, self.texts)))

    def holds(self, at: int, value: Value, text: str) -> bool:
        """Whether product `at` has a value that is written as `text`."""
        known = self.items[at].get(value.field)
        if value.field in ("price", "rating"):
            if value.value is None or not isinstance(known, int | float):
                return value.value is None and known is None
            return abs(float(value.value) - known) <= (_CENT if value.field == "price" else _TENTH)
        if value.field == "quantity":
            return has_quantity(self.items[at], str(value.value))
        if value.field not in ITEM_FIELDS and value.field != "choice":
            return known is not None and str(known) == str(value.value)
        words = self.words[at]
        return any(f" {normal_text(said)} " in words for said in (str(value.value), text))

    def is_somebodys(self, text: str, value: Value) -> bool:
        """Whether any product has the value."""
        said = text[value.start : value.end]
        return any(self.holds(at, value, said) for at in range(len(self.items)))


def check(
    reply: str, results: Sequence[JsonValue], language: Language = "en", facets: Sequence[Facet] = ()
) -> Groundedness:
    """Judge a reply, with its references or lexicalised, against the values of all results of the
    conversation so far; references point to the last one that holds something. `facets`: the shop's, whose
    choices are then known where no result has them."""
    facts, last = _facts(results)
    text, filled = fill_in(reply, last, language)
    said, rest = said_in(text, filled, facts.shown, facts.items, facts.texts, facets)
    named = {one.items for one in said if isinstance(one, Mention)}
    unknown = [text[place.start : place.end] for place in filled if place.item is None]
    wrong = list(_wrong_values(text, said, facts))
    unknown += [text[one.start : one.end] for one in wrong]
    unknown += [run for run in _CAPITALISED.findall(rest) if not facts.knows(run)]
    swapped = [text[one.start : one.end] for one in wrong if facts.is_somebodys(text, one)]
    is_grounded = bool(named) or _found_nothing(results)
    return Groundedness(is_grounded and not unknown, len(named), unknown, swapped)


def _found_nothing(results: Sequence[JsonValue]) -> bool:
    """Whether the last of the results is a search that found nothing: then there is no product to name."""
    last = results[-1] if results else None
    return isinstance(last, dict) and last.get("items") == []


def has_facts(value: JsonValue) -> bool:
    """Whether a result holds something to be grounded in (an item or a translation)."""
    return isinstance(value, dict) and bool(value.get("items") or value.get("text"))


def _facts(results: Sequence[JsonValue]) -> tuple[_Facts, JsonValue]:
    items: dict[str, dict[str, JsonValue]] = {}
    texts = [str(value["text"]) for value in results if isinstance(value, dict) and value.get("text")]
    for value in results:
        for item in _products(value):
            items.setdefault(_key(item), {}).update(item)
    last = next((value for value in reversed(results) if has_facts(value)), None)
    order = list(items)
    shown = tuple(order.index(_key(item)) for item in _products(last))
    return _Facts(tuple(items.values()), tuple(texts), shown), last


def _products(value: JsonValue) -> list[Item]:
    is_product = isinstance(value, dict) and "items" in value
    return items_of(value) if is_product else []


def _key(item: Item) -> str:
    return str(item.get("id", item.get("title")))


# ---- whose value ----------------------------------------------------------------------------------


def _wrong_values(text: str, said: Sequence[Said], facts: _Facts) -> Iterator[Value]:
    everything = frozenset(range(len(facts.items)))
    before: list[frozenset[int]] = []
    for start, end in _clauses(text, said):
        clause = [one for one in said if start <= one.start < end]
        mentions = [one.items for one in clause if isinstance(one, Mention) and one.items]
        is_question = text[start:end].rstrip().endswith("?")
        is_of_nothing = is_question or not before
        others = [everything] if is_of_nothing else [frozenset().union(*before)]
        for value, owners in _owners(text[:end], clause, bool(_BOTH.search(text, start, end))):
            if not owners and is_of_nothing and value.field in _ADJECTIVES:
                continue  # "red or blue?", "nothing in red": said of no product
            wanted = owners or others
            if not _is_so(
                value, text[value.start : value.end], wanted, facts, _is_denied(text, value, start, end)
            ):
                yield value
        before = mentions or before


def _is_so(
    value: Value, spoken: str, wanted: Sequence[frozenset[int]], facts: _Facts, is_denied: bool
) -> bool:
    """Whether each of the products has the value; none of them where it is denied."""
    if is_denied:
        return not any(facts.holds(at, value, spoken) for one in wanted for at in one)
    return all(any(facts.holds(at, value, spoken) for at in one) for one in wanted)


def _is_denied(text: str, value: Value, start: int, end: int) -> bool:
    """Whether the words around a value in its clause say that something is not so."""
    if value.field not in _ADJECTIVES:
        return False
    before = normal_text(text[start : value.start].rpartition(",")[2])  # "no, cotton" denies nothing
    after = normal_text(text[value.end : end])
    return bool(cues().denied_before.search(before) or cues().denied_after.match(after))


def _clauses(text: str, said: Sequence[Said]) -> Iterator[tuple[int, int]]:
    """Where clauses begin and end; a stop inside a name or value ends none."""
    inside = [(one.start, one.end) for one in said]
    start = 0
    for match in _CLAUSE_END.finditer(text):
        if not any(first <= match.start() < last for first, last in inside):
            yield start, match.end()
            start = match.end()
    yield start, len(text)


def _owners(
    text: str, clause: Sequence[Said], is_of_both: bool
) -> Iterator[tuple[Value, list[frozenset[int]]]]:
    """Each value of a clause with the products that must have it; none: nothing is named here."""
    spoken = [one for one in clause if isinstance(one, Value) or one.items]
    mentions = [one for one in spoken if isinstance(one, Mention)]
    in_order = _in_order(spoken)
    leads = bool(spoken) and isinstance(spoken[0], Value) and isinstance(spoken[-1], Mention)
    for one in spoken:
        if not isinstance(one, Value):
            continue
        after = next((mention for mention in mentions if mention.start >= one.end), None)
        back = next((mention for mention in reversed(mentions) if mention.end <= one.start), None)
        if one in in_order:
            yield one, [in_order[one].items]
        elif after is not None and _is_tied(text, one, after):
            yield one, [after.items]
        elif is_of_both and len(mentions) > 1 and sum(v.field == one.field for v in _values(spoken)) == 1:
            yield one, [mention.items for mention in mentions]
        else:
            nearest = (after or back) if leads else (back or after)
            yield one, [nearest.items] if nearest else []


def _values(spoken: Sequence[Said]) -> list[Value]:
    return [one for one in spoken if isinstance(one, Value)]


def _in_order(spoken: Sequence[Said]) -> dict[Value, Mention]:
    """Runs of names with as many values of one field right behind them: the first has the first."""
    found: dict[Value, Mention] = {}
    names: list[Mention] = []
    for key, run in groupby(spoken, lambda one: one.field if isinstance(one, Value) else ""):
        part = list(run)
        if not key:
            names = [one for one in part if isinstance(one, Mention)]
        elif len(names) == len(part) > 1:
            found |= zip(_values(part), names, strict=True)
    return found


def _is_tied(text: str, value: Value, after: Mention) -> bool:
    """Whether the words between say that the value is that of the name right behind it."""
    between = text[value.end : after.start]
    if between.rstrip().endswith("("):
        return bool(_TIES.match(between.rstrip())) and text[after.end : after.end + 1] == ")"
    return bool(_TIES.match(between)) or (value.field in _ADJECTIVES and not between.strip())

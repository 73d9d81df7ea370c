"""What the rules read in an utterance: prices, lexicon values, brands, the shop's facets, pictures, numbers,
negation.

Two utterances that read alike ask for the same thing as far as rules can tell. `position` finds the end
of the words that a call's arguments depend on; a turn in which that is not where the simulator put it
is not understood, and is left alone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources

from muse_core.catalog.facets import facets_of
from muse_core.language import lexicon
from muse_core.language.facet_requests import find_facets
from muse_core.language.matching import Token, form_key, singulars, tokens, word_key
from muse_core.language.prices import find_prices
from muse_core.types import Facet, JsonValue, Product, ToolCall

IMAGE = re.compile(r"\[image:(\w+)\]")
_PRICES = ("min_price", "max_price")
MONEY = "price"
INVENTED = ("brand", "title", MONEY)  # what a shopper may not name out of nowhere


@dataclass(frozen=True)
class Fact:
    """One thing that is said: `value` is canonical; offsets are code points."""

    slot: str
    value: str
    start: int
    end: int

    @property
    def key(self) -> tuple[str, str]:
        return self.slot, self.value


@dataclass(frozen=True)
class Shelf:
    """What the catalogue knows, to find brands, titles and facets in a text."""

    names: Mapping[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)
    facets: tuple[Facet, ...] = ()

    @classmethod
    def of(cls, products: Iterable[Product]) -> Shelf:
        """Brands and titles by their words. A brand that is an ordinary word of the shop (as a lexicon
        value is) cannot be told from it and is left out."""
        names: dict[tuple[str, ...], tuple[str, str]] = {}
        products = tuple(products)
        for product in products:
            for slot, name in (("title", product.title), ("brand", product.brand or "")):
                words = tuple(token.key for token in tokens(name))
                if words and not (len(words) == 1 and words[0] in lexicon.english_words()):
                    names.setdefault(words, (slot, " ".join(words)))
        return cls(names, facets_of(products))

    @cached_property
    def lengths(self) -> Mapping[str, tuple[int, ...]]:
        """First word -> lengths of the names that start with it, longest first."""
        found: dict[str, set[int]] = {}
        for words in self.names:
            found.setdefault(words[0], set()).add(len(words))
        return {first: tuple(sorted(sizes, reverse=True)) for first, sizes in found.items()}

    def find(self, words: list[Token]) -> Iterator[Fact]:
        """Brands and titles in a text, longest first."""
        for at, token in enumerate(words):
            for size in self.lengths.get(token.key, ()):
                run = words[at : at + size]
                name = self.names.get(tuple(one.key for one in run))
                if name is not None:
                    yield Fact(*name, run[0].start, run[-1].end)
                    break


def read(text: str, shelf: Shelf) -> list[Fact]:
    """Everything that the rules find in a text."""
    bare = IMAGE.sub(lambda match: " " * len(match.group()), text)
    words = tokens(bare)
    found = [Fact("image", match.group(1), match.start(), match.end()) for match in IMAGE.finditer(text)]
    facets = [Fact(*row) for row in find_facets(bare, shelf.facets)]
    for span in find_prices(bare):
        if not any(_overlap(span.start, span.end, fact) for fact in facets):
            found.append(Fact(MONEY, f"{span.kind} {span.value:g}", span.start, span.end))
    found += facets
    for slot in lexicon.slots():
        found += [Fact(slot, value, start, end) for value, start, end in lexicon.find(slot, bare)]
    found += shelf.find(words)
    found += [
        Fact("number", one.key, one.start, one.end)
        for one in words
        if _has_digit(one.key) and not any(_overlap(one.start, one.end, fact) for fact in facets)
    ]
    found += [Fact("negation", "", one.start, one.end) for one in words if one.key in _negations()]
    return found


def _overlap(start: int, end: int, fact: Fact) -> bool:
    return start < fact.end and fact.start < end


def _has_digit(key: str) -> bool:
    return any(char.isdigit() for char in key)


@cache
def _negations() -> frozenset[str]:
    return frozenset(word_key(word) for word in _listed("negations"))


def keys(facts: Iterable[Fact]) -> frozenset[tuple[str, str]]:
    """What is said, without where. A number inside a price is the price."""
    facts = list(facts)
    money = [fact for fact in facts if fact.slot == MONEY]
    return frozenset(
        fact.key
        for fact in facts
        if fact.slot != "number" or not any(one.start <= fact.start < one.end for one in money)
    )


def evidence(name: str, value: JsonValue, text: str, facts: Iterable[Fact]) -> list[tuple[int, int]]:
    """Where an argument's value, or each of several, is said: offsets, none when the rules cannot read it
    there."""
    if name == "query":
        return _noun(str(value), text, facts)
    facts = list(facts)
    places: list[tuple[int, int]] = []
    for one in value if isinstance(value, list) else [value]:
        wanted = _wanted(name.removeprefix("not_"), one)
        found = [(fact.start, fact.end) for fact in facts if wanted(fact)]
        if not found:
            return []
        places += found
    return places


def _wanted(name: str, value: JsonValue) -> Callable[[Fact], bool]:
    if name in _PRICES and isinstance(value, int | float):
        return lambda fact: fact.slot == MONEY and float(fact.value.split()[1]) == float(value)
    if name == "brand":
        brand = " ".join(token.key for token in tokens(str(value)))
        return lambda fact: fact.key == ("brand", brand)
    if isinstance(value, bool):
        return lambda fact: fact.key == (name, "yes")  # without it: the negation is a fact of its own
    said = f"{value:g}" if isinstance(value, int | float) else str(value).lower()
    return lambda fact: fact.slot == name and fact.value.lower() == said


def _noun(query: str, text: str, facts: Iterable[Fact]) -> list[tuple[int, int]]:
    """The product noun in any language, or the query's own words, all of them."""
    nouns = [(fact.start, fact.end) for fact in facts if fact.key == ("product_type", query.lower())]
    if nouns:
        return nouns
    wanted = {token.key for token in tokens(query)}
    said = [one for one in tokens(text) if wanted & {one.key, *singulars(one.key)}]
    covered = {key for one in said for key in (one.key, *singulars(one.key))}
    return [(one.start, one.end) for one in said] if wanted and wanted <= covered else []


def position(text: str, call: ToolCall, facts: Iterable[Fact]) -> int | None:
    """The offset after the last word that the call depends on; None when no argument is said here."""
    facts = list(facts)
    spans = [span for name, value in call.arguments.items() for span in evidence(name, value, text, facts)]
    if not spans:
        return None
    return _with_belonging(tokens(text), max(end for _, end in spans))


def _with_belonging(words: list[Token], end: int) -> int:
    """`end`, moved behind the words that belong to the value that ends there."""
    for token in words:
        if token.start >= end:
            if token.key not in _belonging():
                break
            end = token.end
    return end


@cache
def _belonging() -> frozenset[str]:
    return frozenset(word_key(word) for word in _listed("belonging"))


@cache
def around_values() -> frozenset[str]:
    """Keys of the small words that stand between and around values."""
    return _belonging() | frozenset(word_key(word) for word in _listed("before"))


@cache
def _listed(name: str) -> tuple[str, ...]:
    """A word list of `reading.toml`."""
    text = resources.files(__package__).joinpath("reading.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)[name].split())


def spelled(text: str) -> str:
    """The text without case, punctuation and spaces: equal for two spellings of the same words."""
    return form_key(text)

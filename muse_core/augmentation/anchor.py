"""Where a continuation starts to depend on what a tool said: the anchor (docs/decisions.md#the-anchor).

The anchor is the first code point of the first catalogue title, product id, price or translated span
of the continuation. The annotator knows the catalogue, the language of the turn and what the user
said; it never looks at a call or a result. A price that the user named is no anchor (repeating
"under 2000" needs no tool).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from muse_core.augmentation.ngram import word_starts, words
from muse_core.language import lexicon
from muse_core.types import Language, Product

_TRANSLATED_SLOTS = ("product_type", "colour", "material", "occasion", "gender")
TITLE_WORDS = 3  # a title is recognised by its first words (replies may shorten long titles)

_PRICE = re.compile(
    r"(?:₹|\bRs\.?|\bINR)\s*(\d[\d,]*(?:\.\d+)?)"
    r"|(\d[\d,]*(?:\.\d+)?)\s*(?:रुपये|रुपए|रु\.?|rupees?\b|rupaye\b|rupay\b|rs\.?\b|/-)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"(?<!\w)[\"'“‘«]([^\"'”’»\n]{2,})[\"'”’»](?!\w)")
_DEVANAGARI = re.compile(r"[\u0900-\u097f]{2,}")
_LATIN = re.compile(r"(?!english\b|hindi\b)[a-z]{3,}", re.IGNORECASE)
_LETTER_AND_DIGIT = re.compile(r"(?=.*\d)(?=.*[^\W\d])")


class Annotator:
    """Finds anchors with the titles and ids of one catalogue."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._titles: dict[str, set[tuple[str, ...]]] = {}
        self._ids: set[str] = set()
        for product in products:
            title = tuple(words(product.title)[:TITLE_WORDS])
            if len(title) > 1:
                self._titles.setdefault(title[0], set()).add(title)
            if len(product.product_id) > 1 and _LETTER_AND_DIGIT.match(product.product_id):
                self._ids.add(product.product_id.lower())

    def find(
        self, continuation: str, language: Language, *, said: str = "", is_translation: bool = False
    ) -> int | None:
        """Code-point offset of the anchor, None without one. `said` is the user's utterance;
        `is_translation`: the user asked for a translation, so a shop word or a span of the other script
        is what was asked for."""
        named = self.find_name(continuation)
        found = [*self._prices(continuation, said), *([] if named is None else [named])]
        found += [match.start(1) for match in _QUOTED.finditer(continuation) if match.group(1) not in said]
        if is_translation:
            found += _translated(continuation, language, said)
        return min(found, default=None)

    def find_name(self, text: str) -> int | None:
        """Code-point offset of the first title or product id."""
        starts = word_starts(text)
        spoken = [word for _, word in starts]
        for place, (offset, word) in enumerate(starts):
            titles = self._titles.get(word, ())
            if any(tuple(spoken[place : place + len(title)]) == title for title in titles):
                return offset
            if word in self._ids:
                return offset
        return None

    def _prices(self, text: str, said: str) -> Iterator[int]:
        heard = set(words(said))
        for match in _PRICE.finditer(text):
            group = 1 if match.group(1) else 2
            if match.group(group).replace(",", "") not in heard:
                yield match.start(group)
                return


def _translated(text: str, language: Language, said: str) -> list[int]:
    """The first shop word of the lexicon, in any script, that the user did not write himself; without
    one, the first run of the script that the reply's own words are not in."""
    found = [
        start
        for slot in _TRANSLATED_SLOTS
        for _, start, end in lexicon.find(slot, text)
        if text[start:end].lower() not in said.lower()
    ]
    pattern = _LATIN if language == "hi" else _DEVANAGARI
    runs = (match.start() for match in pattern.finditer(text) if match.group().lower() not in said.lower())
    return [min(found)] if found else list(runs)[:1]

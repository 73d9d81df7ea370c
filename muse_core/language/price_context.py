"""Whether a number in a text is an amount of money, judged by the words around it.

Money: a currency beside it, a bound phrase (`under`, तक) or a word of money (`999 wale`, `price 999`); a
Hindi scale or a glued `k` (डेढ़ हज़ार, 5k). No money: clock times, dates, years, measures (`70 by 95 inches`,
256 GB), sizes, counts, ratings, roads, codes, temperatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from muse_core.language import lexicon
from muse_core.language.matching import word_key
from muse_core.language.numerals import Number, digits_value, read_number
from muse_core.language.price_pieces import Piece
from muse_core.language.word_lists import read_words

MIN_BARE_PRICE = 100  # a smaller number without currency or bound is a count, a size or a rating
MIN_BOUND_PRICE = 20  # and with a bound word: "at least 4" counts, "under 40" is money
MIN_MODEL_PRICE = 200  # and behind a name with a word that may be part of it: "105 plus"
_FARTHEST = 10  # times the lower end of a range
MAX_BARE_PRICE = 10_000_000  # a larger one is a code
_YEARS = range(1900, 2100)
_ROUND = (0, 49)  # what is left of a price when it is divided by 50
_SCREEN_K = (2_000, 4_000, 8_000)  # 4k is a resolution where a screen is named


@lru_cache(maxsize=32)
def words(name: str) -> frozenset[str]:
    """The keys of a word list of `price_words.toml`."""
    return frozenset(word_key(word) for word in read_words("price_words")[name].split())


class Surroundings:
    """The pieces of a text and what they say about a number among them."""

    def __init__(self, text: str, pieces: Sequence[Piece]) -> None:
        self.text = text
        self.pieces = pieces
        self.keys = [piece.key for piece in pieces]

    def key(self, at: int) -> str:
        """The key at a place, or nothing outside the text."""
        return self.keys[at] if 0 <= at < len(self.keys) else ""

    def is_price(self, at: int, number: Number, has_bound: bool) -> bool:
        """Whether the number that starts at piece `at` is an amount of money."""
        if self._is_in_code(at):
            return False
        if self._has_currency(at, number.end):
            return True
        if self._is_measured(at, number.end) or self._is_time(at, number.end):
            return False
        if has_bound:
            is_year = int(number.value) in _YEARS and number.value % 50 not in _ROUND
            if is_year and self.key(at - 1) in words("since") and self.key(at - 2) not in words("starts"):
                return False
            least = MIN_MODEL_PRICE if self._is_of_model(at, number.end) else MIN_BOUND_PRICE
            return number.value >= least and not self._is_about_weather()
        if number.has_scale and not self._is_loose_scale(at, number):
            return True
        if number.value < MIN_BARE_PRICE or number.value > MAX_BARE_PRICE:
            return False
        return self._has_money_word(at, number.end) or self._is_all(at, number.end)

    def _has_currency(self, at: int, end: int) -> bool:
        currency = words("currency")
        return self.key(at - 1) in currency or self.key(end) in currency or self.key(end) == "/-"

    def has_currency_before(self, at: int) -> bool:
        """`₹500 - 800`: a currency sign before the number at `at`."""
        return self.key(at - 1) in words("currency")

    def _is_in_code(self, at: int) -> bool:
        """A number inside a code such as WH1000 or iPhone15: a word ends right where it starts."""
        if at == 0 or not self.key(at)[:1].isdigit():
            return False
        before = self.pieces[at - 1]
        is_glued = before.end == self.pieces[at].start
        return is_glued and before.key.isalpha() and before.key not in words("currency")

    def _is_measured(self, at: int, end: int) -> bool:
        """Before a unit, behind a size or road word, or one side of `60 by 80`."""
        after = end + (self.key(end) == "+")
        is_behind = self.key(at - 1) in words("not_money_before") and not self.key(at - 2).isdecimal()
        if self.key(after) in words("units") or is_behind:
            return True
        if self.key(end) in words("size_words") and self.key(end + 1) not in words("currency"):
            return True
        by = words("dimensions")
        is_side = self.key(end) in by and read_number(self.keys, end + 1) is not None
        return is_side or (self.key(at - 1) in by and digits_value(self.key(at - 2)) is not None)

    def _is_time(self, at: int, end: int) -> bool:
        """7:30, 12/05, 3 May, October 31, a year behind a month."""
        near = (self.key(at - 1), self.key(end))
        if ":" in near or ("/" in near and digits_value(self.key(at - 2) or self.key(end + 1)) is not None):
            return True
        return any(key in words("months") for key in (*self.keys[max(0, at - 2) : at], self.key(end)))

    def _is_of_model(self, at: int, end: int) -> bool:
        """ "note 20 plus": what bounds it may be part of a name instead."""
        return self.key(end) in words("model_bounds") and self.key(at - 1).isalpha()

    def is_round(self, at: int, low: Number, high: Number) -> bool:
        """Whether two numbers joined by a hyphen are a range of prices by themselves: 1500-2500."""
        is_dated = {int(low.value), int(high.value)} <= set(_YEARS)
        ends = (low.value % 50, high.value % 50)
        is_near = MIN_BARE_PRICE <= low.value < high.value <= _FARTHEST * low.value
        has_noun = bool(lexicon.find("product_type", self.text))
        return has_noun and is_near and not is_dated and all(end in (0, 49) for end in ends)

    def _is_about_weather(self) -> bool:
        return any(key in words("weather") for key in self.keys)

    def _is_loose_scale(self, at: int, number: Number) -> bool:
        """A scale that may count something else: English words, a bare `hazaar`, a spaced `k`, a 5k run."""
        last = self.key(number.end - 1)
        if last == "k":
            is_spaced = self.pieces[number.end - 1].start > self.pieces[number.end - 2].end
            other = words("screens") if number.value in _SCREEN_K else words("events")
            return is_spaced or any(key in other for key in self.keys)
        if any(key in words("english_scales") for key in self.keys[at : number.end]):
            return True
        return number.end == at + 1 and number.is_words

    def _has_money_word(self, at: int, end: int) -> bool:
        if self._is_year(at, end):
            return False
        after, before = self.key(end), self.key(at - 1)
        if after in words("money_after") or self._has_money_noun(at):
            return True
        is_case = after in words("case_words") or before in words("price_prepositions")
        return is_case and bool(lexicon.find("product_type", self.text))

    def _has_money_noun(self, at: int) -> bool:
        return any(key in words("money_nouns") for key in self.keys[max(0, at - 3) : at])

    def _is_year(self, at: int, end: int) -> bool:
        """2023, also before वाली; but "1999 wala" and "2000 wala" are prices."""
        number = read_number(self.keys, at)
        if number is None or int(number.value) not in _YEARS:
            return False
        is_round = number.value % 50 in _ROUND
        return not is_round or self.key(end) not in words("money_after")

    def _is_all(self, at: int, end: int) -> bool:
        """The whole text is the number and filler: an answer to "how much?"."""
        others = (*self.keys[:at], *self.keys[end:])
        return all(key in words("fillers") for key in others)

"""What a request says of the last results: positions (pehla wala, the second one, option 2), pronouns
(isme, these), and an order without a product (aur saste?, anything cheaper).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from muse_core.language.matching import Token, keys_of, tokens, word_key
from muse_core.language.numerals import scale_value, small_value
from muse_core.language.word_lists import read_words

Order = Literal["price_low", "price_high", "rating"]

LAST = -1  # the position of "the last one"; those before it count down
_MAX_POSITION = 10
_MOST_TOP = 4
_SHOWN = "12345"  # plain numbers that count results; larger ones are sizes
_NAMES = ("first", "second", "third", "fourth", "fifth")


@lru_cache(maxsize=1024)
def find_positions(text: str) -> tuple[int, ...]:
    """Positions in the last results, in the order said; `LAST` for the last one."""
    keys = keys_of(text)
    if not any(map(_may_count, keys)):
        return ()
    found = [position for at in range(len(keys)) for position in _positions_at(keys, at)]
    row = _row(text)[0]
    return row if len(row) > 1 and set(found) <= set(row) else tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def _may_count(key: str) -> bool:
    """Whether a word may be a position, or tell how many: most are neither."""
    is_listed = key in _ordinals() or key in _listed("both") or key in _listed("three_of")
    return is_listed or key.isdecimal() or small_value(key) is not None


def row_place(text: str) -> tuple[int, int] | None:
    """Where positions stand side by side: "1 aur 2"."""
    row, first, last = _row(text)
    words = tokens(text)
    return (words[first].start, words[last].end) if len(row) > 1 else None


@lru_cache(maxsize=1024)
def _row(text: str) -> tuple[tuple[int, ...], int, int]:
    """(the longest row of positions, its first word, its last)."""
    keys = keys_of(text)
    if not any(map(_may_count, keys)):
        return (), 0, 0
    rows = (_row_at(text, tokens(text), keys, at) for at in range(len(keys)))
    return max(rows, key=lambda row: len(row[0]), default=((), 0, 0))


def _row_at(
    text: str, words: Sequence[Token], keys: Sequence[str], at: int
) -> tuple[tuple[int, ...], int, int]:
    """Plain ones side by side that begin at a word: "1 and 4", "pehla vs teesra", "2nd, 3rd & 5th", "2 better
    than 3"; not "2 or 3 shirts"."""
    row, end = [position] if (position := _plain(keys, at)) else [], at + 1
    if not row:
        return (), at, at
    is_joined, is_said = False, keys[at] in _ordinals()
    while row and end < len(keys):
        is_word = _linked(keys, end)
        sign = text[words[end - 1].end : words[end].start].strip()
        then = end + is_word
        then += then < len(keys) and keys[then] in _listed("numbered")
        position = _plain(keys, then)
        if not (is_word or sign in (",", "&")) or position is None or position in row:
            break
        is_joined |= bool(is_word) or sign == "&"
        is_said |= is_word > 1 or keys[then] in _ordinals() or keys[then - 1] in _listed("numbered")
        row.append(position)
        end = then + 1
    is_counted = is_said or (keys[end] if end < len(keys) else "") in _behind_row()
    return (tuple(row) if is_joined and is_counted else (), at, end - 1)


def _linked(keys: Sequence[str], at: int) -> int:
    """How many words from one on set two positions side by side: "and", "better than"; 0 for none."""
    if keys[at] in _listed("pairing"):
        return 1
    return 2 if at + 1 < len(keys) and keys[at + 1] in _listed("compared") else 0


def _behind_row() -> frozenset[str]:
    return _listed("paired_after") | _listed("numbered_after") | {""}


def _plain(keys: Sequence[str], at: int) -> int | None:
    """The position that a word is by itself."""
    return (_ordinals().get(keys[at]) or _digit(keys[at])) if at < len(keys) else None


def _digit(key: str) -> int | None:
    return int(key) if key.isdecimal() and key in _SHOWN else None


def ordinal_of(key: str) -> int | None:
    """The position that an ordinal word names; None for another word."""
    return _ordinals().get(key)


def has_pronoun(text: str) -> bool:
    """Whether the last results, or one of them, are named by a pronoun."""
    return not _listed("pronouns").isdisjoint(keys_of(text))


def has_elliptic_opening(text: str) -> bool:
    """ "and in blue?", "aur saste?", "what about cotton": a request that goes on from the last one."""
    keys = keys_of(text)
    return any(keys[: len(phrase)] == phrase for phrase in _phrases("openings"))


def find_order(text: str) -> Order | None:
    """Cheapest or dearest first; "not too expensive" and "mehnga nahi" ask for the cheap."""
    keys = keys_of(text)
    words = _order_beginnings().intersection(keys)
    if not words:
        return None
    for order, phrase in _order_phrases():
        for at in range(len(keys) - len(phrase) + 1) if phrase[0] in words else ():
            end = at + len(phrase)
            if tuple(keys[at:end]) == phrase and not _is_of_amount(keys, at) and not _has_amount(keys, end):
                return _as_meant(order, _is_denied(keys, at, at + len(phrase)))
    return None


def asks_for_budget(text: str) -> bool:
    """ "budget phone", "budget wala": the level, where "my budget is" and "budget?" are none."""
    keys = keys_of(text)
    if _listed("budget").isdisjoint(keys):
        return False
    around = zip(("", *keys), keys, (*keys[1:], ""), strict=False)
    return any(
        key in _listed("budget")
        and before not in _listed("whose")
        and after not in ("", *_listed("budget_is"))
        for before, key, after in around
    )


def _is_of_amount(keys: Sequence[str], at: int) -> bool:
    """The "mehnge" of "do hazaar se mehnge": a bound of an amount, and no order."""
    if at < 2 or keys[at - 1] not in _listed("than"):
        return False
    before = keys[at - 2]
    return before[:1].isdigit() or small_value(before) is not None or scale_value(before) is not None


def _has_amount(keys: Sequence[str], end: int) -> bool:
    """ "cheaper than 900": a bound as well."""
    after = keys[end + 1] if end + 1 < len(keys) else ""
    return end < len(keys) and keys[end] in ("than", "then") and after[:1].isdigit()


def _as_meant(order: str, is_denied: bool) -> Order | None:
    if order == "rating":
        return None if is_denied else "rating"
    if order == "price_high":
        return "price_low" if is_denied else "price_high"
    return None if is_denied else "price_low"


def _is_denied(keys: Sequence[str], start: int, end: int) -> bool:
    before = [key for key in keys[max(0, start - 3) : start] if key not in _listed("degrees")]
    is_not = bool(before) and before[-1] in _listed("denials")
    return is_not or any(key in _listed("denials") for key in keys[end : end + 1])


def _positions_at(keys: Sequence[str], at: int) -> list[int]:
    if many := _many_at(keys, at):
        return list(range(1, many + 1)) if many > 0 else list(range(many, 0))
    if (position := _ordinals().get(keys[at])) is not None:
        return _ordinal_at(keys, at, position)
    number = _count(keys[at])
    before, after = keys[at - 1] if at else "", keys[at + 1] if at + 1 < len(keys) else ""
    is_counted = at > 1 and keys[at - 2].isdecimal()  # "9 number, do hazaar": the number is the nine's
    is_numbered = (before in _listed("numbered") and not is_counted) or after in _listed("numbered_after")
    return [number] if number is not None and (is_numbered or _is_listed_with(keys, at)) else []


def _many_at(keys: Sequence[str], at: int) -> int:
    """The 3 of "top 3", "upar ke teen", "pehle dono", "teeno", that ends at a word, and the -2 of "last two";
    not of "top 3 shirts"."""
    is_both, is_three = keys[at] in _listed("both"), keys[at] in _listed("three_of")
    many = 2 if is_both else 3 if is_three else _digit(keys[at]) or small_value(keys[at]) or 0
    if not 2 <= many <= _MOST_TOP:
        return 0
    is_top = any(_ends_with(keys, at, phrase) for phrase in _phrases_of("tops"))
    is_last = not is_top and any(_ends_with(keys, at, phrase) for phrase in _phrases_of("lasts"))
    if not (is_top or is_last or is_three):
        return 0
    after = keys[at + 1] if at + 1 < len(keys) else ""
    is_all = is_both or after in _behind_row() | _listed("pairing") | _listed("counted")
    return 0 if not is_all else -many if is_last else many


def _ends_with(keys: Sequence[str], end: int, phrase: tuple[str, ...]) -> bool:
    return end >= len(phrase) and tuple(keys[end - len(phrase) : end]) == phrase


def _ordinal_at(keys: Sequence[str], at: int, position: int) -> list[int]:
    after = keys[at + 1] if at + 1 < len(keys) else ""
    is_alone = len(keys) == 1 or (at == len(keys) - 1 and keys[at - 1] in ("the", *_listed("joining")))
    if position == LAST and at and keys[at - 1] in _listed("next_to_last"):
        position -= 1
    is_praised = after in _listed("praised") and keys[at] not in _listed("adverbs")
    return [position] if after in _listed("counted") or is_praised or is_alone else []


def _is_listed_with(keys: Sequence[str], at: int) -> bool:
    """The 3 of "option 1 and 3", the 1 of "1 aur 3 number"."""
    is_after = at >= 3 and keys[at - 1] in _listed("joining") and keys[at - 3] in _listed("numbered")
    is_before = (
        at + 3 < len(keys)
        and keys[at + 1] in _listed("joining")
        and keys[at + 3] in _listed("numbered_after")
    )
    return is_after or is_before


@lru_cache(maxsize=4096)
def _count(key: str) -> int | None:
    value = int(key) if key.isdecimal() and len(key) <= 2 else small_value(key)
    return value if value is not None and 1 <= value <= _MAX_POSITION else None


@lru_cache(maxsize=1)
def _ordinals() -> dict[str, int]:
    table = read_words("request_words")["refers"]
    rows = {word_key(word): n for n, name in enumerate(_NAMES, 1) for word in table[name].split()}
    return rows | {word_key(word): LAST for word in table["last"].split()}


@lru_cache(maxsize=32)
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("request_words")["refers"][name].split())


@lru_cache(maxsize=2)
def _phrases_of(name: str) -> tuple[tuple[str, ...], ...]:
    rows = read_words("request_words")["refers"][name]
    return tuple(tuple(token.key for token in tokens(phrase)) for phrase in rows)


@lru_cache(maxsize=1)
def _order_phrases() -> tuple[tuple[Order, tuple[str, ...]], ...]:
    """Every phrase of an order, the longest first."""
    orders: tuple[Order, ...] = ("rating", "price_low", "price_high")
    rows = [(order, phrase) for order in orders for phrase in _phrases(order)]
    return tuple(sorted(rows, key=lambda row: -len(row[1])))


@lru_cache(maxsize=1)
def _order_beginnings() -> frozenset[str]:
    """The first words of these phrases."""
    return frozenset(phrase[0] for _, phrase in _order_phrases())


@lru_cache(maxsize=4)
def _phrases(name: str) -> tuple[tuple[str, ...], ...]:
    rows = [
        tuple(token.key for token in tokens(phrase)) for phrase in read_words("request_words")["order"][name]
    ]
    return tuple(sorted(rows, key=len, reverse=True))

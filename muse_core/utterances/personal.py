"""What belongs to one person, out of a request: addresses of mail and money, phones, cards, orders, homes.

What has a form of its own is masked (`[email]`); a request that holds an address where somebody lives is
dropped whole, since rules do not see where it ends. Rules see forms, not people: a name alone stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache

from muse_core.language.matching import tokens, word_key
from muse_core.utterances.word_lists import read_words

KINDS = ("email", "link", "payment_id", "card", "tax_id", "phone", "order", "long_number", "address")
_MASK = re.compile(r"\[(?:" + "|".join(KINDS) + r")\]")
_NEAR = 3  # words between "order" and its id
_EMAIL = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_PAYMENT = re.compile(r"\b[\w.-]{2,}@[A-Za-z]{2,}\b")
_DIGIT_RUN = re.compile(r"(?<![\w.])\+?\(?\d(?:[ \-()]{0,2}\d){6,21}(?![\w%])")
_TAX = re.compile(r"\b(?:\d{2})?[A-Z]{5}\d{4}[A-Z](?:\d[A-Z]\w)?\b")
_CODE = re.compile(r"#?\b(?=[\w-]*\d)(?=(?:[\w-]*\d){4}|[\w-]*\d[\w-]*-)[A-Za-z\d][\w-]{4,}\b")
_PIN = re.compile(r"(?<![\d.,])[1-9]\d{2}\s?\d{3}(?![\d.,])")


def without_personal(text: str) -> tuple[str | None, Counter[str]]:
    """(the text with masks, None where it is dropped; how often each kind was found)."""
    found: Counter[str] = Counter()
    for kind, pattern in (("email", _EMAIL), ("link", _LINK), ("payment_id", _PAYMENT), ("tax_id", _TAX)):
        text, count = pattern.subn(f"[{kind}]", text)
        found[kind] += count
    if any(sign.isdigit() for sign in text):
        text = _masked(text, _DIGIT_RUN, _kind_of_run, found)
        text = _without_orders(text, found)
        if _is_address(text):
            return None, +found + Counter(address=1)
    return text, +found


def has_mask(text: str) -> bool:
    """Whether something personal stood in a text."""
    return bool(_MASK.search(text))


def _masked(text: str, pattern: re.Pattern[str], kind_of: Callable[[str], str], found: Counter[str]) -> str:
    def mask(match: re.Match[str]) -> str:
        kind = kind_of(match.group())
        found[kind] += bool(kind)
        return f"[{kind}]" if kind else match.group()

    return pattern.sub(mask, text)


def _kind_of_run(run: str) -> str:
    """What a run of digits with blanks and hyphens is; "" for prices and measures."""
    digits = "".join(str(int(sign)) for sign in run if sign.isdigit())
    groups = [group for group in re.split(r"\D+", run) if group]
    if 13 <= len(digits) <= 19 and _passes_luhn(digits):
        return "card"
    are_prices = len(groups) > 1 and all(group.endswith("0") for group in groups)
    if len(digits) == 12 and [len(group) for group in groups] in ([12], [4, 4, 4]) and not are_prices:
        return "tax_id"
    if _is_phone(run, digits, groups):
        return "phone"
    return "long_number" if len(groups) == 1 and len(digits) >= 9 else ""


def _is_phone(run: str, digits: str, groups: list[str]) -> bool:
    """A number of ten digits that begins like a mobile, or one with a country's code."""
    if run.startswith("+"):
        return 8 <= len(digits) <= 15
    local = digits.removeprefix("0").removeprefix("91") if len(digits) > 10 else digits
    is_mobile = len(local) == 10 and local[0] in "6789"
    return is_mobile and (len(groups) <= 2 or "-" in run) and all(len(group) > 1 for group in groups)


def _passes_luhn(digits: str) -> bool:
    """Luhn's check sum, which card numbers pass (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 * (number > 9) for number in doubled) % 10 == 0 and len(set(digits)) > 1


def _without_orders(text: str, found: Counter[str]) -> str:
    """Ids of letters and digits near a word of orders."""
    words = tokens(text)
    cues = [at for at, word in enumerate(words) if word.key in _listed("orders")]
    if not cues:
        return text

    def mask(match: re.Match[str]) -> str:
        place = next((at for at, word in enumerate(words) if word.end > match.start()), len(words))
        is_near = any(abs(place - at) <= _NEAR for at in cues)
        found["order"] += is_near
        return "[order]" if is_near else match.group()

    return _CODE.sub(mask, text)


def _is_address(text: str) -> bool:
    keys = {word.key for word in tokens(text)}
    parts = keys & _listed("address")
    has_code = bool(_PIN.search(text))
    if has_code and (parts or keys & _listed("home")):
        return True
    return (
        len(parts) >= 2 and bool(re.search(r"\d", text)) and (len(parts) >= 3 or bool(keys & _listed("home")))
    )


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("personal")[name].split())

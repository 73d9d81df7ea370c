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
_EMAIL = re.compile(
    r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\s?\.\s?[\w-]+)+"
    r"|[\w.+-]{1,64} (?:at|@) [\w-]+(?: (?:dot|\.) [a-z]{2,6}\b)+",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_PAYMENT = re.compile(
    r"\b[\w.-]{2,64}@[A-Za-z]{2,}\w*"
    r"|[\w.-]{2,64}\s?@\s?(?:ok(?:axis|sbi|icici|hdfcbank)|ybl|ibl|axl|apl|upi|paytm|[a-z]{2,12}bank)\b",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_DIGIT_RUN = re.compile(r"(?<!\w)(?<!\d\.)\+?\(?\d(?:[\s\-–().]{0,3}\d){6,21}(?![\w%])")
_TAX = re.compile(
    r"\b(?:\d{2})?[A-Z]{5}\d{4}[A-Z](?:\d[A-Z]\w)?\b|\bpan\b(?:\s+\w+){0,3}?\s+[A-Z]{5}\s\d{4}\s[A-Z]\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"#?\b(?=[\w-]{0,64}\d)(?=(?:[\w-]{0,64}?\d){4}|[\w-]{0,64}\d[\w-]{0,64}-)[A-Za-z\d][\w-]{4,}\b"
)
_LONG_CODE = re.compile(r"#?\b(?=(?:[A-Za-z-]{0,64}\d){8})(?=[\d-]{0,64}[A-Za-z])[A-Za-z\d-]{9,}\b")
_SIX = re.compile(r"(?<![\w.,₹$])\d{6}(?![\w.,%])")  # a postal code, a password sent by phone, or a price
_PRICE_ENDINGS = ("00", "50", "90", "99", "49", "95")
_ROUND_ENDINGS = ("000", "500", "990", "999")  # of two prices that have as many digits as a phone
_NUMBERED = re.compile(
    r"\b(?:flat|house|plot|door|makan|h)\.?\s{0,3}(?:no\.?|number|#)?\s{0,3}\d", re.IGNORECASE
)
_ON_A_ROAD = re.compile(
    r"\d[\w/-]{0,20},?\s+(?:\w+\s+){0,3}(?:road|rd|street|st|lane|avenue|ave)\b\.?\s*(?:,|$)", re.I
)
_PIN = re.compile(r"(?<![\d.,])[1-9]\d{2}\s?\d{3}(?![\d.,])")


def without_personal(text: str) -> tuple[str | None, Counter[str]]:
    """(the text with masks, None where it is dropped; how often each kind was found)."""
    found: Counter[str] = Counter()
    text = _INVISIBLE.sub("", text)
    for kind, pattern in (("email", _EMAIL), ("link", _LINK), ("payment_id", _PAYMENT), ("tax_id", _TAX)):
        text, count = pattern.subn(f"[{kind}]", text)
        found[kind] += count
    if any(sign.isdigit() for sign in text):
        text = _masked(text, _DIGIT_RUN, _kind_of_run, found)
        text = _without_orders(text, found)
        text = _masked(text, _LONG_CODE, lambda code: "order", found)
        if _is_address(text):
            return None, +found + Counter(address=1)
        text = _masked(text, _SIX, lambda six: "" if six.endswith(_PRICE_ENDINGS) else "long_number", found)
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
    """What a run of digits with blanks, dots and hyphens is; "" for prices and measures."""
    digits = "".join(str(int(sign)) for sign in run if sign.isdigit())
    groups = [group for group in re.split(r"\D+", run) if group]
    sizes = [len(group) for group in groups]
    if 13 <= len(digits) <= 19 and _passes_luhn(digits):
        return "card"
    if len(groups) > 2 and all(group.endswith(("00", "50")) for group in groups):
        return ""
    if sizes in ([4, 4, 4, 4], [4, 6, 5]):
        return "card"
    if sizes in ([12], [4, 4, 4]):
        return "tax_id"
    if _is_phone(run, digits, groups):
        return "phone"
    is_long = (len(groups) == 1 and len(digits) >= 9) or (len(digits) >= 11 and max(sizes) >= 5)
    return "long_number" if is_long else ""


def _is_phone(run: str, digits: str, groups: list[str]) -> bool:
    """Ten digits that begin like a mobile, with a country's code or none, written in parts of any length but
    as no list of sizes; or what begins like a number of a city."""
    if run.startswith("+"):
        return 8 <= len(digits) <= 15
    if digits.startswith("0") and 10 <= len(digits) <= 11:
        return True
    bare = digits.lstrip("0")
    local = bare.removeprefix("91") if len(bare) > 10 else bare
    if len(local) != 10 or local[0] not in "6789":
        return False
    if len(groups) == 2 and all(group.endswith(_ROUND_ENDINGS) for group in groups):
        return False
    sizes = {len(group) for group in groups if group != "0"}
    return 1 not in sizes or sizes == {1}


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
    parts, is_home = keys & _listed("address"), bool(keys & _listed("home"))
    if _PIN.search(text) and (parts or is_home):
        return True
    if not re.search(r"\d", text):
        return False
    is_place = bool(keys & _listed("places")) or bool(_ON_A_ROAD.search(text))
    is_numbered = is_home or bool(_NUMBERED.search(text))
    return is_place or len(parts) >= 3 or (len(parts) >= 2 and is_numbered)


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("personal")[name].split())

"""Personal data out, language told, the same requests folded."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.utterances.fold import fold, normal_form
from muse_core.utterances.log_file import Logged
from muse_core.utterances.personal import has_mask, without_personal
from muse_core.utterances.tongues import tongue_of


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("mail me at a.b@example.com", "mail me at [email]"),
        ("call 98765 43210 please", "call [phone] please"),
        ("+91-98765-43210 black shirt", "[phone] black shirt"),
        ("९८७६५४३२१० पर फोन करो", "[phone] पर फोन करो"),
        ("card 4111 1111 1111 1111", "card [card]"),
        ("card 4111111111111111", "card [card]"),
        ("pay 9876543210@ybl", "pay [payment_id]"),
        ("my order id OD12345678 kahan hai", "my order id [order] kahan hai"),
        ("where is order #40399-2231", "where is order [order]"),
        ("see https://shop.example/p?id=1", "see [link]"),
        ("1234 5678 9012", "[tax_id]"),
        ("flat 12 sector 5 noida 201301", None),
        ("deliver to house 7 station road", None),
    ],
)
def test_what_belongs_to_a_person_is_masked_or_dropped(text: str, left: str | None) -> None:
    found, kinds = without_personal(text)
    assert found == left and sum(kinds.values()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "shirt 5000-10000", "under 1,00,000", "phone 8gb 128gb under 15000", "size 8 9 10 shoes",
        "red shirt @ 500", "order red shirt 100", "iphone 12 128gb",
        "6000mah battery 5000 se 10000", "1000 2000 3000",
    ],
)  # fmt: skip
def test_prices_and_measures_stay(text: str) -> None:
    assert without_personal(text) == (text, {})


@pytest.mark.parametrize(
    ("text", "tongue"),
    [
        ("red shirt", "en"), ("लाल कुर्ता चाहिए", "hi"), ("mujhe laal kurta chahiye", "roman"),
        ("मुझे red kurta चाहिए under 500", "both"), ("quiero una camisa con botones", "other"),
        ("je cherche une robe rouge pour ma femme", "other"), ("চামড়ার জুতা", "other"),
        ("சிவப்பு சட்டை வேண்டும்", "other"), ("红色衬衫", "other"),
        ("ich suche schuhe für herren", "other"), ("मला शर्ट पाहिजे आणि", "other"), ("1234", "none"),
        ("la robe collection", "en"),
    ],
)  # fmt: skip
def test_a_language_is_told(text: str, tongue: str) -> None:
    assert tongue_of(text) == tongue


def test_near_duplicates_have_one_form() -> None:
    assert (
        len({normal_form(text) for text in ("Red shirt!", "red  shirts", "shirt, RED", "a red shirt please")})
        == 1
    )
    assert normal_form("red shirt") != normal_form("red shirt under 500")


def test_folding_adds_counts_and_a_label_counts_no_second_time() -> None:
    label = Logged("red shirt!", 3, 4, "search", "query='shirt'")
    found = fold([Logged("Red shirt", 1), Logged("kurta", 2, 5), Logged("RED shirt", 2, 3), label])
    assert found.lines == 4
    assert [(one.text, one.count, one.tool) for one in found.requests] == [
        ("Red shirt", 4, "search"), ("kurta", 5, ""),
    ]  # fmt: skip


def _log(lines: int) -> Iterator[Logged]:
    for number in range(lines):
        yield Logged("saree" if number % 10 else f"shirt {number}", number + 1)


def test_a_long_log_is_a_stream_and_its_sample_even() -> None:
    """Counts of what is kept are exact; what is kept does not depend on the order."""
    tracemalloc.start()
    found = fold(_log(200_000), most=500)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.requests) == 500 and peak < 5_000_000
    assert found.left_out + sum(one.count for one in found.requests) == found.lines == 200_000
    again = fold(reversed(list(_log(200_000))), most=500)
    assert {one.text: one.count for one in again.requests} == {one.text: one.count for one in found.requests}


# ---- nothing of these forms gets through -----------------------------------------------------------

_CARRIERS = (
    "{}",
    "my number is {} pls call",
    "red shirt {} jaldi",
    "{} par bhejo",
    "send it to {}, thanks",
    "no.{}",
)
_DIGITS = st.text("0123456789", min_size=9, max_size=9)


def _spaced(digits: str, sizes: tuple[int, ...], sign: str) -> str:
    cuts = [0, *accumulate(sizes)]
    return sign.join(digits[start:end] for start, end in pairwise(cuts))


_PHONES = st.builds(
    lambda first, rest, code, sizes, sign: code + _spaced(first + rest, sizes, sign),
    st.sampled_from("6789"),
    _DIGITS.filter(lambda digits: digits[-1] not in "09" and digits[3] not in "09"),  # no pair of prices
    st.sampled_from(["", "+91 ", "+91-", "0", "91", "0091 "]),
    st.sampled_from([(10,), (5, 5), (4, 6), (3, 3, 4), (4, 3, 3), (2, 2, 2, 2, 2), (1,) * 10]),
    st.sampled_from([" ", "-", ".", "\u00a0", "  "]),
)
_CARDS = st.builds(
    lambda digits, sign: _spaced("4" + digits[:7] + digits[:8], (4, 4, 4, 4), sign),
    _DIGITS.filter(lambda digits: digits[2] not in "05"),
    st.sampled_from(["", " ", "-"]),
)
_IDS = st.one_of(
    st.from_regex(r"[A-Z]{5}[0-9]{4}[A-Z]", fullmatch=True),
    st.from_regex(r"[a-z]{5}[0-9]{4}[a-z]", fullmatch=True),
    st.builds(lambda d: _spaced("3" + d + "71", (4, 4, 4), " "), _DIGITS),
    st.builds(lambda d: _spaced("3" + d + "71", (12,), ""), _DIGITS),
)
_ACCOUNTS = st.one_of(
    st.from_regex(r"[a-z]{3,8}[.]?[0-9]{0,3}@(gmail|yahoo|rediffmail)[.](com|in|co[.]in)", fullmatch=True),
    st.from_regex(r"[a-z]{3,8} at gmail dot com", fullmatch=True),
    st.from_regex(r"[a-z0-9.]{3,10}@(okaxis|oksbi|ybl|paytm|upi)", fullmatch=True),
    st.from_regex(r"[a-z0-9]{3,10} @ (okaxis|oksbi|ybl)", fullmatch=True),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.one_of(_PHONES, _CARDS, _IDS, _ACCOUNTS), st.sampled_from(_CARRIERS))
def test_numbers_and_accounts_in_any_writing_are_gone(secret: str, carrier: str) -> None:
    text, found = without_personal(carrier.format(secret))
    assert sum(found.values()) >= 1
    if text is not None:
        parts = [part for part in re.split(r"[\s.@-]+", secret) if len(part) > 4 and part not in _KNOWN_PARTS]
        assert not any(part in text for part in parts) and has_mask(text)


_KNOWN_PARTS = ("gmail", "yahoo", "rediffmail", "okaxis", "oksbi", "paytm")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.from_regex(r"(OD[0-9]{10,16}|[0-9]{3}-[0-9]{7}-[0-9]{7}|#[0-9]{5,9})", fullmatch=True),
    st.sampled_from(["order {} kab aayega", "track {}", "refund for order id {}", "mera ऑर्डर {} कहाँ है"]),
)
def test_order_ids_are_gone(order: str, carrier: str) -> None:
    text, found = without_personal(carrier.format(order))
    assert sum(found.values()) >= 1 and (text is None or order.strip("#") not in text)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.integers(110001, 855999),
    st.sampled_from([
        "deliver to {}", "flat 12, green park, pune {}", "H-24 lajpat nagar delhi {}", "my address is {}",
        "house no 7 near temple {}", "gali 4 {}", "pincode {}",
    ]),
)  # fmt: skip
def test_addresses_with_a_postal_code_are_dropped(code: int, carrier: str) -> None:
    assert without_personal(carrier.format(code))[0] is None
    spaced = f"{code // 1000} {code % 1000:03}"
    assert without_personal(carrier.format(spaced))[0] is None


@pytest.mark.parametrize(
    "text",
    [
        "12 mg road", "14/2 church street, bangalore", "plot 9 block C", "flat no 3 tower B",
        "ghar 5 shastri nagar",
    ],
)  # fmt: skip
def test_addresses_without_one_are_dropped_too(text: str) -> None:
    assert without_personal(text)[0] is None


@pytest.mark.parametrize(
    "text",
    [
        "laptop 65000-75000", "phones 15999 19999", "flat 50% off", "size 6 7 8 9 10 11", "28 30 32 34 jeans",
        "tv under 124999", "road bike 21 speed", "house slippers 2 pair", "block print 3 piece",
        "250000 ka sofa",
        "500 1000 1500 2000", "shoes 7.5 8.5 9.5",
    ],
)  # fmt: skip
def test_what_is_sold_keeps_its_numbers(text: str) -> None:
    assert without_personal(text) == (text, {})

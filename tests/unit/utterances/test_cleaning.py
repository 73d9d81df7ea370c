"""Personal data out, language told, the same requests folded."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from muse_core.utterances.fold import fold, normal_form
from muse_core.utterances.log_file import Logged
from muse_core.utterances.personal import without_personal
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
        "red shirt @ 500", "order red shirt 100", "iphone 12 128gb", "6000mah battery 5000 se 10000",
        "1000 2000 3000",
    ],
)  # fmt: skip
def test_prices_and_measures_stay(text: str) -> None:
    assert without_personal(text) == (text, {})


@pytest.mark.parametrize(
    ("text", "tongue"),
    [
        ("red shirt", "en"), ("लाल कुर्ता चाहिए", "hi"), ("mujhe laal kurta chahiye", "roman"),
        ("मुझे red kurta चाहिए under 500", "both"), ("quiero una camisa con botones", "other"),
        ("je cherche une robe rouge pour ma femme", "other"), ("চামড়ার জুতা", "other"), ("红色衬衫", "other"),
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


def test_folding_counts_and_keeps_labels() -> None:
    found = fold(
        [Logged("Red shirt", 1), Logged("kurta", 2, 5), Logged("red shirt!", 3, 2, "search", "query='shirt'")]
    )
    assert [(one.text, one.count, one.tool) for one in found.requests] == [
        ("Red shirt", 3, "search"),
        ("kurta", 5, ""),
    ]
    assert found.lines == 3


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

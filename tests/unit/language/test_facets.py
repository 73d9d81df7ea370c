"""A shop's own attributes in requests: names, values, numbers, exclusion, likeness, levels."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.language.parse import parse_request
from muse_core.types import Facet
from tests.unit.language import labelled

needs_catalogs = pytest.mark.skipif(
    not labelled.CATALOGS.is_dir(), reason="the catalogues (../shared/data/catalogs) are not here"
)

CORES = ("intel core i5", "intel core i7", "intel core i3")
LAPTOP = (
    Facet("memory", "number", "gb", ("4 gb", "64 gb")),
    Facet("hard_disk", "number", "gb", ("128 gb", "2048 gb")),
    Facet("screen_size", "number", "inch", ("11.6 inch", "17.3 inch")),
    Facet("battery", "number", "mah", ("3000 mah", "8000 mah")),
    Facet("processor", "choice", "", CORES),
    Facet("fuel", "choice", "", ("petrol", "diesel", "electric")),
    Facet("seats", "number", "", ("2", "8")),
    Facet("sunroof", "yes_no", "", ("yes", "no")),
    Facet("grade", "choice", "", ("a", "b", "normal")),
    Facet("body", "choice", "", ("suv", "sedan")),
)


def read(text: str, facets: tuple[Facet, ...] = LAPTOP) -> dict[str, Any]:
    """The facets' arguments, unwanted values as `not_…`."""
    parsed = parse_request(text, facets=facets)
    unwanted = {f"not_{slot}": list(values) for slot, values in parsed.without.items()}
    return dict(parsed.facets) | unwanted


# ---- labelled requests ----------------------------------------------------------------------------


@needs_catalogs
def test_labelled_requests_are_read() -> None:
    """Reached: all of 108 pairs; the goal was 0.90 and 0.75."""
    total = labelled.Score()
    for request in labelled.requests("facet_requests.toml"):
        total += labelled.score(request, labelled.catalog_shop(request.shop))[0]
    assert total.requests == 60
    assert total.precision >= 0.95, total
    assert total.recall >= 0.93, total


@needs_catalogs
def test_labelled_requests_are_read_with_the_facets_that_the_loader_finds() -> None:
    total = labelled.Score()
    for request in map(labelled.as_loaded, labelled.requests("facet_requests.toml")):
        total += labelled.score(request, labelled.loaded_shop(request.shop))[0]
    assert total.labelled > 75
    assert total.precision >= 0.95, total
    assert total.recall >= 0.93, total


@pytest.mark.parametrize(("name", "bar"), [("facet_requests_tuning", 0.95), ("facet_requests_unseen", 0.9)])
def test_requests_to_invented_shops_are_read(name: str, bar: float) -> None:
    total = labelled.Score()
    for request in labelled.requests(f"{name}.toml"):
        total += labelled.score(request, labelled.invented_shops(f"{name}.toml")[request.shop])[0]
    assert total.requests == 30
    assert min(total.precision, total.recall) >= bar, total


# ---- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16 gb ram", {"memory": 16}),
        ("8gb tak ki memory", {"max_memory": 8}),
        ("at least 8 gb", {"min_memory": 8}),
        ("512gb wala", {"hard_disk": 512}),
        ("1 tb storage", {"hard_disk": 1024}),
        ("8 gb ram aur 512 gb hard disk", {"memory": 8, "hard_disk": 512}),
        ("memory 16 gb storage 256 gb", {"memory": 16, "hard_disk": 256}),
        ("storage of 64 gb", {"hard_disk": 64}),
        ("8-16 gb ram", {"min_memory": 8, "max_memory": 16}),
        ("ram between 8 and 16 gb", {"min_memory": 8, "max_memory": 16}),
        ('a 15.6" one', {"screen_size": 15.6}),
        ("पंद्रह इंच", {"screen_size": 15}),
        ("40 cm screen", {"screen_size": 15.748}),
        ("5 सीट वाली", {"seats": 5}),
        ("7 seater", {"seats": 7}),
        ("सात सीटर", {"seats": 7}),
        ("battery 5000 se zyada", {"min_battery": 5000}),
        ("5000mAh+ battery", {"min_battery": 5000}),
        ("not more than 14 inch", {"max_screen_size": 14}),
        ("14 inch se bada nahi", {}),
        ("screen ke saath", {}),  # saath is sixty, too
        ("jaldi se, डेढ़ टीबी", {"hard_disk": 1536}),
        ("8 gb, sorry 16 gb ram", {"memory": 16}),
        ("100 gb wala plan", {}),
        ("2 kg", {}),
    ],
)
def test_numbers(text: str, expected: dict[str, Any]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected", "limits"),
    [
        ("16 gb under 50000", {"memory": 16}, (None, 50000)),
        ("under 50k", {}, (None, 50000)),
        ("battery acchi ho 20000 tak", {}, (None, 20000)),
        ("5000 mah, 5000 se kam", {"battery": 5000}, (None, 5000)),
        ("₹5000 battery", {}, (None, None)),
        ("7 seater 5 lakh se 8 lakh", {"seats": 7}, (500000, 800000)),
        ("6 inch", {"screen_size": 6}, (None, None)),
    ],
)
def test_a_price_is_no_facet_and_a_facet_no_price(
    text: str, expected: dict[str, Any], limits: tuple[float | None, float | None]
) -> None:
    parsed = parse_request(text, facets=LAPTOP)
    assert (dict(parsed.facets), parsed.min_price, parsed.max_price) == (expected, *limits)
    assert parsed.sizes == ()


# ---- choices and yes/no ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i5", {"processor": "intel core i5"}),
        ("core i7 wala", {"processor": "intel core i7"}),
        ("intel", {}),  # leaves three
        ("आई3", {"processor": "intel core i3"}),
        ("either i5 or i7", {"processor": ["intel core i5", "intel core i7"]}),
        ("डीज़ल", {"fuel": "diesel"}),
        ("पेट्रोल या डीज़ल", {"fuel": ["petrol", "diesel"]}),
        ("bijli wali gaadi", {"fuel": "electric"}),
        ("SUVs", {"body": "suv"}),
        ("एसयूवी", {"body": "suv"}),
        ("grade a", {"grade": "a"}),
        ("a good one", {}),
        ("normal", {}),
        ("normal grade", {"grade": "normal"}),
        ("with sunroof", {"sunroof": True}),
        ("सनरूफ वाली", {"sunroof": True}),
        ("bina sunroof", {"sunroof": False}),
        ("sunroof nahi chahiye", {"sunroof": False}),
        ("without a sunroof", {"sunroof": False}),
        ("i am here", {}),
    ],
)
def test_values(text: str, expected: dict[str, Any]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("not diesel", "diesel"),
        ("diesel ke alawa", "diesel"),
        ("डीज़ल के अलावा", "diesel"),
        ("डीज़ल को छोड़कर", "diesel"),
        ("diesel gaadi chhod ke kuch bhi", "diesel"),
        ("diesel ke siva", "diesel"),
        ("anything other than diesel", "diesel"),
        ("kya diesel ke alawa kuch hai", "diesel"),
        ("no diesel please", "diesel"),
    ],
)
def test_exclusion(text: str, unwanted: str) -> None:
    assert read(text) == {"not_fuel": [unwanted]}


@pytest.mark.parametrize(
    "text",
    ["why not diesel", "not only diesel", "nothing but diesel", "if not diesel then", "kya diesel nahi hai?",
     "diesel nahi to kuch aur"],
)  # fmt: skip
def test_what_only_looks_like_an_exclusion(text: str) -> None:
    assert read(text)["fuel"] == "diesel"


def test_an_exclusion_stays_with_its_value() -> None:
    assert read("petrol suv, diesel ke alawa") == {"fuel": "petrol", "body": "suv", "not_fuel": ["diesel"]}
    assert read("i5 but not diesel") == {"processor": "intel core i5", "not_fuel": ["diesel"]}


def test_our_own_words_stay_ours() -> None:
    lining = (
        Facet("lining", "choice", "", ("cotton", "silk")),
        Facet("use", "choice", "", ("party", "sport")),
    )
    parsed = parse_request("cotton kurta for a party", facets=lining)
    assert (parsed.materials, dict(parsed.facets), parsed.occasions) == (("cotton",), {"use": "party"}, ())
    assert parse_request("kurta with cotton lining", facets=lining).facets == {"lining": "cotton"}


# ---- likeness and levels --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "like", "than"),
    [
        ("like the second but cheaper", 2, "cheaper"),
        ("dusre jaisa par sasta", 2, "cheaper"),
        ("दूसरे वाले जैसा", 2, None),
        ("similar to the 1st", 1, None),
        ("something like number 3", 3, None),
        ("cheaper than the second one", 2, "cheaper"),
        ("pehle wale se sasta", 1, "cheaper"),
        ("teesri gaadi jaisi par mehngi", 3, "costlier"),
        ("like the first with better rating", 1, "better_rated"),
        ("the fourth one is nice, any others like it", 4, None),
        ("दूसरे वाले के प्रकार का", 2, None),
        ("isi tarah ka", None, None),
        ("like this but red", None, None),
        ("i like the second one", None, None),
        ("i would like the first one", None, None),
        ("show me the second one", None, None),
        ("cheaper ones", None, None),
        ("the second one but in red", 2, None),
        ("pehla wala par full sleeve me", 1, None),
        ("तीसरा वाला पर सस्ता", 3, "cheaper"),
        ("the second one but does it shrink", None, None),
        ("the first one", None, None),
    ],
)
def test_likeness(text: str, like: int | None, than: str | None) -> None:
    parsed = parse_request(text)
    assert (parsed.like, parsed.than) == (like, than)
    assert like is None or (parsed.refers_back and parsed.order is None)


@pytest.mark.parametrize(
    ("text", "than"),
    [
        ("like this but red", None),
        ("something like it in green", None),
        ("same but cheaper in cotton", "cheaper"),
        ("this one but in size l", None),
        ("i like this but in blue", None),
        ("isi jaisa par laal", None),
        ("aisa hi kuch sasta", "cheaper"),
        ("waisi hi par behtar rating wali", "better_rated"),
        ("yahi par full sleeve me", None),
        ("इसी जैसा पर नीला", None),
        ("ऐसा ही लेकिन कम दाम में", "cheaper"),
        ("isse milta julta kuch cotton me", None),
    ],
)
def test_likeness_to_what_was_shown(text: str, than: str | None) -> None:
    parsed = parse_request(text)
    assert parsed.like is None and parsed.like_shown and parsed.refers_back
    assert (parsed.than, parsed.order) == (than, None)


@pytest.mark.parametrize(
    "text",
    [
        "i like this",
        "i like these, thanks",
        "like the second but cheaper",
        "aisi hi jo dhul sake",
        "only this one",
        "is this waterproof",
        "yahi chahiye",
        "ye wala kitne ka hai",
        "cheaper ones",
        "something for rain",
        "it sounds like it must be costly",
        "is it similar to that of last week",
    ],
)
def test_no_likeness_to_what_was_shown(text: str) -> None:
    assert not parse_request(text).like_shown


@pytest.mark.parametrize(
    ("text", "order", "rating"),
    [
        ("cheap shoes", "price_low", None),
        ("budget phone", "price_low", None),
        ("बजट फोन", "price_low", None),
        ("budget phone under 10000", None, None),
        ("my budget is low", None, None),
        ("premium watch", "price_high", None),
        ("high end laptop", "price_high", None),
        ("well rated kurta", None, 4),
        ("achhi rating wale joote", None, 4),
        ("अच्छी रेटिंग वाली साड़ी", None, 4),
        ("rating 4.5 se upar", None, 4.5),
        ("at least 3 stars", None, 3),
        ("4+ stars", None, 4),
        ("top rated first", "rating", None),
        ("acchi rating wale pehle dikhao", "rating", None),
        ("5 pairs of socks", None, None),
        ("what is its rating", None, None),
    ],
)
def test_levels(text: str, order: str | None, rating: float | None) -> None:
    parsed = parse_request(text)
    assert (parsed.order, parsed.min_rating) == (order, rating)


def test_a_value_said_with_its_facet() -> None:
    sleeve = (
        Facet("sleeve", "choice", "", ("full", "half")),
        Facet("pattern", "choice", "", ("solid", "plain")),
    )
    assert read("पूरी आस्तीन", sleeve) == {"sleeve": "full"}
    assert read("aadhi ya full sleeve", sleeve) == {"sleeve": ["half", "full"]}
    assert read("full time job, जल्दी", sleeve) == {}


def test_a_unit_of_a_shop_may_have_another_name() -> None:
    volume = (Facet("capacity", "number", "litre", ("0.25 litre", "30 litre")),)
    assert read("zyada se zyada 1 litre", volume) == {"max_capacity": 1}
    assert read("500 ml ka mug", volume) == {"capacity": 0.5}


def test_a_facet_that_counts_stars_takes_them() -> None:
    rated = (Facet("energy_rating", "number", "star", ("1 star", "5 star")),)
    parsed = parse_request("5 star ac", facets=rated)
    assert (dict(parsed.facets), parsed.min_rating) == ({"energy_rating": 5}, None)


# ---- bad inputs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["type", "size", "use", "power", "query", "id", "new", "sale"])
def test_a_facet_named_like_a_word_of_every_day_is_not_named_by_it(name: str) -> None:
    for kind, values in (("yes_no", ("yes", "no")), ("number", ("1", "9")), ("choice", ("normal", "other"))):
        facets = (Facet(name, kind, "", values),)  # type: ignore[arg-type]
        assert read(f"what {name} is this, the other one?", facets) == {}


def test_many_values_and_values_without_words() -> None:
    many = tuple(f"model {number} x{number}" for number in range(2000))
    facets = (Facet("series", "choice", "", ("", "💻", "-", *many)), Facet("x", "choice", "", ("i", "a")))
    assert read("model 77 x77 please, i am a fan 💻", facets) == {"series": "model 77 x77"}


def _seconds(text: str) -> float:
    """CPU time, the least of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        parse_request(text, facets=LAPTOP)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize("said", ["8 gb ram ", "i5 nahi ", "red or ", "not diesel "])
def test_time_grows_with_the_text_alone(said: str) -> None:
    short, long = (said * 4000)[:1000], (said * 4000)[:4000]
    parse_request(long, facets=LAPTOP)
    assert _seconds(long) < 10 * _seconds(short)  # 4 times the text; 16 were quadratic


SAID = (
    "8 16 gb ram i5 not nahi sunroof bina tak diesel ya or 15 inch सीट seater under , ke alawa like second a"
)
words = st.sampled_from(SAID.split())


@settings(max_examples=300, deadline=None)
@given(st.lists(words, max_size=12))
def test_a_call_takes_what_is_read(said: list[str]) -> None:
    """Every argument is one of the shop's, and has a value of the shop's."""
    from muse_core.tools.shop_schema import ShopSchema

    parsed = parse_request(" ".join(said), facets=LAPTOP)
    unwanted = {
        f"not_{slot}": list(values) for slot, values in parsed.without.items() if slot in {"fuel", "body"}
    }
    scalar = {name: values[0] if len(values) == 1 else values for name, values in unwanted.items()}
    arguments = {**parsed.facets, **scalar, "query": "car"}
    assert ShopSchema(LAPTOP).refusals("search", arguments) == {}


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_survived(text: str) -> None:
    parse_request(text, ("Nike",), LAPTOP)

"""What rules once misread: positions that are no numbers of a facet, degrees that are no sizes, words that
name nothing; each kind with its neighbours on the other side."""

from __future__ import annotations

import pytest

from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.types import Facet

SHOP = ShopWords(
    ("Nokia", "Samsung"),
    (
        Facet("battery", "number", "mah"),
        Facet("seats", "number"),
        Facet("screen_size", "number", "inch"),
        Facet("thread_count", "number"),
        Facet("energy_rating", "number"),
        Facet("bed_size", "choice", "", ("single", "double", "queen", "king")),
        Facet("connectivity", "choice", "", ("bluetooth", "wired")),
        Facet("shape", "choice", "", ("round", "square")),
        Facet("pattern", "choice", "", ("printed", "solid")),
        Facet("foldable", "yes_no"),
        Facet("waterproof", "yes_no"),
        Facet("noise_cancelling", "yes_no"),
        Facet("dishwasher_safe", "yes_no"),
        Facet("lined", "yes_no"),
    ),
    ("phone", "shirt", "dress", "jeans", "heels", "table", "sofa", "wallet", "hat", "air conditioner"),
)

POSITIONS = {
    "1 aur 2 me battery kiski zyada hai": {"items": [1, 2], "attribute": "battery"},
    "is 2 better than 3 on battery?": {"items": [2, 3], "attribute": "battery"},
    "is 1 cheaper than 4": {"items": [1, 4], "attribute": "price"},
    "something cheaper than number 3": {"like": 3, "than": "cheaper"},
    "teeno me sabse achi rating kiski": {"items": [1, 2, 3], "attribute": "rating"},
    "तीनों में किसका दाम कम है": {"items": [1, 2, 3], "attribute": "price"},
    "pehle acche rating wale dikhao": {"min_rating": 4},
    "compare all three": {"items": [1, 2, 3]},
    "put the last two side by side": {"items": ["second last", "last"]},
    "आख़िरी दो में से किसका कपड़ा अच्छा है": {"items": ["second last", "last"], "attribute": "material"},
    "second last one in red": {"items": "second last", "colour": "red"},
    "1 aur 3 me se camera kiska acha hai": {"items": [1, 3]},
    "like number four but under a thousand": {"like": 4, "max_price": 1000},
    "doosra accha hai, aisa hi kuch": {"like": 2},
    "i loved number 2. anything similar?": {"like": 2},
    "pehla vs teesra, paisa vasool kaunsa": {"items": [1, 3], "attribute": "price"},
    "something like the third but lighter on the pocket": {"like": 3, "than": "cheaper"},
}
NO_POSITIONS = {
    "table with seats 2 or 3": {"query": "table", "seats": 2},
    "shirts in all three colours": {"query": "shirt"},
    "last 2 din se wait kar raha hu": {},
    "show phone and compare 1 and 2": {"query": "phone", "items": [1, 2]},
    "brown wallet": {"query": "wallet", "colour": "brown"},
}
SIZES = {
    "heels, medium height": {"query": "heels"},
    "medium heel": {"query": "heels"},
    "dress with large flowers": {"query": "dress"},
    "L shape sofa": {"query": "sofa"},
    "large dress": {"query": "dress", "size": "L"},
    "कमीज़ साइज़ एल": {"query": "shirt", "size": "L"},
    "एल जी का phone": {"query": "phone"},
    "जूते नौ नंबर में": {"query": "shoes", "size": "9"},
    "डबल बेड की चादर": {"query": "bedsheet", "bed_size": "double"},
    "queen size gadda": {"query": "mattress", "bed_size": "queen"},
    "king size bed": {"query": "bed", "bed_size": "king"},
}
BOUNDS = {
    "10 inch screen or bigger": {"min_screen_size": 10},
    "10 inch screen and under 900": {"screen_size": 10, "max_price": 900},
    "bedsheet 300 thread count and up": {"query": "bedsheet", "min_thread_count": 300},
    "300 thread count wale nikalo": {"thread_count": 300},
    "bedsheet 300 thread count": {"query": "bedsheet", "thread_count": 300},
    "phone, don't cross 18k": {"query": "phone", "max_price": 18000},
    "phone 20000 cross na ho": {"query": "phone", "max_price": 20000},
    "phone above 20000": {"query": "phone", "min_price": 20000},
    "phone starting from 2051": {"query": "phone", "min_price": 2051},
    "phone from 2019": {"query": "phone"},
    "5 star ac": {"query": "air conditioner", "energy_rating": 5},
    "phone with 4 stars and up": {"query": "phone", "min_rating": 4},
}
DESCRIBED = {
    "sofa that folds": {"query": "sofa", "foldable": True},
    "मुड़ने वाली table": {"query": "table", "foldable": True},
    "phone jo pani se kharab na ho": {"query": "phone", "waterproof": True},
    "sirf shor kam karne wale": {"noise_cancelling": True},
    "dishwasher me ja sake wahi rakho": {"dishwasher_safe": True},
    "अस्तर वाली dress": {"query": "dress", "lined": True},
    "गोल table": {"query": "table", "shape": "round"},
    "wire wala nahi chahiye": {"not_connectivity": "wired"},
}
UNWANTED = {
    "solid pattern nahi lena": {"not_pattern": "solid"},
    "solid pattern wale rehne do": {"pattern": "solid"},
    "red mujhe acha nahin lagta": {"not_colour": "red"},
    "har baar Nokia milta hai, is baar alag": {"not_brand": "Nokia"},
    "never red again": {"not_colour": "red"},
    "somebody gifted me Nokia already": {"not_brand": "Nokia"},
    "red hamare ghar me nahi chalta": {"not_colour": "red"},
    "phir red dikha diya, mana kiya tha": {"not_colour": "red"},
    "jeans pehan pehan ke thak gayi, dress batao": {"query": "dress"},
    "my skin hates wool": {"not_material": "wool"},
}
NAMELESS = [
    "how long will delivery to pune take",
    "cod milega kya",
    "EMI pe mil jayega?",
    "screen toot gayi, repair karoge?",
    "human se baat karao",
    "acha theek hai, sochke batata hu",
    "kya ye rang chodega",
    "hii",
    "hhhshgk kmjikin",
    "asdkjh qwe",
    "अरे वाह",
    "just upgraded to android",
    "housewarming on sunday",
    "my address changed, update it please",
    "क्या आप भेजोगे",
    "cash on delivery hota hai kya",
    "bought last march",
    "your prices are a joke",
]
UNKNOWN = {
    "zorbix with emi chahiye": "zorbix",
    "show me zorbix": "zorbix",
    "after months of saving i am ready for a zakelf pls": "zakelf",
    "पता करो zorbix है क्या": "zorbix",
    "zorbix": "zorbix",
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [row for rows in (POSITIONS, NO_POSITIONS, SIZES, BOUNDS, DESCRIBED, UNWANTED) for row in rows.items()],
)
def test_what_was_misread_is_read_as_it_is_meant(text: str, wanted: dict[str, object]) -> None:
    assert dict(read(text, SHOP)) == wanted


@pytest.mark.parametrize("text", NAMELESS)
def test_services_and_small_talk_name_no_product(text: str) -> None:
    assert not {"query", "words"} & set(read(text, SHOP))


@pytest.mark.parametrize("text", UNKNOWN)
def test_words_that_nobody_knows_still_name_one(text: str) -> None:
    assert read(text, SHOP).get("words") == UNKNOWN[text]

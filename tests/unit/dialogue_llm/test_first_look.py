"""A first look: texts that a language model wrote for four wishes, labelled before the rules saw them.

`RIGHT` asks for the wish and for nothing else (a wedding that is told counts as an occasion asked for, and so
is not here); `WRONG` changes, loses or adds something, as models do.
"""

from __future__ import annotations

from typing import Any

from muse_core.dialogue.llm.copies import Copies
from tests.unit.dialogue_llm.test_accept import JUDGE, SHELF, ask

SAREE: dict[str, Any] = {"query": "saree", "colour": "red", "material": "silk", "max_price": 3000}
KURTA: dict[str, Any] = {"query": "kurta", "size": "XL", "not_colour": "black"}
BAG: dict[str, Any] = {"query": "backpack", "min_price": 800, "max_price": 1500}
JEANS: dict[str, Any] = {"query": "jeans", "gender": "women", "min_rating": 4}

RIGHT = (
    ("show me red silk sarees under 3000", SAREE, (
        "red silk saree max 3k",
        "do you have any silk sarees in red for 3000 or less?",
        "get me a silk saree, red, nothing above 3000",
        "under 3000, in silk, has to be red: i'm after a saree",
        "I'm looking for a red saree. It should be silk and cost no more than 3000.",
        "saree in silk please... oh and red, upto rs 3000",
        "been through five sites and still can't find a decent red silk saree below 3000",
        "is a red silk saree under 3000 in stock anywhere",
        "mom wants a silk saree, red one, within 3000",
        "umm so like a saree, silk, red, yeah under three thousand",
        "saree, red, silk, ≤3000",
        "if there's a red silk saree that stays under 3000, tell me",
        "what matters is silk and red, saree of course, price can go up to 3000",
        "don't you have red silk sarees below 3000?",
        "a red saree in silk is what's needed, not more than 3000",
        "rd silk saree undr 3000",
    )),
    ("find a kurta in size xl that is not black", KURTA, (
        "kurta xl, any colour but black",
        "got any XL kurtas that aren't black?",
        "my dad hates black so find him a kurta in XL",
        "need a kurta, size XL, no black",
        "anything except black, XL, kurta",
        "Show kurtas in XL. Please leave out the black ones.",
        "XL kurta but not in black",
        "are there kurtas in size xl other than black ones",
    )),
    ("backpack between 800 and 1500", BAG, (
        "backpack 800 to 1500",
        "i can spend between 800 and 1500 on a backpack",
        "is there a backpack that costs at least 800 but not over 1500?",
        "my college starts monday, want a backpack in the 800-1500 range",
        "price from 800 up to 1500, backpack",
        "somewhere around 800 to 1500 for a backpack",
    )),
    ("jeans for women rated above 4", JEANS, (
        "women's jeans with at least 4 stars",
        "jeans for ladies rated 4 and up",
        "only jeans with 4+ rating for women",
        "are there any ladies jeans rated above 4?",
    )),
    ("मुझे 3000 से कम की लाल सिल्क साड़ी दिखाओ", SAREE, (
        "लाल सिल्क साड़ी 3000 तक",
        "क्या आपके पास तीन हज़ार के अंदर लाल रेशमी साड़ी है?",
        "सिल्क की साड़ी दिखाइए, लाल वाली, 3000 से ज़्यादा नहीं",
        "3000 से ऊपर नहीं जाना, साड़ी सिल्क की और लाल हो",
        "साड़ी चाहिए। सिल्क की, लाल, और दाम 3000 तक।",
        "कहीं मिल ही नहीं रही लाल सिल्क की साड़ी 3000 में",
        "माँ को लाल सिल्क साड़ी लेनी है तीन हजार तक की",
    )),
    ("mujhe red silk saree chahiye 3000 tak", SAREE, (
        "red silk saree 3000 tak hai kya",
        "silk saree dikhao lal wali, 3000 se zyada nahi",
        "3000 tak ka budget hai, silk ki lal saree mil jayegi?",
        "saree chahiye. silk ki ho, red ho aur 3000 se kam",
        "kahi nahi mil rahi lal silk saree teen hazar me",
        "mummy ke liye ek red silk saree nikalo under 3000",
        "accha suno silk ki saree, haan lal, 3000 tak",
    )),
    ("मुझे red silk saree चाहिए 3000 तक", SAREE, (
        "red silk saree 3000 तक मिलेगी क्या",
        "silk की saree दिखाओ, red वाली, budget 3000 तक",
    )),
    ("kala chhod ke xl size kurta dikhao", KURTA, (
        "xl me kurta chahiye par black nahi",
        "kurta xl size, kaale ke alawa kuch bhi",
        "papa ke liye xl kurta, black mat dikhana",
    )),
)  # fmt: skip
WRONG = (
    ("show me red silk sarees under 3000", SAREE, (
        "red silk sarees above 3000",
        "red cotton saree under 3000",
        "red silk saree under 30000",
        "red silk dress under 3000",
        "blue silk saree under 3000",
        "red silk saree around 3000",
        "red or maroon silk saree under 3000",
        "silk saree under 3000",
        "red silk saree under 3000 with a matching blouse and shoes",
        "red silk saree under 3000 for a party",
        "two red silk sarees, each from 2500 to 3000",
    )),
    ("find a kurta in size xl that is not black", KURTA, (
        "kurta xl in black",
        "kurta L not black",
        "XL kurta not black not red",
        "xl shirt but not black",
        "XL kurta, black only",
    )),
    ("backpack between 800 and 1500", BAG, (
        "backpack under 1500",
        "backpack over 800",
        "backpack 80 to 1500",
        "bag between 800 and 1500",
    )),
    ("मुझे 3000 से कम की लाल सिल्क साड़ी दिखाओ", SAREE, (
        "लाल सिल्क साड़ी 3000 से ऊपर",
        "लाल सूती साड़ी 3000 तक",
        "नीली सिल्क साड़ी 3000 तक",
        "लाल सिल्क साड़ी 30000 तक",
    )),
    ("mujhe red silk saree chahiye 3000 tak", SAREE, (
        "lal silk saree 3000 se upar",
        "lal cotton saree 3000 tak",
        "silk saree 3000 tak",
        "lal silk saree 300 tak",
    )),
)  # fmt: skip


def test_rules_take_most_of_what_is_right() -> None:
    """46 of 53 when this was written; the others have words that the rules do not know ("aren't black")."""
    taken = [JUDGE.turned_down(text, ask(old, wish)) is None for old, wish, texts in RIGHT for text in texts]
    assert sum(taken) >= 0.8 * len(taken)


def test_rules_take_nothing_that_is_wrong() -> None:
    assert not [
        text
        for old, wish, texts in WRONG
        for text in texts
        if JUDGE.turned_down(text, ask(old, wish)) is None
    ]


def test_most_of_it_is_new() -> None:
    """No near-copy of our own wordings or of each other."""
    copies, found = Copies(SHELF), []
    for old, _, texts in RIGHT:
        for text in texts:
            found.append(copies.is_copy(text, "train", old))
            if found[-1] is None:
                copies.take(text, "train", old)
    assert found.count(None) >= 0.7 * len(found) and found.count("own_wording") > 3

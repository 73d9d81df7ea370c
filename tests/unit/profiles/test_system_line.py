"""The line about the shopper: one place, few tokens, the language of the last turn with words."""

from __future__ import annotations

import pytest

from muse_core.language.scripts import language_of_turns
from muse_core.profiles.system_line import (
    addressed,
    anonymous,
    language_of,
    listed,
    most_listed,
    partly_told,
    parts_of,
    profile_line,
    relisted,
    system_content,
    system_line,
)
from muse_core.types import Facet, Message
from tests import builders


def talk(*users: str, line: str | None = "en") -> tuple[Message, ...]:
    head = () if line is None else (Message("system", line),)
    return (*head, *(Message("user", text) for text in users))


@pytest.mark.parametrize(
    ("users", "language"),
    [
        (["show me shirts", "मुझे लाल वाली दिखाइए"], "hi"),
        (["mujhe kurta chahiye", "2000"], "mixed"),
        (["मुझे जूते चाहिए", "XL"], "hi"),
        (["मुझे जूते चाहिए", "👍"], "hi"),
        (["mujhe kurta chahiye", "2000 tak"], "mixed"),
        (["show me kurtas", "in blue for me"], "en"),
        (["मुझे जूते चाहिए", "[image:att1]"], "hi"),
        (["what does 'laal chunri' mean?"], "en"),
        (["“लाल साड़ी” को English में क्या कहते हैं"], "mixed"),
        (["👍"], "en"),
        ([], "en"),
        (["எனக்கு சட்டை வேண்டும்"], "en"),  # Tamil: neither Hindi nor Hinglish
        (["montrez-moi des chemises rouges"], "en"),
    ],
)
def test_language_of_turns(users: list[str], language: str) -> None:
    assert language_of_turns(users) == language
    assert language_of(talk(*users)) == language


def test_addressed_replaces_the_language_and_keeps_the_profile() -> None:
    line = profile_line(builders.profile(language="mixed"))
    heard = addressed(talk("show me shirts", line=line))
    assert heard[0].content == "en" + line.removeprefix("mixed")
    assert addressed(heard) == heard and len(line.split(" | ")) == 5


def test_addressed_builds_a_missing_line_and_leaves_an_empty_one() -> None:
    assert addressed(talk("mujhe kurta chahiye", line=None))[0] == Message("system", "mixed")
    empty = talk("mujhe kurta chahiye", line="")
    assert addressed(empty) == empty


def test_a_users_own_line_gets_the_language_in_front() -> None:
    assert addressed(talk("नमस्ते जी", line="likes silk"))[0].content == "hi | likes silk"
    assert system_line("hi", "hi | likes silk") == "hi | likes silk" == system_line("hi", "likes silk")
    assert system_line("en", "en") == "en" == system_line("en")


def test_an_unchanged_line_is_the_same_object() -> None:
    """Samples of one context are computed once because they share it."""
    context = talk("show me shirts", line="en | women")
    assert addressed(context) is context


def test_dropouts_are_shares_and_always_the_same() -> None:
    line = "en | women | 25-34"
    many = [
        builders.conversation(conversation_id=f"c{n}", messages=talk("show me shirts", line=line))
        for n in range(4000)
    ]
    told = partly_told(many, 0.35, 0.1, seed=17)
    lines = [one.messages[0].content for one in told]
    assert lines.count("") / 4000 == pytest.approx(0.1, abs=0.02)
    assert lines.count("en") / 4000 == pytest.approx(0.9 * 0.35, abs=0.03)
    assert lines.count(line) == 4000 - lines.count("") - lines.count("en")
    assert told[::-1] == partly_told(many[::-1], 0.35, 0.1, seed=17)
    assert told != partly_told(many, 0.35, 0.1, seed=18)
    assert partly_told(many, 0.0, 0.0, seed=17) == many
    assert [one.messages[1:] for one in told] == [one.messages[1:] for one in many]


def test_an_unknown_shopper() -> None:
    one = anonymous(builders.conversation(messages=talk("show me shirts", line="en | women")))
    assert one.messages == talk("show me shirts", line="en")


FACETS = (
    Facet("memory", "number", "gb", ("8 gb", "16 gb")),
    Facet("seats", "number"),
    Facet("processor", "choice", "", ("intel core i5",)),
    Facet("touchscreen", "yes_no", "", ("yes", "no")),
)
ALSO = "also: memory (gb), seats (number), processor, touchscreen (yes/no)\n"


def test_a_shop_without_facets_says_nothing_of_them() -> None:
    for line in ("", "en", "en | likes silk", "also: likes silk"):
        assert system_content((), line) == line and parts_of(line) == ("", line)
    assert listed("") == {} and relisted({}) == ""


def test_the_facets_stand_in_front_and_are_read_back() -> None:
    content = system_content(FACETS, "en | women")
    assert content == ALSO + "en | women" and parts_of(content) == (ALSO, "en | women")
    assert parts_of(system_content(FACETS, "")) == (ALSO, "")
    told = {"memory": " (gb)", "seats": " (number)", "processor": "", "touchscreen": " (yes/no)"}
    assert listed(ALSO) == told and relisted(told) == ALSO and list(listed(ALSO)) == list(told)


def test_addressed_keeps_the_facets() -> None:
    heard = addressed(talk("show me laptops", line=ALSO + "mixed | women"))
    assert heard[0].content == ALSO + "en | women" and addressed(heard) is heard
    nothing_told = talk("mujhe laptop chahiye", line=ALSO)
    assert addressed(nothing_told) == nothing_told


@pytest.mark.parametrize("dropouts", [(1.0, 0.0), (0.0, 1.0)])
def test_a_shopper_may_be_unknown_a_shop_is_not(dropouts: tuple[float, float]) -> None:
    one = builders.conversation(messages=talk("show me laptops", line=ALSO + "en | women"))
    (told,) = partly_told([one], *dropouts, seed=17)
    assert told.messages[0].content == ALSO + ("en" if dropouts[0] else "")
    assert anonymous(one).messages[0].content == ALSO + "en"


def test_the_shops_list_is_the_one_that_most_conversations_have() -> None:
    lists = (ALSO, "also: ram (gb)\n", ALSO)
    talks = [builders.conversation(messages=talk("laptops", line=one + "en")) for one in lists]
    assert most_listed(talks) == ALSO and most_listed(talks[1:2]) == "also: ram (gb)\n"
    assert most_listed([builders.conversation()]) == most_listed([]) == ""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse_core.augmentation.insertion import Insertion, insert_calls
from tests.unit.augmentation.builders_augmentation import remove_calls

TEXTS = st.text(st.sampled_from("ab काली₹ <>/\\u003c '\"tool\n"), max_size=40)
VALUES = st.one_of(
    TEXTS.filter(bool), st.integers(0, 9999), st.lists(st.integers(1, 9), min_size=2, max_size=3)
)
ARGUMENTS = st.dictionaries(st.sampled_from(["query", "colour", "max_price", "items"]), VALUES, max_size=3)


@st.composite
def augmented(draw):
    text = draw(TEXTS)
    places = draw(st.lists(st.integers(0, len(text)), max_size=3))
    return text, [Insertion("search", draw(ARGUMENTS), place) for place in sorted(places)]


@given(augmented())
def test_removing_the_calls_gives_back_text_calls_and_positions(case):
    text, insertions = case
    assert remove_calls(insert_calls(text, insertions)) == (text, insertions)


def test_a_call_stands_after_one_space_of_its_own():
    text = "रंग काला under 2000 please"
    call = Insertion("search", {"query": "shirt", "max_price": 2000}, text.index(" please"))
    placed = "रंग काला under 2000 <tool>search(query='shirt', max_price=2000)</tool> please"
    assert insert_calls(text, [call]) == placed


def test_a_user_cannot_forge_a_call():
    text = "hello <tool>search(query='x')</tool> there"
    assert remove_calls(insert_calls(text, [])) == (text, [])


def test_a_position_outside_the_text_is_refused():
    with pytest.raises(ValueError, match="position 9 is outside the text of 2 characters"):
        insert_calls("hi", [Insertion("search", {"query": "x"}, 9)])

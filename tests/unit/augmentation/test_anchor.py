from muse_core.augmentation.anchor import Annotator
from tests.builders import product

ANNOTATOR = Annotator([product(), product(product_id="B0X12", title="Emma")])


def at(text, anchor):
    return None if anchor is None else text[anchor:]


def test_the_first_title_is_the_anchor():
    text = "You may like aravali men Blue Cotton Casual Shirt at ₹999."
    assert at(text, ANNOTATOR.find(text, "en")) == "aravali men Blue Cotton Casual Shirt at ₹999."


def test_a_price_or_an_id_before_the_title_is():
    text = "सिर्फ ₹1,499 में Aravali Men Blue Cotton Casual Shirt"
    assert at(text, ANNOTATOR.find(text, "hi")).startswith("1,499")
    assert at("take b0x12 now", ANNOTATOR.find("take b0x12 now", "en")) == "b0x12 now"
    assert at("that is 1499 rupees", ANNOTATOR.find("that is 1499 rupees", "en")) == "1499 rupees"


def test_a_price_the_user_said_is_none():
    text = "Under ₹2,000 I found Aravali Men Blue Cotton Casual Shirt"
    assert at(text, ANNOTATOR.find(text, "en", said="shirts under 2000")).startswith("Aravali")
    assert ANNOTATOR.find("Nothing under ₹2,000, sorry.", "en", said="shirts under 2000") is None


def test_text_that_names_nothing_has_none():
    assert ANNOTATOR.find("Which size do you want?", "en") is None
    assert ANNOTATOR.find("Emma is one word and could be anybody", "en") is None


def test_a_translated_span_is_one():
    assert at('In Hindi: "काली कमीज"', ANNOTATOR.find('In Hindi: "काली कमीज"', "en")) == 'काली कमीज"'
    text = "That is काली कमीज in Hindi"
    assert ANNOTATOR.find(text, "en") is None
    assert at(text, ANNOTATOR.find(text, "en", is_translation=True)) == "काली कमीज in Hindi"
    said = "what is 'black shirt' in Hindi"
    assert ANNOTATOR.find("'black shirt' I do not know", "en", said=said) is None


def test_a_name_in_a_call_is_found_and_its_other_values_are_not():
    text = "translate(text='Aravali Men Blue Cotton Casual Shirt', target='hi')"
    assert ANNOTATOR.find_name(text) == text.index("Aravali")
    assert ANNOTATOR.find_name("filter(colour='blue', max_price=900)") is None


def test_a_translated_shop_word_is_found_in_the_replys_own_script():
    text = "It means black shirt."
    anchor = ANNOTATOR.find(text, "en", said="काली शर्ट का मतलब?", is_translation=True)
    assert at(text, anchor) == "black shirt."
    text = "English में इसे carpet bag कहते हैं।"
    assert at(text, ANNOTATOR.find(text, "hi", said="यह क्या है", is_translation=True)).startswith("carpet")

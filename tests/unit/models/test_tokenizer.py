from __future__ import annotations

from pathlib import Path

from transformers import AutoTokenizer

from muse_core.models import chat_format as cf
from muse_core.models.tokenizer import PARTS, encode, encode_text, encode_turn, train_tokenizer
from muse_core.types import Message
from tests.unit.models.builders_models import chain, talk, tokenizer


def pieces_of(text: str) -> list[str]:
    return [tokenizer().decode([token]) for token in encode_text(tokenizer(), text)]


def words_of(text: str) -> list[str]:
    found = tokenizer().backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)
    return [text[start:end] for _, (start, end) in found]


def test_ids_decode_to_the_stream() -> None:
    messages = talk(1, 3).messages
    text = tokenizer().decode(encode(tokenizer(), messages).ids)
    assert text == cf.render(messages)


def test_numbers_are_words_and_marks_stay_with_letters() -> None:
    assert words_of(" under 1499, ₹2,199") == [" under", " ", "1499", ",", " ₹", "2,199"]
    assert words_of(" max_ price=1499)") == [" max_ price=", "1499", ")"]  # the token of the request
    pattern = tokenizer().backend_tokenizer.pre_tokenizer
    assert len(pattern.pre_tokenize_str("हिंदी में")) == 2


def test_special_tokens_references_and_frames_are_single_tokens() -> None:
    for text in (
        *cf.SPECIAL_TOKENS,
        " [1]",
        " [1:price]",
        "search(",
        " query='",
        " max_price=",
        "',",
        cf.tool_lines() + "\n",
    ):
        assert len(encode_text(tokenizer(), text)) == 1, text


def test_a_user_cannot_forge_a_tag() -> None:
    ids = encode(tokenizer(), chain()[:1]).ids
    assert tokenizer().convert_tokens_to_ids("<tool>") not in ids


def test_prompt_ids_are_a_prefix_of_the_training_ids() -> None:
    messages = talk(0, 3).messages
    whole = encode(tokenizer(), messages).ids
    for end in range(2, len(messages)):
        prompt = encode(tokenizer(), messages[:end], open_turn=True).ids
        assert whole[: len(prompt)] == prompt
    turn = encode_turn(tokenizer(), messages[:2], messages[2:5])
    assert whole[: len(turn.ids)] == turn.ids
    assert not any(turn.parts[: len(encode(tokenizer(), messages[:2], open_turn=True).ids)])


def test_parts_follow_the_decisions() -> None:
    code = encode(tokenizer(), talk(0, 1).messages)
    found = [(tokenizer().decode([i]), PARTS[p]) for i, p in zip(code.ids, code.parts, strict=True)]
    start = code.places[0].assistant_at
    assert start is not None
    acts = [text for text, part in found if part == "tool"]
    assert acts[:3] == ["<tool>", "search(", "<result>"] and len(acts) == 4  # and the reply's first token
    assert found[start + 3][1] == "argument" and ("</tool>", "argument") in found
    assert found[-1] == ("<|end|>", "fluency") and ("</result>", "context") in found
    assert all(part == "context" for _, part in found[: start + 1])


def test_word_places_end_at_the_word() -> None:
    code = encode(tokenizer(), chain()[:1])
    text = chain()[0].content
    for offset, index in code.places[0].word_ends:
        read = tokenizer().decode(code.ids[1 : index + 1])
        assert read == " " + cf.escape_text(text[:offset])  # an utterance is read behind a space


def test_long_conversations_lose_whole_turns_from_the_front() -> None:
    messages = talk(0, 3).messages
    whole = encode(tokenizer(), messages)
    cut = encode(tokenizer(), messages, max_tokens=len(whole.ids) - 1)
    assert cut.dropped_turns == 1 and len(cut.ids) < len(whole.ids)
    assert [place.turn for place in cut.places] == [1, 2]
    text = tokenizer().decode(cut.ids)
    assert text.startswith("<|system|>") and "show me shirts" not in text and "thanks 0" in text
    assert encode(tokenizer(), messages, max_tokens=1).dropped_turns == 2  # the last turn always stays


def test_saved_tokenizer_is_the_same(tmp_path: Path) -> None:
    tokenizer().save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    text = cf.render(talk(4, 3).messages)
    assert encode_text(again, text) == encode_text(tokenizer(), text)
    assert again.pad_token == "<|pad|>" and again.eos_token == "<|end|>"


def test_training_is_deterministic() -> None:
    texts = [cf.render(talk(n, 3).messages) for n in range(30)]
    first, second = (train_tokenizer(texts, 700).backend_tokenizer.to_str() for _ in range(2))
    assert first == second


ALSO = "also: memory (gb), screen <lcd>\n"


def test_the_shops_list_of_facets_is_one_token_and_another_is_spelled_out() -> None:
    streams = [cf.render(talk(n, 3, line=ALSO + "en | women").messages) for n in range(30)]
    own = train_tokenizer(streams, 700, ALSO)
    assert len(own) <= 700 and own.backend_tokenizer.get_added_tokens_decoder()[len(own) - 1]
    head = Message("system", ALSO + "en | women")
    ids = encode(own, [head]).ids
    assert own.decode(ids) == cf.render([head])
    told = [own.decode([token]) for token in ids]
    assert told[:3] == ["<|system|>", cf.tool_lines() + "\n", cf.escape_text(ALSO)]
    assert told[3:] == [own.decode([i]) for i in encode(own, [Message("system", "en | women")]).ids[2:]]
    other = Message("system", ALSO.replace("memory", "ram") + "en | women")
    assert own.decode(encode(own, [other]).ids) == cf.render([other]) and len(encode(own, [other]).ids) > 10


def test_a_shop_without_facets_has_the_tokenizer_that_it_had() -> None:
    streams = [cf.render(talk(n, 3).messages) for n in range(5)]
    plain, none = train_tokenizer(streams, 500), train_tokenizer(streams, 500, "")
    assert plain.backend_tokenizer.to_str() == none.backend_tokenizer.to_str()

from __future__ import annotations

from muse_core.examples.plain_text import plain_example, plain_messages
from tests.unit.models.builders_models import talk, tiny_model


def test_plain_text_is_lexicalised_and_has_no_calls() -> None:
    messages = plain_messages(talk(0, 2))
    assert [message.role for message in messages] == ["user", "assistant", "user", "assistant"]
    assert "Aravali Men Blue Cotton Casual Shirt" in messages[1].content and "[1" not in messages[1].content


def test_no_token_of_a_call_or_result_is_seen() -> None:
    loaded = tiny_model()
    example = plain_example(loaded, talk(0, 3), 512)
    assert example is not None
    text = loaded.tokenizer.decode(example.ids)
    assert not any(tag in text for tag in ("<tool>", "<result>", "<|system|>", "search("))
    assert set(example.parts) == {3}
    assert plain_example(loaded, talk(0, 1), 5) is None

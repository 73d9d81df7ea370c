"""A shopper who switches language is taught behind two lines, each turn once."""

from __future__ import annotations

from itertools import pairwise

from muse_core.examples.conversations import examples_of
from muse_core.examples.example import Example
from muse_core.models.chat_format import USER
from tests.unit.models.builders_models import talk, tokenizer


def spoken(example: Example) -> list[str]:
    """The supervised words of an example, turn by turn."""
    user = tokenizer().convert_tokens_to_ids(USER)
    opens = [at for at, token in enumerate(example.ids) if token == user] + [len(example)]
    return [
        tokenizer().decode([example.ids[at] for at in range(start, end) if example.parts[at]])
        for start, end in pairwise(opens)
    ]


def line_of(example: Example) -> str:
    return tokenizer().decode(example.ids).split("<|end|>")[0].split("\n")[-1]


def test_one_example_per_line() -> None:
    first, second = examples_of(tokenizer(), [talk(1, 3)], (), "all", 2000)[0]
    assert [line_of(first), line_of(second)] == ["en | women | 25-34", "hi | women | 25-34"]
    said, switched = spoken(first), spoken(second)
    assert len(said) == 2 and all(said)
    assert len(switched) == 3 and switched[:2] == ["", ""] and "ये देखिए" in switched[2]
    assert len(first.starts) == 2 and len(second.starts) == 1


def test_the_users_words_are_learnt_once_too() -> None:
    first, second = examples_of(tokenizer(), [talk(1, 3)], (), "all", 2000, learns_utterances=True)[0]
    assert "shirts under" in spoken(first)[0] and "shirts under" not in spoken(second)[0]
    assert "कुर्ता" in spoken(second)[2]


def test_turns_are_counted_once() -> None:
    _, statistics = examples_of(tokenizer(), [talk(1, 3)], (), "all", 2000)
    assert (statistics.conversations, statistics.turns, statistics.truncated_turns) == (1, 3, 0)


def test_an_untold_conversation_has_one_line() -> None:
    (only,) = examples_of(tokenizer(), [talk(1, 3, line="")], (), "all", 2000)[0]
    assert line_of(only) == "" and len(only.starts) == 3

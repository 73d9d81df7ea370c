"""A served turn is read and written in exactly the tokens in which it was taught."""

from __future__ import annotations

import pytest

from muse_core.examples.conversations import examples_of
from muse_core.examples.example import Example
from muse_core.generation.answer import answer
from muse_core.generation.assistant import TurnRequest
from muse_core.generation.sampling import Sampling
from muse_core.models.chat_format import END, RESULT, RESULT_END
from muse_core.profiles.system_line import partly_told
from muse_core.types import Conversation
from muse_core.world.replay import turn_messages, world_before
from tests.unit.dialogue.builders_dialogue import conversations, index, profile_of
from tests.unit.generation.builders_answer import roomy_model, script_model

COUNT = 120


def taught_turns(conversation: Conversation) -> dict[int, tuple[list[int], list[int]]]:
    """Turn -> (prompt, assistant's turn) in the tokens of its training example, from the front."""
    tokenizer = roomy_model().tokenizer
    examples, statistics = examples_of(tokenizer, [conversation], (), "all", 8000)
    assert not statistics.truncated_turns and not statistics.too_long
    user, assistant = (tokenizer.convert_tokens_to_ids(tag) for tag in ("<|user|>", "<|assistant|>"))
    found: dict[int, tuple[list[int], list[int]]] = {}
    for example in examples:
        for start in example.starts:
            turn = example.ids[: start.at].count(user) - 1
            follows = (at for at in range(start.at, len(example)) if example.ids[at] == user)
            end = next(follows, len(example))
            assert turn not in found, "a turn is taught once"
            assert example.ids[start.at] == assistant
            found[turn] = example.ids[: start.at + 1], example.ids[start.at + 1 : end]
            assert_all_learnt(example, start.at + 1, end)
    return found


def assert_all_learnt(example: Example, start: int, end: int) -> None:
    """What the model writes itself is supervised, the contents of results are not."""
    tokenizer = roomy_model().tokenizer
    opens, closes = (tokenizer.convert_tokens_to_ids(tag) for tag in (RESULT, RESULT_END))
    is_result = False
    for token, part in zip(example.ids[start:end], example.parts[start:end], strict=True):
        if is_result:
            assert not part
        is_result = (is_result or token == opens) and token != closes
        assert part or is_result or token in (opens, closes)


def acts_of(turn: list[int]) -> list[list[int]]:
    """The model's own tokens of a taught turn, act by act."""
    tokenizer = roomy_model().tokenizer
    end, opens, closes = (tokenizer.convert_tokens_to_ids(tag) for tag in (END, RESULT, RESULT_END))
    acts: list[list[int]] = [[]]
    is_result = False
    for at, token in enumerate(turn):
        if not is_result:
            acts[-1].append(token)
            is_result = token == opens
        elif token == closes and turn[at + 1] != opens:  # behind the last result of the act
            is_result = False
            acts.append([])
    assert acts[-1][-1] == end
    return acts


@pytest.mark.parametrize(("profile_dropout", "language_dropout"), [(0.0, 0.0), (1.0, 0.0), (0.35, 0.4)])
def test_every_taught_turn_is_served_in_the_same_tokens(
    monkeypatch: pytest.MonkeyPatch, profile_dropout: float, language_dropout: float
) -> None:
    told = partly_told(conversations()[:COUNT], profile_dropout, language_dropout, seed=3)
    loaded, requests, expected = roomy_model(), [], []
    for conversation in told:
        turns = taught_turns(conversation)
        assert sorted(turns) == [label.turn for label in conversation.labels]
        for turn, (prompt, written) in turns.items():
            world = world_before(conversation, turn, index(), profile_of(conversation))
            starts = [at for at, one in enumerate(conversation.messages) if one.role == "user"]
            # as a client holds it: the line that was built for another turn, or was never built
            requests.append(TurnRequest(conversation.messages[: starts[turn] + 1], world, turn))
            expected.append((prompt, written, turn_messages(conversation, turn)))
    scripts = iter([acts_of(written) for _, written, _ in expected])
    recorder = script_model(monkeypatch, lambda prompt, sampling: next(scripts))
    answered = answer(loaded, requests, Sampling())
    assert recorder.streams == [prompt + written for prompt, written, _ in expected]
    assert [one.messages for one in answered] == [gold for _, _, gold in expected]
    assert not [one.own.text for one in answered if one.fault or one.repair], "what the expert says is shown"

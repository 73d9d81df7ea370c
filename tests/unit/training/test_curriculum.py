from __future__ import annotations

import numpy as np

from muse_core.models.chat_format import USER
from muse_core.training.batches import plan_steps
from muse_core.training.curriculum import single_turns, with_single_turns
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import examples


def user_id() -> int:
    return int(tiny_model().tokenizer.convert_tokens_to_ids(USER))


def test_a_single_turn_is_the_head_one_request_and_what_follows_it() -> None:
    example = examples(tiny_model(), 1)[0]
    turns = single_turns(example, user_id())
    assert len(turns) == len(example.starts) == 3
    head = example.ids[: example.ids.index(user_id())]
    for turn, start in zip(turns, example.starts, strict=True):
        assert turn.ids[: len(head)] == head and turn.ids.count(user_id()) == 1
        assert len(turn.ids) == len(turn.parts)
        (moved,) = turn.starts
        assert turn.ids[moved.at : moved.act_end] == example.ids[start.at : start.act_end]
        assert (moved.tool, moved.prices) == (start.tool, start.prices)


def test_a_single_turn_ends_behind_its_first_call_and_keeps_its_words() -> None:
    example = examples(tiny_model(), 1)[0]
    turns = single_turns(example, user_id())
    called = [turn for turn in turns if turn.starts[0].tool]
    assert called and all(turn.starts[0].call_end == len(turn) for turn in called)
    assert sum(len(turn.words) for turn in turns) == len(example.words)
    assert [turn.ids[at] for turn in turns for at, _ in turn.words] == [
        example.ids[at] for at, _ in example.words
    ]


def test_single_turns_come_first_and_the_epochs_stay() -> None:
    found = examples(tiny_model(), 6)
    rng = np.random.default_rng(0)
    plan = plan_steps([len(example) for example in found], 2, 2, rng)
    both, longer = with_single_turns(found, plan, user_id(), 200, 4, rng)
    extra = len(longer) - len(plan)
    assert extra > 0 and longer.order[extra:] == plan.order
    assert longer.epoch_ends == tuple(extra + end for end in plan.epoch_ends)
    first = [index for step in longer.order[:extra] for index in step]
    assert min(first) >= len(found) and max(first) < len(both)
    read = sum(len(both[index]) for index in first)
    assert 200 <= read < 200 + 4 * max(len(turn) for turn in both[len(found) :])

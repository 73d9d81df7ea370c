from __future__ import annotations

import pytest

from muse_core.examples.conversations import examples_of, positions_of, teaching_turns
from muse_core.models.chat_format import split_turns
from muse_core.models.tokenizer import PARTS
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.training.losses import LanguageLoss
from muse_core.training.sft import epoch_block, measure
from tests.unit.models.builders_models import talk, tiny_model
from tests.unit.training.builders_training import ALL_LOSSES, examples, row


def turns_of(number: int = 0, turns: int = 3):
    return split_turns(talk(number, turns).messages)[1]


def test_a_conversation_teaches_up_to_its_first_dropped_call() -> None:
    assert teaching_turns(turns_of(), [row(0)], "filtered") == 2  # the chain of turn 2 has no kept rows
    assert teaching_turns(turns_of(), [row(0, kept=False)], "filtered") == 0
    assert teaching_turns(turns_of(0, 2), [row(0)], "filtered") == 2
    assert teaching_turns(turns_of(), [row(1)], "filtered") == 0  # another call than the gold one


def test_no_call_turns_pass_unfiltered() -> None:
    assert teaching_turns(turns_of()[1:2], [], "filtered") == 1


def test_gold_and_all_do_not_filter() -> None:
    assert teaching_turns(turns_of(), [row(0, kept=False)], "gold") == 3
    assert teaching_turns(turns_of(), [], "gold") == 0  # augmentation never looked at it
    assert teaching_turns(turns_of(), [], "all") == 3


def test_dropped_and_truncated_turns_are_counted() -> None:
    loaded = tiny_model()
    found, statistics = examples_of(
        loaded.tokenizer, [talk(0, 3, line=""), talk(1, 3, line="")], [row(0)], "filtered", 512
    )
    assert len(found) == 1 and statistics.dropped_turns == 4 and statistics.turns == 2
    longest = len(examples(loaded, 1)[0])
    _, statistics = examples_of(loaded.tokenizer, [talk(0, 3, line="")], (), "all", longest - 1)
    assert statistics.truncated_turns == 1 and statistics.turns == 2
    _, statistics = examples_of(loaded.tokenizer, [talk(0, 3, line="")], (), "all", 20)
    assert statistics.too_long == 1 and statistics.conversations == 0


def test_no_length_cuts_a_call_in_half() -> None:
    loaded = tiny_model()
    tag, end = (int(loaded.tokenizer.convert_tokens_to_ids(t)) for t in ("<tool>", "</tool>"))
    whole = examples(loaded, 1)[0]
    kept = set()
    for limit in range(20, len(whole) + 1):
        found, statistics = examples_of(loaded.tokenizer, [talk(0, 3, line="")], (), "all", limit)
        assert statistics.too_long + len(found) == 1
        for example in found:
            assert len(example) <= limit and example.ids.count(tag) == example.ids.count(end)
            assert whole.ids[-30:] == example.ids[-30:]  # turns go from the front, whole
            kept.add(len(example))
    assert len(kept) == 3  # one, two or three turns


def test_truncation_is_told_above_one_percent() -> None:
    loaded = tiny_model()
    longest = len(examples(loaded, 1)[0])
    _, statistics = examples_of(loaded.tokenizer, [talk(0, 3, line="")], (), "all", longest - 1)
    assert "33.3 % of the turns" in (statistics.warning(longest - 1) or "")
    _, statistics = examples_of(loaded.tokenizer, [talk(0, 3, line="")], (), "all", 512)
    assert statistics.warning(512) is None


def test_the_position_label_stands_at_the_word_of_the_row() -> None:
    loaded = tiny_model()
    conversation = talk(0)
    assert positions_of(conversation, []) == {0: len("show me shirts under 500")}
    assert positions_of(conversation, [row(0)]) == {0: len("show me shirts under 500")}
    [example] = examples_of(loaded.tokenizer, [conversation], (), "all", 512)[0]
    assert [label for _, label in example.words] == [0, 0, 0, 0, 1, 0]
    right = next(token for token, label in example.words if label)
    assert loaded.tokenizer.decode(example.ids[: right + 1]).endswith("under 500")


def test_starts_hold_the_decision_and_the_prices() -> None:
    [example] = examples(tiny_model(), 1)
    assert [start.tool for start in example.starts] == [TOOL_NAMES.index("search") + 1, 0, 1]
    assert example.starts[0].prices == (None, 500.0) and example.starts[2].prices == (None, 1499.5)
    loaded = tiny_model()
    first = example.starts[0]
    assert loaded.tokenizer.decode(example.ids[first.at + 1 : first.act_end]) == "<tool>search("
    assert loaded.tokenizer.decode(example.ids[first.at + 1 : first.call_end]).endswith(
        "max_price=500)</tool>"
    )


def test_measuring_reports_the_seed_block_and_its_bounds() -> None:
    loaded = tiny_model()
    module = LanguageLoss(loaded, ALL_LOSSES)
    tool_id = loaded.tokenizer.convert_tokens_to_ids("<tool>")
    values = measure(module, examples(loaded), tool_id, "cpu", 500)
    again = measure(module, examples(loaded), tool_id, "cpu", 10**6)
    assert values == pytest.approx(again, abs=1e-4)
    assert {"dev_loss", "dev_tool_accuracy", "dev_position", "dev_exact_call", "dev_fluency"} <= set(values)
    assert values["dev_position"] == pytest.approx(0.6931, abs=1e-3)  # heads start at zero
    assert "Tool Prediction Accuracy" in epoch_block(1, 2, values)


def test_utterances_are_learnt_only_when_asked() -> None:
    loaded = tiny_model()
    conversation = talk(0)
    said = conversation.messages[1].content
    part = PARTS.index("utterance")
    [plain] = examples_of(loaded.tokenizer, [conversation], (), "all", 512)[0]
    [reading] = examples_of(loaded.tokenizer, [conversation], (), "all", 512, learns_utterances=True)[0]
    assert part not in plain.parts
    learnt = [i for i, p in zip(reading.ids, reading.parts, strict=True) if p == part]
    assert said in loaded.tokenizer.decode(learnt)
    changed = {a for a, b in zip(plain.parts, reading.parts, strict=True) if a != b}
    assert changed == {PARTS.index("context")}  # nothing that was supervised is lost

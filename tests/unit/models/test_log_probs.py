from __future__ import annotations

import pytest
import torch

from muse_core.models.log_probs import (
    Document,
    branch_nlls,
    document_log_probs,
    text_nll,
    text_nlls,
    turn_log_probs,
)
from muse_core.models.tokenizer import encode_text, encode_turn
from tests.unit.models.builders_models import talk, tiny_model


def by_hand(loaded, ids: list[int], counted: list[int]) -> list[float]:
    logits = loaded.model(torch.tensor([ids])).logits[0].detach().log_softmax(-1)
    return [float(logits[at - 1, ids[at]]) for at in counted]


def test_turn_log_probs_count_what_the_model_writes() -> None:
    loaded = tiny_model()
    items = [(talk(n, 3).messages[:2], talk(n, 3).messages[2:5]) for n in range(3)]
    found = turn_log_probs(loaded, items)
    code = encode_turn(loaded.tokenizer, *items[1])
    counted = [at for at, part in enumerate(code.parts) if part]
    assert found[1].tokens == len(counted)
    assert found[1].total == pytest.approx(sum(by_hand(loaded, code.ids, counted)), abs=1e-3)
    assert found[1].mean == pytest.approx(found[1].total / found[1].tokens)


def test_what_a_tool_returned_is_not_counted() -> None:
    loaded = tiny_model()
    messages = talk(0, 3).messages
    code = encode_turn(loaded.tokenizer, messages[:2], messages[2:5])
    counted = loaded.tokenizer.decode([i for i, part in zip(code.ids, code.parts, strict=True) if part])
    assert "Aravali" not in counted and "</result>" not in counted and counted.endswith("<|end|>")


def test_text_nll_is_per_token_and_batching_changes_nothing() -> None:
    loaded = tiny_model()
    single = text_nll(loaded, "show me", " shirts under 20")
    many = text_nlls(loaded, [("thanks", " you"), ("show me", " shirts under 20"), ("", "x")])
    assert single == pytest.approx(many[1], abs=1e-4)
    ids = encode_text(loaded.tokenizer, "show me") + encode_text(loaded.tokenizer, " shirts under 20")
    start = len(encode_text(loaded.tokenizer, "show me"))
    expected = [-value for value in by_hand(loaded, ids, list(range(start, len(ids))))]
    assert single == pytest.approx(expected, abs=1e-4)


def test_branches_of_one_prefix_are_each_as_if_alone() -> None:
    loaded = tiny_model()
    branches = [(" [search]", " shirts under 20"), ("", " shirts"), (" shoes and", " a kurta")]
    one, other = branch_nlls(loaded, [("show me", branches), ("", branches[:1])])
    for (middle, text), found in zip(branches, one, strict=True):
        ids = [token for part in ("show me", middle, text) for token in encode_text(loaded.tokenizer, part)]
        start = len(ids) - len(encode_text(loaded.tokenizer, text))
        expected = [-value for value in by_hand(loaded, ids, list(range(start, len(ids))))]
        assert found == pytest.approx(expected, abs=1e-4)
    assert len(other) == 1 and len(other[0]) == len(one[0])


def test_an_over_long_middle_loses_its_beginning_too() -> None:
    loaded = tiny_model()
    ((found, short),) = branch_nlls(loaded, [("show me", [(" shirts" * 900, " under"), (" a", " kurta")])])
    assert len(found) == len(encode_text(loaded.tokenizer, " under")) and len(short) > 0


def test_over_long_prefixes_lose_their_beginning() -> None:
    loaded = tiny_model()
    assert len(text_nll(loaded, "shirts " * 900, " under")) == len(encode_text(loaded.tokenizer, " under"))


def test_micro_batches_do_not_matter() -> None:
    loaded = tiny_model()
    documents = [Document([5, 6, 7, 8], [1, 3]), Document([9, 10], []), Document([4, 5, 6], [2])]
    whole = document_log_probs(loaded, documents)
    small = document_log_probs(loaded, documents, max_tokens=1)
    assert [len(found) for found in whole] == [2, 0, 1]
    assert whole[0] == pytest.approx(small[0], abs=1e-5) and whole[2] == pytest.approx(small[2], abs=1e-5)

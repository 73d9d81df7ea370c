"""Packs are blinded, balanced, whole and the same for the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.evaluation.human.items import deal, test_items, train_items
from muse_core.evaluation.human.page import render_page
from muse_core.evaluation.human.study import letters, make_study
from tests.unit.evaluation.human.builders_human import finished_run


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    return finished_run(tmp_path_factory.mktemp("home"))


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize(("raters", "items"), [(5, 100), (1, 7), (4, 9), (2, 1)])
def test_letters_are_balanced_per_rater_and_per_item(raters: int, items: int) -> None:
    groups = ["x" if n % 3 else "y" for n in range(items)]
    swapped = letters(groups, raters, rng())
    for group in set(groups):
        part = swapped[:, [name == group for name in groups]]
        assert set(part.sum(1)) <= {part.shape[1] // 2, -(-part.shape[1] // 2)}
        assert set(part.sum(0)) <= {raters // 2, -(-raters // 2)}


def test_letters_differ_between_raters() -> None:
    swapped = letters(["x"] * 40, 5, rng())
    assert len({tuple(row) for row in swapped.tolist()} | {tuple(~row) for row in swapped}) == 10


def test_models_meet_equally_often_and_no_conversation_twice(store: ArtifactStore) -> None:
    items = test_items(store, 18, rng()).items
    met = [tuple(answer.model for answer in item.answers) for item in items]
    assert {pair: met.count(pair) for pair in set(met)} == {
        ("base", "sft"): 6, ("base", "dpo"): 6, ("sft", "dpo"): 6,
    }  # fmt: skip
    assert len({item.conversation_id for item in items}) == 18 and {item.side for item in items} == {"test"}
    assert any(item.same for item in items) and not all(item.same for item in items)


def test_a_pack_names_no_model_case_or_gold(store: ArtifactStore) -> None:
    study = make_study(test_items(store, 12, rng()), 3, 7)
    for pack in study.packs:
        text = json.dumps(pack.body)
        for item in study.key["items"].values():
            assert item["source_id"] not in text and item["conversation_id"] not in text
        assert not {"model", "models", "second_is_a", "automatic"} & set(json.dumps(pack.body).split('"'))
        assert '"dpo"' not in text and '"sft"' not in text and '"base"' not in text
        assert sorted(one["id"] for one in pack.body["items"]) == sorted(study.key["items"])
    assert len({tuple(one["id"] for one in pack.body["items"]) for pack in study.packs}) == 3


def test_the_key_undoes_the_letters(store: ArtifactStore) -> None:
    source = test_items(store, 12, rng())
    study = make_study(source, 3, 7)
    by_id = dict(zip(study.key["items"], source.items, strict=True))
    for pack in study.packs:
        for shown in pack.body["items"]:
            second_is_a = shown["id"] in study.key["raters"][pack.rater_id]["second_is_a"]
            assert shown["a"] == list(by_id[shown["id"]].answers[second_is_a].lines)
            assert shown["b"] == list(by_id[shown["id"]].answers[not second_is_a].lines)


def test_the_same_seed_gives_the_same_bytes(store: ArtifactStore) -> None:
    one, two, other = (make_study(test_items(store, 12, np.random.default_rng(s)), 2, s) for s in (1, 1, 2))
    assert one == two and render_page(one.packs[0]) == render_page(two.packs[0])
    assert other.study_id != one.study_id


def test_the_page_loads_nothing_and_no_text_becomes_markup(store: ArtifactStore) -> None:
    page = render_page(make_study(test_items(store, 12, rng()), 1, 7).packs[0])
    assert "http://" not in page and "https://" not in page and "default-src 'none'" in page
    assert page.count("</script>") == 2 and "<b>!" not in page and "नमस्ते" in page


def test_what_the_shop_returned_is_shown(store: ArtifactStore) -> None:
    items = test_items(store, 18, rng()).items
    calls = [
        line for item in items for answer in item.answers for line in answer.lines if line["who"] == "call"
    ]
    assert calls and all(line["text"].startswith("search(") for line in calls)
    replies = [answer.lines[-1]["text"] for item in items for answer in item.answers]
    assert "Try Blue Shirt at ₹999." in replies


def test_train_items_are_train_side_pairs(store: ArtifactStore) -> None:
    source = train_items(store, 6, rng())
    assert {item.side for item in source.items} == {"train"} and set(source.tables) == {"pairs"}
    assert {tuple(a.model for a in item.answers) for item in source.items} == {("chosen", "rejected")}


def test_too_few_conversations_are_said(store: ArtifactStore) -> None:
    with pytest.raises(ConfigError, match="found 20 conversations to rate, 500 were asked for"):
        test_items(store, 500, rng())


def test_nothing_evaluated_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing was evaluated"):
        test_items(ArtifactStore(tmp_path), 5, rng())
    with pytest.raises(ConfigError, match="no preference pairs"):
        train_items(ArtifactStore(tmp_path), 5, rng())


def test_cells_take_turns() -> None:
    names = [f"c{n}" for n in range(30)]
    cells = ["rare" if n < 3 else "common" for n in range(30)]
    places = deal(names, names, cells, 6, rng())
    assert sorted(cells[place] for place in places) == ["common"] * 3 + ["rare"] * 3

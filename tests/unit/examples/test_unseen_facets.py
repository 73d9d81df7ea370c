"""The benchmark of unseen lists: its names are held out, and the right answer is right under every list."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.evaluation.predict.open_loop import Case, Prediction, judge
from muse_core.examples.other_facets import facets_of, other_names, read_names, reserved
from muse_core.tools.shop_schema import schema_of
from muse_core.world.replay import replay
from muse_core.world.shop import Shop
from tests.benchmarks import unseen_facets as benchmark
from tests.unit.conversation_files.builders_chats import called, chat, kept, said, user
from tests.unit.models.builders_models import tiny_model
from tests.unit.tools.builders_tools import laptops

HELD_OUT = tomllib.loads(benchmark.HELD_OUT.read_text("utf-8"))["names"]


def test_no_training_reads_the_held_out_names() -> None:
    table = read_names()["names"]
    trained = {*table, *(other for name in table for other in other_names(name))}
    assert not set(HELD_OUT.values()) & (trained | reserved())
    unknown = {benchmark.held_out_name(name) for name in ("burners", "burner_count")}
    assert not unknown & {other for name in ("burners", "burner_count") for other in other_names(name)}


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    line = chat(
        user("laptop 16 gb"), called(query="laptop", min_memory=16), said("Try [1]."),
        user("only touch"), called("filter", touchscreen=True), said("Try [1:memory]."),
        user("under 50000"), called("filter", max_price=50000), said("Try [1]."),
    )  # fmt: skip
    talk = kept(tmp_path, line, catalog=laptops())
    return [Case(talk, label) for label in talk.labels]


def test_the_gold_turn_is_exact_under_every_list(cases: list[Case]) -> None:
    asked = benchmark.turns_with_facets(cases)
    assert [case.label.turn for case in asked] == [0, 1]
    lists = benchmark.lists(Shop(CatalogIndex(laptops())))
    orders = {}
    for name, (shop, told) in lists.items():
        talk = told(cases[0].conversation)
        assert replay(talk, shop.index, None), name
        schema = schema_of(shop.index.catalog.facets)
        orders[name] = list(facets_of(talk))
        for case in (Case(talk, label) for label in talk.labels):
            assert judge(case, Prediction(case.gold), "m", "", schema)["exact_call"], name
    assert sorted(orders[benchmark.SHUFFLED]) == sorted(orders[benchmark.OWN])
    assert orders[benchmark.SHUFFLED] != orders[benchmark.OWN]
    assert set(orders[benchmark.RENAMED]) == {"working_memory", "silicon", "finger_input"}


def test_a_model_is_asked_under_every_list(cases: list[Case]) -> None:
    found = {
        name: benchmark.score(
            tiny_model(), [Case(told(one.conversation), one.label) for one in cases], shop, 4
        )
        for name, (shop, told) in benchmark.lists(Shop(CatalogIndex(laptops()))).items()
    }
    assert all(one.turns == 3 and one.exact == 0 for one in found.values())
    assert benchmark.table({"sft": found}).count("| sft |") == 4

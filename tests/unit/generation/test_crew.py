"""Turns shared among processes are the turns of one process."""

from __future__ import annotations

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.errors import HardwareError
from muse_core.generation import crew
from muse_core.generation.assistant import TurnRequest, respond
from muse_core.generation.sampling import Sampling
from muse_core.tools.base import Session, new_world
from muse_core.types import Message
from tests import builders
from tests.unit.models.builders_models import tiny_model

WORDS = ("hello", "red shirt", "show me shirts", "and blue ones", "thanks")


def requests(count: int) -> list[TurnRequest]:
    shop = CatalogIndex(Catalog((builders.product(product_id="p1", title="Aravali Blue Shirt"),)))
    made = []
    for number in range(count):
        world = new_world(shop)
        world.session = Session((f"p{number}",))
        context = (Message("system", "en"), Message("user", WORDS[number % len(WORDS)]))
        made.append(TurnRequest(context, world, 0, seed=number))
    return made


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_outcomes_and_the_worlds_are_those_of_one_process(
    monkeypatch: pytest.MonkeyPatch, temperature: float
) -> None:
    monkeypatch.setattr(crew, "FEWEST", 2)
    loaded, sampling = tiny_model(), Sampling(temperature, max_new_tokens=12)
    alone, shared = requests(7), requests(7)
    expected = respond(loaded, alone, sampling)
    with crew.crew_of(2, loaded):
        found = respond(loaded, shared, sampling)
        opened = crew.open_crew()
        assert opened is not None and opened.processes.started is not None
        again = respond(loaded, requests(7), sampling)
    assert found == expected == again
    assert [one.world.session for one in shared] == [one.world.session for one in alone]
    assert crew.open_crew() is None


def test_crews_in_a_row_share_their_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "FEWEST", 2)
    first, second, sampling = tiny_model(0), tiny_model(1), Sampling(max_new_tokens=4)
    expected = [respond(loaded, requests(7), sampling) for loaded in (first, second)]
    used, found = [], []
    with crew.standing_processes():
        for loaded in (first, second):
            with crew.crew_of(2, loaded):
                found.append(respond(loaded, requests(7), sampling))
                opened = crew.open_crew()
                assert opened is not None
                used.append(opened.processes.started)
    assert found == expected and used[0] is not None and used[0] is used[1]
    assert opened.processes.started is None
    with pytest.raises(RuntimeError, match="after shutdown"):
        used[0].submit(len, ())


def test_few_turns_large_models_and_one_process_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = tiny_model()
    with crew.crew_of(2, loaded):
        respond(loaded, requests(3), Sampling(max_new_tokens=2))
        opened = crew.open_crew()
        assert opened is not None and opened.processes.started is None
    with crew.crew_of(1, loaded):
        assert crew.open_crew() is None
    monkeypatch.setattr(crew, "LARGEST", 10)
    with crew.crew_of(2, loaded):
        assert crew.open_crew() is None


def _die(requests: object) -> list[object]:
    import os

    os._exit(9)


def test_a_killed_process_is_one_clear_error() -> None:
    with pytest.raises(HardwareError, match=r"execution\.workers=1"), crew.crew_of(2, tiny_model()):
        opened = crew.open_crew()
        assert opened is not None
        list(opened.share(_die, [1, 2]))

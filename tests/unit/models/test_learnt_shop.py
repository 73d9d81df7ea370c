"""A model says which shop it has learnt to call, and what another one has otherwise."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from muse_core.models.learnt_shop import learnt, learnt_schema, unfamiliar
from muse_core.models.loading import load_model, save_model
from muse_core.tools.shop_schema import ShopSchema
from muse_core.types import Facet
from tests.unit.models.builders_models import tiny_model

MEMORY = Facet("memory", "number", "gb", ("4 gb", "32 gb"), 0.9)
FUEL = Facet("fuel", "choice", "", ("petrol", "diesel", "cng", "electric"), 0.8)
TOUCH = Facet("touchscreen", "yes_no", "", ("yes", "no"), 0.5)
LEARNT = {"trained": "sft", **learnt((MEMORY, FUEL))}


def test_what_is_written_gives_the_shops_own_schema() -> None:
    again = json.loads(json.dumps(LEARNT))
    assert learnt_schema(again).digest() == ShopSchema((MEMORY, FUEL)).digest() != ShopSchema().digest()
    assert learnt_schema({}).digest() == ShopSchema().digest()


@pytest.mark.parametrize(
    ("about", "shop", "said"),
    [
        (LEARNT, (FUEL, replace(MEMORY, values=("8 gb",), share=0.1)), None),
        ({"can_call": True}, (MEMORY,), None),
        ({"trained": "dpo"}, (), None),
        ({"trained": "dpo"}, (MEMORY, TOUCH), "has not seen memory (gb), touchscreen (yes/no)."),
        (LEARNT, (MEMORY,), "shop: this shop has no fuel."),
        (LEARNT, (FUEL, replace(MEMORY, unit="mb")), "memory (mb), and this shop has no memory (gb)."),
    ],
)
def test_what_differs_is_said(about: dict[str, object], shop: tuple[Facet, ...], said: str | None) -> None:
    found = unfamiliar(about, shop)  # type: ignore[arg-type]
    assert found is None if said is None else found is not None and said in found and "muse run" in found


def test_a_model_is_loaded_for_another_shop_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = tiny_model()
    model.about |= LEARNT
    save_model(model, tmp_path)
    with caplog.at_level(logging.WARNING):
        load_model(tmp_path)
        load_model(tmp_path, shop=(MEMORY, FUEL))
        assert not caplog.records
        load_model(tmp_path, shop=(FUEL,))
    (told,) = caplog.records
    assert str(tmp_path) in told.getMessage() and "no memory (gb)" in told.getMessage()
    assert json.loads((tmp_path / "muse.json").read_text())["tool_schema_digest"] == (
        ShopSchema((MEMORY, FUEL)).digest()
    )

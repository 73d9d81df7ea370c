from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from muse_core.errors import ConfigError
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.evaluation.public_sets.harvest import Harvest
from muse_core.evaluation.public_sets.registry import as_lines, convert_files
from tests.unit.evaluation.public_sets.made_up import written


def turn(
    act: str,
    slots: dict[str, Any] | None = None,
    asked: list[str] | None = None,
    objects: list[int] | None = None,
    shows: list[int] | None = None,
    said: str = "Well, let me see.",
) -> dict[str, Any]:
    about = {"slot_values": slots or {}, "request_slots": asked or [], "objects": objects or []}
    return {
        "transcript": said,
        "transcript_annotated": {"act": act, "act_attributes": about},
        "system_transcript": "Here you are.",
        "system_transcript_annotated": {"act": "INFORM:GET", "act_attributes": {"objects": shows or []}},
    }


def products() -> dict[str, dict[str, Any]]:
    return {
        f"rack/{at}": {
            "assetType": "hanging", "type": ("coat", "blouse")[at % 2],
            "color": ("green", "red")[at // 2 % 2],
            "pattern": ("plain", "denim")[at // 4 % 2], "brand": ("Orrin", "Vasko")[at % 2],
            "price": 20.5 + at, "customerReview": 3.5, "availableSizes": ["S", "M"],
            "sleeveLength": ("long", "short")[at // 2 % 2],
        }
        for at in range(12)
    }  # fmt: skip


def converted(folder: Path, *turns: dict[str, Any], shop: bool = True) -> Harvest:
    value = {
        "split": "dev",
        "dialogue_data": [{"dialogue_idx": 7, "domain": "fashion", "dialogue": list(turns)}],
    }
    paths = [written(folder, "dials.json", value)]
    return convert_files("simmc2", [*paths, *([written(folder, "meta.json", products())] if shop else [])])


def test_a_wish_is_a_search_and_what_it_adds_a_filter(tmp_path: Path) -> None:
    first = {"type": "coat", "color": "green", "customerReview": "4.0"}
    harvest = converted(
        tmp_path,
        turn("REQUEST:GET", first),
        turn("INFORM:REFINE", {**first, "size": "M", "sleeveLength": "long"}),
    )
    search, narrowed = harvest.cases
    assert search["expected_args"] == {"query": ["coat"], "colour": ["green"], "min_rating": [4.0]}
    assert (narrowed["expected_tool"], narrowed["acceptable_tools"]) == ("filter", ["search"])
    sleeve = next(name for name in narrowed["expected_args"] if "sleeve" in name)
    assert narrowed["expected_args"][sleeve] == ["long"] and narrowed["expected_args"]["size"] == ["M"]
    assert narrowed["expected_args"]["colour"] == ["green", ""]
    path = tmp_path / "cases.jsonl"
    path.write_text(as_lines(harvest.cases), "utf-8")
    assert len(load_cases(path, harvest.schema)) == 2


@pytest.mark.parametrize(
    ("one", "tool", "also"),
    [
        (turn("REQUEST:ADD_TO_CART", objects=[3]), "none", None),
        (turn("ASK:GET", asked=["price"], objects=[3]), "none", ["search", "compare"]),
        (turn("INFORM:GET", {"type": "coat"}, objects=[3]), "recommend", ["search"]),
    ],
)
def test_the_other_acts(tmp_path: Path, one: dict[str, Any], tool: str, also: list[str] | None) -> None:
    (case,) = converted(tmp_path, one).cases
    assert (case["expected_tool"], case.get("acceptable_tools")) == (tool, also)
    assert "expected_args" not in case


def test_what_was_shown_last_is_compared_by_its_place(tmp_path: Path) -> None:
    shown = turn("REQUEST:GET", {"type": "coat"}, shows=[5, 9, 2])
    harvest = converted(
        tmp_path,
        shown,
        turn("REQUEST:COMPARE", asked=["price"], objects=[2, 5]),
        turn("REQUEST:COMPARE", asked=["price"], objects=[2, 77]),
    )
    assert harvest.cases[1]["expected_args"] == {"items": [[3, 1]], "attribute": ["price"]}
    assert "expected_args" not in harvest.cases[2]


@pytest.mark.parametrize("slot", [{"price": "cheap"}, {"customerReview": "good"}])
def test_a_value_that_is_no_limit_leaves_only_the_decision(tmp_path: Path, slot: dict[str, str]) -> None:
    harvest = converted(tmp_path, turn("REQUEST:GET", {"type": "coat", **slot}))
    assert "expected_args" not in harvest.cases[0] and sum(harvest.unjudged.values()) == 1


def test_what_only_the_picture_says_is_left_out(tmp_path: Path) -> None:
    coat = {"type": "coat"}
    pointed, more = turn("INFORM:DISAMBIGUATE", asked=["price"], objects=[3]), turn("INFORM:REFINE", coat)
    harvest = converted(tmp_path, turn("REQUEST:GET", coat), pointed, more)
    assert len(harvest.cases) == 1 and sorted(harvest.left_out.values()) == [1, 1]


def test_another_shape_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="another shape"):
        converted(tmp_path, {"transcript": "Hello"})

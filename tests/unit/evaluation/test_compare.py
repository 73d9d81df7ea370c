"""Runs side by side: what is compared on which cases, and what is said where it cannot be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.commands.compare import compare
from muse_core.errors import ArtifactError, ConfigError
from muse_core.evaluation.cases.answers import Answer
from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.compare.figures import compared_rows
from muse_core.evaluation.compare.runs import Compared, Cost
from muse_core.evaluation.compare.shown import Comparison
from muse_core.evaluation.people.asked import Asked
from muse_core.evaluation.people.outcomes import outcomes
from muse_core.evaluation.people.rows import people_rows
from muse_core.records import Row
from muse_core.types import ToolCall

CASES = [
    EvalCase(f"c{n}", "en", f"shirt {n}", "search", ("search",), {"query": ["shirt"]}) for n in range(40)
]


def answered(right: int) -> list[Answer]:
    """The first `right` calls are exact, every tenth of the others is of another tool."""
    wrong = [
        Answer((ToolCall("c", "filter" if n % 10 == 9 else "search", {"query": "sock"}),)) for n in range(40)
    ]
    return [Answer((ToolCall("c", "search", {"query": "shirt"}),))] * right + wrong[right:]


def people(right: int) -> Asked:
    return Asked("people_", CASES, {"dpo": answered(right), "base": [Answer()] * 40}, {})


def model(name: str, right: int, **other: object) -> Compared:
    kept = outcomes(people(right), silent={"base"})
    run = Compared(
        name, (), "exam", (), (), "", {"people_": (kept["cases"], kept["models"]["dpo"])}, Cost(60.0, 900, 80)
    )
    return replace(run, **other)  # type: ignore[arg-type]


def found(rows: list[Row], model: str, metric: str) -> Row:
    (row,) = (row for row in rows if row["model"] == model and row["metric"] == metric)
    return row


def test_outcomes_give_the_figures_of_the_run_again() -> None:
    rows, lacks = compared_rows([model("SFT", 10), model("SFT + DPO", 30)], 400, 3)
    own = people_rows(people(30), {"base"}, frozenset(), 400, 3)
    for metric in (
        "people_tool_accuracy",
        "people_exact_call",
        "people_argument_f1",
        "people_invented_value",
    ):
        assert found(rows, "SFT + DPO", metric)["value"] == pytest.approx(
            found(own_all(own), "dpo", metric)["value"]
        )
    assert [line.split(":")[0] for line in lacks] == ["the closed loop"]


def own_all(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["slice"] == "all"]


def test_differences_are_paired_and_against_the_first() -> None:
    rows, _ = compared_rows([model("a", 10), model("b", 30), model("c", 30)], 400, 3)
    gap = found(rows, "b-a", "people_exact_call")
    assert gap["value"] == pytest.approx(0.5) and gap["unit"] == "share_difference"
    assert gap["low"] < 0.5 < gap["high"]
    assert found(rows, "c-a", "people_exact_call") == gap | {"model": "c-a"}
    assert not [row for row in rows if row["model"] == "c-b"]


def test_equal_models_differ_by_nothing() -> None:
    rows, _ = compared_rows([model("a", 20), model("b", 20)], 400, 3)
    gap = found(rows, "b-a", "people_argument_f1")
    assert (gap["value"], gap["low"], gap["high"]) == (0, 0, 0)


def test_other_cases_are_not_compared_and_said() -> None:
    other = replace(model("b", 30), people={"people_": (["x1"], {"tool_accuracy": [1.0]})}, exam="another")
    rows, lacks = compared_rows([model("a", 10), other], 400, 3)
    assert rows == []
    assert [line.split(":")[0] for line in lacks] == ["simulated turns", "the closed loop", "people"]


def test_a_page_and_tables_say_all(tmp_path: Path) -> None:
    models = [
        model("SFT", 10),
        model("SFT + GRPO", 30, history=[{"step": 1, "dev_reward": 0.2}, {"step": 9, "dev_reward": 0.6}]),
    ]
    result = Comparison(models, *compared_rows(models, 400, 3))
    ((title, lines),) = result.tables(["exact_call"])
    assert title == "Requests in three other shops"
    assert lines[0] == ["Metric", "SFT", "SFT + GRPO", "SFT + GRPO against SFT", "n"]
    assert lines[1][1].startswith("25.0 %") and lines[1][3].startswith("+50.0 %") and lines[1][-1] == "40"
    assert result.cost()[1] == ["SFT", "1 min 0 s", "80", "900"]
    page = result.write_page(tmp_path).read_text("utf-8")
    assert "+50.0 %" in page and "held-out reward" in page and "the closed loop" in page
    assert result.as_json()["cost"]["SFT"] == {"seconds": 60.0, "tokens": 900, "sampled": 80}


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    with pytest.raises(ArtifactError, match=r"nothing was evaluated below .*artifacts"):
        compare([str(tmp_path)], None, False, tmp_path)
    with pytest.raises(ArtifactError, match="names 0 artifacts"):
        compare(["abc"], None, False, tmp_path)
    with pytest.raises(ConfigError, match="expected sft or dpo"):
        compare([str(tmp_path)], "grpo", False, tmp_path)

"""Phases by name, and one plain line per 5 % of the whole."""

from __future__ import annotations

import pytest

from muse_core.progress import Lines, Phases, Within


@pytest.fixture
def said() -> list[str]:
    return []


def test_a_line_comes_every_twentieth_of_the_whole_and_not_oftener(said: list[str]) -> None:
    lines = Lines(said.append, "sft")
    for done in range(1, 681):
        lines.update(done, 680, "steps")
    assert len(said) == 20
    assert said[0] == "sft: 5 % (34 of 680 steps)" and said[-1] == "sft: 100 % (680 of 680 steps)"
    assert not any("1 of 680" in line for line in said)


def test_few_units_give_few_lines_and_one_is_said_once(said: list[str]) -> None:
    lines = Lines(said.append, "pairs")
    for done in (1, 1, 1, 2, 2):
        lines.update(done, 2, "contexts")
    assert said == ["pairs: 50 % (1 of 2 contexts)", "pairs: 100 % (2 of 2 contexts)"]


def test_phases_are_named_and_their_work_is_their_share_of_the_whole(said: list[str]) -> None:
    lines = Lines(said.append, "evaluate")
    phases = Phases(
        lines, {"base · test turns": 100.0, "SFT · test turns": 100.0, "simulated shoppers": 200.0}
    )
    phases.begin("SFT · test turns")  # the base's answers were known
    lines.update(50, 100, "turns")
    phases.begin("simulated shoppers")
    lines.update(1, 4, "conversations")
    assert said == [
        "evaluate 2/3 · SFT · test turns",
        "evaluate 2/3 · SFT · test turns: 38 % (50 of 100 turns)",
        "evaluate 3/3 · simulated shoppers",
        "evaluate 3/3 · simulated shoppers: 62 % (1 of 4 conversations)",
    ]
    with pytest.raises(ValueError, match="not in tuple"):
        phases.begin("another")


def test_many_short_phases_share_twenty_lines(said: list[str]) -> None:
    lines = Lines(said.append, "evaluate")
    phases = Phases(lines, {f"part {n}": 1.0 for n in range(10)})
    for n in range(10):
        phases.begin(f"part {n}")
        for done in range(1, 101):
            lines.update(done, 100, "turns")
    assert len([line for line in said if "%" in line]) == 20


def test_nothing_to_do_is_no_division_by_zero(said: list[str]) -> None:
    lines = Lines(said.append)
    lines.update(0, 0)
    Phases(lines, {"only": 0.0}).begin("only")
    lines.update(0, 0)
    assert said == ["1/1 · only"]


def test_a_part_reports_in_units_of_its_own() -> None:
    said: list[str] = []
    within = Within(Lines(said.append), 500, 300, 1000, "contexts sampled")
    within.update(1200, 2400, "turns")
    within.update(0, 0)
    within.phase(1, 2, "x", (0.0, 0.5))
    assert said == ["65 % (650 of 1,000 contexts sampled)"]

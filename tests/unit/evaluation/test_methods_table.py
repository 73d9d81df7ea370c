"""Several seeds of several methods, in one table."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.methods import table


def seed(sft: float, gaps: dict[str, tuple[float, float, float]], extra: bool = False) -> dict[str, Any]:
    rows = [{"model": "SFT", "metric": "exact_call", "slice": "all", "value": sft, "low": 0.0, "high": 1.0}]
    rows += [rows[0] | {"metric": "only_here"}] if extra else []
    for name, (value, low, high) in gaps.items():
        rows += [rows[0] | {"model": f"{name}-SFT", "value": value, "low": low, "high": high}]
    rows += [rows[0] | {"slice": "en", "value": 9.0}]
    cost = {"seconds": 60.0, "sampled": 0, "tokens": 1000}
    return {"metrics": rows, "cost": {"SFT": cost, "SFT + DPO": cost, "SFT + RFT": cost | {"seconds": 90.0}}}


def test_a_cell_is_the_mean_with_its_ends_and_how_many_intervals_leave_0_out() -> None:
    found = {
        "17": seed(0.5, {"SFT + DPO": (0.04, 0.01, 0.07), "SFT + RFT": (-0.02, -0.05, 0.01)}, extra=True),
        "18": seed(0.6, {"SFT + DPO": (0.02, -0.01, 0.05), "SFT + RFT": (-0.04, -0.06, -0.02)}),
    }
    lines = table(found, ["dpo", "rft"]).split("\n")
    assert lines[0] == "|  | SFT | DPO | RFT |"
    assert lines[2] == (
        "| exact_call | 0.550 | +0.030 (+0.020 to +0.040; 1 of 2) | -0.030 (-0.040 to -0.020; 1 of 2) |"
    )
    assert lines[3:] == [
        "| seconds | 60 | 60 | 90 |",
        "| sampled | 0 | 0 | 0 |",
        "| tokens | 1,000 | 1,000 | 1,000 |",
    ]

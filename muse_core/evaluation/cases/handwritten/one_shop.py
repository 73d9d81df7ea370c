"""The sixty hand-written cases, asked in the shop of the run. Sixty show large differences only: see
`significance.minimum_detectable_difference`."""

from __future__ import annotations

from pathlib import Path

from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.cases.case_file import load_cases

PACKAGE_DATA = ("pictures/*",)  # named by the cases


def handwritten_cases() -> list[EvalCase]:
    """The sixty cases."""
    return load_cases(Path(__file__).parent / "cases.jsonl")

"""Where figures come from: seconds per stage, artifacts, configuration; and the stages' own numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.evaluation.report.inputs import ReportInputs
from muse_core.evaluation.score.table import DASH, duration


def plain(value: float | None) -> str:
    """A manifest number as people read it."""
    if value is None:
        return DASH
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3f}"


def stage_numbers(inputs: ReportInputs, stages: Sequence[str]) -> dict[str, list[list[str]]]:
    """All numbers of the manifests of these stages, by stage."""
    found = {stage: inputs.numbers(stage) for stage in stages}
    return {
        stage: [[name.replace("_", " "), plain(value)] for name, value in numbers.items()]
        for stage, numbers in found.items()
        if numbers
    }


def timings(inputs: ReportInputs) -> dict[str, Any]:
    """Seconds, expected seconds, trained tokens, rows and bytes of each stage."""
    lines, total, sum_expected = [], 0.0, 0.0
    for stage in inputs.manifests:
        seconds, expected = inputs.stage_seconds(stage), inputs.expected_seconds(stage)
        total, sum_expected = total + (seconds or 0.0), sum_expected + (expected or 0.0)
        share = None if not expected or seconds is None else round(100 * seconds / expected)
        ref = inputs.manifests[stage].get("ref") or {}
        lines.append(
            {
                "stage": stage,
                "seconds": duration(seconds),
                "expected": duration(expected),
                "share": share,
                "tokens": tokens_of(inputs, stage),
                "rows": f"{ref['rows']:,}" if ref.get("rows") else "",
                "size": f"{ref['nbytes'] / 1e6:.1f} MB" if ref.get("nbytes") else "",
            }
        )
    return {
        "lines": lines,
        "total": duration(total),
        "expected": duration(sum_expected) if sum_expected else None,
    }


def tokens_of(inputs: ReportInputs, stage: str) -> str:
    """Tokens that a stage trained on and how many a second, or nothing."""
    numbers = inputs.numbers(stage)
    tokens, seconds = numbers.get(f"{stage}_tokens"), numbers.get(f"{stage}_seconds")
    if not tokens:
        return ""
    return f"{tokens:,.0f}" + (f" ({tokens / seconds:,.0f} a second)" if seconds else "")


def provenance(inputs: ReportInputs) -> dict[str, Any]:
    lines = []
    for stage, manifest in inputs.manifests.items():
        ref = manifest.get("ref") or {}
        lines.append(
            {
                "stage": stage,
                "artifact": str(ref.get("path", "")).rpartition("/")[0],
                "digest": str(ref.get("digest", ""))[:12],
                "rows": ref.get("rows") or "",
                "validated": manifest.get("validated_by", ""),
            }
        )
    parts = {
        name.removeprefix("config "): value
        for stage in inputs.manifests
        for name, value in (inputs.about(stage).get("key_parts") or {}).items()
        if name.startswith("config ") or name == "seed"
    }
    newest: Mapping[str, Any] = next(reversed(list(inputs.manifests.values())), {})
    return {
        "artifacts": lines,
        "config": dict(sorted(parts.items())),
        "libraries": newest.get("libraries") or {},
        "platform": newest.get("platform", ""),
        "fluency_judge": str(inputs.about("evaluate").get("fluency_judge", ""))[:12],
    }

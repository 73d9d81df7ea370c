"""The exported forms on the page: whether each does what the model does, and how fast it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PARITY = (
    "form", "contexts", "largest Δlogit", "same text", "same decision", "same calls", "right tool",
    "exact call",
)  # fmt: skip
SPEED = (
    "form", "first token", "a token, p50 / p95 / p99", "tokens/s at 1 / 8 / 32", "memory", "files",
    "against eager",
)  # fmt: skip


def exported(about: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of an export's `about`; {} where no graph was asked for."""
    if not about.get("parity"):
        return {}
    parity = about["parity"]
    differences = {name: one["first_difference"] for name, one in parity.items() if one["first_difference"]}
    return {
        "forms": about.get("forms") or {},
        "differences": differences,
        "parity": [list(PARITY), *_parity(parity)],
        "speed": [list(SPEED), *_speed(about.get("latency") or {})],
    }


def _parity(parity: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, one in parity.items():
        yield [name, *_slice(one["whole"]), _rate(one["tool_accuracy"]), _rate(one["exact_call"])]
        for part, found in one["slices"].items():
            yield [f"… {part.replace('language=', '').replace('margin', 'margin ')}", *_slice(found), "", ""]
    first = next(iter(parity.values()))
    yield [
        "PyTorch",
        *[""] * 5,
        *(_rate(first[f"{key}_of_model"]) for key in ("tool_accuracy", "exact_call")),
    ]


def _slice(found: Mapping[str, Any]) -> list[str]:
    shares = (f"{100 * found[key]:.1f} %" for key in ("same_tokens", "same_decision", "same_call"))
    return [str(found["cases"]), f"{found['max_logit_difference']:.2g}", *shares]


def _rate(rate: Mapping[str, float]) -> str:
    return f"{100 * rate['value']:.1f} % [{100 * rate['low']:.1f}, {100 * rate['high']:.1f}]"


def _speed(latency: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, one in latency.items():
        yield [
            name,
            f"{one['first_token_ms']:.1f} ms",
            " / ".join(f"{one[f'token_ms_p{q}']:.2f}" for q in (50, 95, 99)) + " ms",
            " / ".join(f"{one[f'tokens_per_s_{rows}']:,.0f}" for rows in (1, 8, 32)),
            "–" if one["memory_mb"] is None else f"{one['memory_mb']:.0f} MB",
            f"{one['size_mb']:.1f} MB",
            f"{one['speed_ratio']:.2f} ×",
        ]

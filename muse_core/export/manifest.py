"""What an export folder says about itself: the list of files with digests, and the model card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from muse_core.models.known_bases import known_as

RATES = {"tool_accuracy": "right tool", "exact_call": "exact call"}


def file_list(folder: Path) -> list[dict[str, Any]]:
    """`[{"file", "nbytes", "sha256"}]` of everything below `folder`, sorted by path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        {"file": path.relative_to(folder).as_posix(), "nbytes": path.stat().st_size, "sha256": _digest(path)}
        for path in files
    ]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def model_card(manifest: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    """Markdown: what the model is for, what was measured here, what it is not for."""
    lines = [
        "# MUSE shopping assistant",
        "",
        "Answers shoppers in English, Hindi and Hinglish and calls six tools of the shop it was trained on.",
        "Not for: medical, legal or payment advice, other languages, catalogues it has not seen.",
        "",
        f"Model digest `{manifest['model_digest']}`.",
        "",
        *_base(manifest.get("base")),
        *_facets(manifest["facets"]),
        "## Files",
        "",
        *(f"- `{entry['file']}` ({entry['nbytes']:,} bytes)" for entry in manifest["files"]),
        "",
        "## Exported graphs against PyTorch (development contexts)",
        "",
        *_parity_table(manifest["parity"]),
        "",
        *(f"- {name}: {said}" for name, said in manifest["forms"].items()),
        f"- TensorRT: {_engine_line(manifest['tensorrt'])}",
        "",
        *_latency_table(manifest["latency"]),
        "## Training (development side)",
        "",
        *(f"- {name}: {value:.4g}" for name, value in sorted(training.get("metrics", {}).items())),
        "",
    ]
    return "\n".join(lines)


def base_terms(about: Mapping[str, Any]) -> str | None:
    """What a model that came from a pretrained base owes to it; None for one from scratch. `about`: its
    muse.json."""
    name = about.get("base_model")
    if not name:
        return None
    if known := known_as(str(name)):
        return f"{known.hub}, {known.licence} ({known.terms})"
    stated = about.get("base_licence") or "licence not stated: look at its page before you pass this on"
    return f"{name}, {stated}"


def _base(terms: str | None) -> list[str]:
    """Whose licence binds the weights."""
    return [f"Trained from: {terms}. Its licence holds for these weights as well.", ""] if terms else []


def _facets(told: str) -> list[str]:
    """What the shop can be asked for beyond price, colour and the like."""
    return [f"Its shop can also be asked for: {told}. `tools.json` has the arguments.", ""] if told else []


def _parity_table(parity: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each graph, and below it one for each language and each band of how sure the model is."""
    if not parity:
        return ["None was asked for."]
    names = ("graph", "contexts", "max Δlogit", "same tokens", "same decision", "same call", *RATES.values())
    head = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    lines = []
    for name, one in parity.items():
        lines.append(f"| {name} | {_cells(one['whole'])} | {' | '.join(_rate(one, key) for key in RATES)} |")
        lines += [f"| … {part} | {_cells(found)} | | |" for part, found in one["slices"].items()]
        model = (_rate(one, f"{key}_of_model") for key in RATES)
    return [*head, *lines, f"| PyTorch | | | | | | {' | '.join(model)} |"]


def _cells(found: Mapping[str, float]) -> str:
    shares = (f"{found[key]:.1%}" for key in ("same_tokens", "same_decision", "same_call"))
    return " | ".join([str(found["cases"]), f"{found['max_logit_difference']:.2g}", *shares])


def _rate(one: Mapping[str, Any], key: str) -> str:
    value, low, high = (100 * one[key][end] for end in ("value", "low", "high"))
    return f"{value:.1f} % [{low:.1f}, {high:.1f}]"


def _latency_table(latency: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not latency:
        return []
    lines = ["## Speed on the machine that exported it (CPU)", ""]
    names = ("form", "first token", "a token, p50 / p95 / p99", "tokens/s at 1 / 8 / 32", "memory", "size")
    lines += [f"| {' | '.join(names)} | against eager |", "|---" * 7 + "|"]
    for name, one in latency.items():
        token = " / ".join(f"{one[f'token_ms_p{q}']:.2f}" for q in (50, 95, 99))
        rate = " / ".join(f"{one[f'tokens_per_s_{rows}']:,.0f}" for rows in (1, 8, 32))
        memory = "–" if one["memory_mb"] is None else f"{one['memory_mb']:.0f} MB"
        lines.append(
            f"| {name} | {one['first_token_ms']:.1f} ms | {token} ms | {rate} | {memory} | "
            f"{one['size_mb']:.1f} MB | {one['speed_ratio']:.2f}x |"
        )
    return [*lines, ""]


def _engine_line(engine: Mapping[str, Any] | None) -> str:
    if not engine:
        return "not asked for."
    if engine["status"] != "built":
        return f"skipped: {engine['reason']}."
    return f"{engine['file']} built with {engine['module']} {engine['version']}, not executed here."

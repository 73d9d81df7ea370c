"""What an export folder says about itself: the list of files with digests, and the model card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from muse_core.models.known_bases import known_as


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
        f"int8: {manifest['int8']}. TensorRT: {_engine_line(manifest['tensorrt'])}",
        "",
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


def _parity_table(parity: Mapping[str, Mapping[str, float]]) -> list[str]:
    head = [
        "| graph | contexts | max Δlogit | same tokens | same decision | same call | speed against eager |"
    ]
    head.append("|---|---|---|---|---|---|---|")
    return head + [
        f"| {name} | {p['cases']} | {p['max_logit_difference']:.2g} | {p['same_tokens']:.1%} | "
        f"{p['same_decision']:.1%} | {p['same_call']:.1%} | {p['speed_ratio']:.2f}x |"
        for name, p in parity.items()
    ]


def _engine_line(engine: Mapping[str, Any] | None) -> str:
    if not engine:
        return "not asked for."
    if engine["status"] != "built":
        return f"skipped: {engine['reason']}."
    return f"{engine['file']} built with {engine['module']} {engine['version']}, not executed here."

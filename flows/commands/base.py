"""`muse base ls` and `muse base check`: which base models there are, and what a run would make of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.bases import lies_at, memory_here, resolved
from flows.environment import home_folder
from muse_core.config.load import load_config
from muse_core.errors import ConfigError
from muse_core.models.base_check import GB, BaseSize
from muse_core.models.base_facts import BaseFacts, inspect
from muse_core.models.known_bases import KnownBase, known_bases
from muse_core.training.probe import Probe, probe
from tasks.estimate import COSTS, HOUR_S, estimate

PRESET = "cpu"
FP32_BYTES = 4
SCRIPTS = ("en", "hi", "roman")  # in the list; `check` has all


def ls(home: Path | None, as_json: bool) -> None:
    """The list, after a probe of two seconds."""
    place = home_folder(home)
    config, _ = load_config(PRESET)
    measured = probe(config)
    rows = [_row(base, place, measured) for base in known_bases().values()]
    if as_json:
        print(json.dumps({"bases": rows, "tokens_per_second": round(measured.tokens_per_second, 1)}))
        return
    for row in rows:
        print(_lines(row))
    print(
        f"\nhours: all of --preset {PRESET} with its sizes as written (cpu.hours=0), by a probe of "
        f"{measured.seconds:.0f} s\nwith a small model. tokens a word: of the shoppers' wordings."
    )


def _row(base: KnownBase, home: Path, measured: Probe) -> dict[str, Any]:
    found = lies_at(home, base.name)
    return {
        "name": base.name,
        "hub": base.hub,
        "licence": base.licence,
        "is_gated": base.is_gated,
        "parameters": base.parameters,
        "weights_gb": round(base.parameters * FP32_BYTES / GB, 2),
        "tokens_per_word": dict(base.tokens_per_word),
        "hours": round(hours_of(base, measured), 1),
        "path": str(found) if found else None,
    }


def hours_of(base: KnownBase, measured: Probe) -> float:
    """Of the whole preset, with what it keeps of the base's vocabulary."""
    config, _ = load_config(PRESET)
    size = BaseSize(base.family, base.parameters, base.vocabulary * base.width, base.vocabulary)
    return estimate(config, COSTS, measured, size.trimmed(config.base.trim_vocab)).total_s / HOUR_S


def _lines(row: Mapping[str, Any]) -> str:
    rates = [f"{script} {row['tokens_per_word'][script]:.1f}" for script in SCRIPTS if row["tokens_per_word"]]
    parts = [
        f"{row['licence']}{', gated' if row['is_gated'] else ''}",
        f"{row['parameters'] / 1e6:,.0f}M parameters, {row['weights_gb']:.1f} GB in fp32",
        f"tokens a word: {', '.join(rates) or 'not measured'}",
        f"{row['hours']:.1f} hours",
    ]
    here = f"\n    here: {row['path']}" if row["path"] else ""
    return f"{row['name']}  ({row['hub']})\n    {'; '.join(parts)}{here}"


def check(name: str, home: Path | None, as_json: bool) -> None:
    """Prints what was found. ConfigError (exit 2) with every problem."""
    model = resolved(home_folder(home), name)
    facts = inspect(model, memory_here())
    if as_json:
        print(json.dumps(_as_object(name, facts), ensure_ascii=False))
    else:
        _show(name, facts)
    if facts.problems:
        raise ConfigError(f"{name} cannot be a base here:", facts.problems)


def _as_object(name: str, facts: BaseFacts) -> dict[str, Any]:
    size = vars(facts.size) if facts.size else None
    found = {**vars(facts), "name": name, "size": size}
    if facts.size:
        found["memory_needed"] = facts.size.memory_bytes()
        found["memory_needed_lora"] = facts.size.memory_bytes(16)
    return found | {"memory_here": memory_here()}


def _show(name: str, facts: BaseFacts) -> None:
    lines = [("base", facts.model if facts.model == name else f"{name} ({facts.model})"),
             ("licence", facts.licence)]  # fmt: skip
    if size := facts.size:
        lines += [
            ("family", size.family),
            ("parameters", f"{size.parameters:,}, {size.embedding:,} of them in the vocabulary"),
            ("vocabulary", f"{size.vocabulary:,} tokens"),
            (
                "memory",
                f"at least {size.memory_bytes() / GB:.1f} GB for training (LoRA "
                f"{size.memory_bytes(16) / GB:.1f} GB), activations on top; here {memory_here() / GB:.1f} GB",
            ),
        ]
    if facts.tokens_per_word:
        rates = ", ".join(f"{script} {rate:.2f}" for script, rate in facts.tokens_per_word.items())
        lines += [("tokens a word", rates), ("tool list", f"{facts.tool_list_tokens} tokens")]
    for title, text in lines:
        print(f"{title:14}{text}")
    for note in facts.notes:
        print(f"note: {note}")

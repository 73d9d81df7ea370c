"""`cpu.hours`: the sizes of a run that fits into so many hours on this machine, decided once.

Decided are SFT's tokens (single turns first), the pairs' contexts, DPO's epochs, how much is evaluated and,
where the CPU has units for bf16, the precision; what the user has set stays. The decision becomes the
configuration before any key is made of it. It is kept in the home folder by what was asked, so that a run
that goes on has the same keys though a probe never measures the same rate twice: delete the file to have it
decided again.
"""

from __future__ import annotations

import itertools
import json
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.durable import explained, write_text
from muse_core.errors import ConfigError
from muse_core.fingerprint import config_digest
from muse_core.models.device import resolve_device
from muse_core.stage_table import whole_of
from tasks.estimate import (
    COSTS,
    HOUR_S,
    TOKENS_PER_TALK,
    TRAIN_SHARE,
    StageEstimate,
    contexts,
    estimate,
    needs_probe,
    pairs_weight,
    talks,
)
from tasks.pace import fastest

if TYPE_CHECKING:
    from muse_core.training.probe import Probe

log = logging.getLogger(__name__)

FILE = "budgets.json"
SHARES = {"pairs": 0.15, "evaluate": 0.3}  # of what the other stages leave; SFT has the rest
SINGLE_TURNS = 0.6  # of SFT's tokens, as in the run that was tried by hand: 260,000 of 420,000
ENOUGH_CONTEXTS = 1000  # before another epoch of DPO pays
EVALUATED = (
    "max_cases",
    "unseen_shop_cases",
    "anonymous_cases",
    "cases_per_rate",
    "pair_contexts",
    "closed_loop_goals",
)
FEWEST = {"max_cases": 100, "cases_per_rate": 20, "pair_contexts": 20}
LEAST_SHARE = 0.2  # of the hours, for SFT: with less there is nothing to show

Expect = Callable[[RunConfig], Mapping[str, StageEstimate]]


@dataclass(frozen=True)
class Budget:
    """`values`: dotted keys; `tokens_per_second`: of the run's own model, when it was decided."""

    hours: float
    tokens_per_second: float
    values: Mapping[str, int | str]

    def line(self) -> str:
        texts = {key: value if isinstance(value, str) else f"{value:,}" for key, value in self.values.items()}
        decided = ", ".join(f"{key}={text}" for key, text in texts.items())
        return (
            f"{self.hours:g} hours at {self.tokens_per_second:,.0f} tokens/s, decided for these settings and "
            f"kept: {decided}. Keys that you set yourself stay; --set cpu.hours=0 takes all sizes as written"
        )


def within_budget(
    config: RunConfig, home: Path, device: Literal["cpu", "cuda"], is_kept: bool = True
) -> tuple[RunConfig, Budget | None]:
    """The configuration with the sizes that were decided for it, or are now; as it is without `cpu.hours`.
    ConfigError where the hours do not suffice for anything."""
    if not config.cpu.hours:
        return config, None
    kept, key = _read(home), config_digest(config)
    if key in kept:
        budget = Budget(**kept[key])
    else:
        budget = _measured(config, device)
        if is_kept:
            home.mkdir(parents=True, exist_ok=True)
            with explained(home):
                write_text(home / FILE, json.dumps(kept | {key: vars(budget)}, indent=2, sort_keys=True))
    return with_values(config, budget.values), budget


def say_budget(config: RunConfig, home: Path, wanted: frozenset[str]) -> RunConfig:
    """The configuration that a run of the stages works with, said before it begins. Stages that ask no model
    read nothing of what is decided."""
    if not needs_probe(wanted):
        return config
    sized, budget = within_budget(config, home, resolve_device(config.execution.device))
    if budget is not None:
        log.info("%s", budget.line())
    return sized


def _read(home: Path) -> dict[str, Any]:
    path = home / FILE
    if not path.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found
    except ValueError as problem:
        raise ConfigError(
            f"{path} is no JSON ({problem}); delete it to have the sizes decided again"
        ) from None


def _measured(config: RunConfig, device: Literal["cpu", "cuda"]) -> Budget:
    quick, probe, parameters = fastest(config, device)
    budget = decide(quick, probe, parameters)
    if quick is config:
        return budget
    return replace(budget, values={**budget.values, "execution.precision": quick.execution.precision})


def decide(config: RunConfig, probe: Probe, parameters: int | None = None) -> Budget:
    """What fits. Sizes are rounded down to two digits, and never above what the preset has. ConfigError where
    the hours do not suffice, with those that do."""

    def expect(sized: RunConfig) -> Mapping[str, StageEstimate]:
        return estimate(sized, COSTS, probe, parameters).stages

    hours, rate = config.cpu.hours, expect(config)["sft"].tokens_per_second
    chosen = _sizes(config, hours, expect)
    if chosen is None:
        tenths = itertools.count(math.floor(10 * hours) + 1)
        enough = next(tenth / 10 for tenth in tenths if _sizes(config, tenth / 10, expect))
        raise ConfigError(
            f"cpu.hours is {hours:g}, but this machine trains {rate:,.0f} tokens/s of such a model: data, "
            f"the least evaluation and export leave less than {LEAST_SHARE:.0%} of the hours for SFT. Set at "
            f"least cpu.hours={enough:g}, a smaller base.model, or cpu.hours=0"
        )
    own = _untouched(config)
    kept = {key: value for key, value in chosen.items() if key in own}
    return Budget(hours, round(rate, 1), kept)


def _sizes(config: RunConfig, hours: float, expect: Expect) -> dict[str, int] | None:
    """Dotted keys, or None where too little is left for SFT."""
    asked, whole = hours * HOUR_S, expect(config)
    spent = {"pairs": 0.0, "evaluate": 0.0, "sft": 0.0, "rest": 0.0}
    for name, one in whole.items():
        spent[_part(name)] += one.seconds
    left = max(0.0, asked - spent["rest"])
    evaluated = _evaluation(config, min(1.0, SHARES["evaluate"] * left / spent["evaluate"]))
    pairs = _pairs(config, SHARES["pairs"] * left, whole["pairs"].tokens_per_second)
    taken = expect(with_values(config, evaluated | pairs)).items()
    sft_s = asked - sum(one.seconds for name, one in taken if _part(name) != "sft")
    if sft_s < LEAST_SHARE * asked:
        return None
    rate = whole["sft"].tokens_per_second
    return _sft(config, sft_s * rate / COSTS["sft"].tokens) | pairs | evaluated


def _part(stage: str) -> str:
    """Which of the shares a stage is paid from."""
    whole = whole_of(stage)
    return {"pairs": "pairs", "dpo": "pairs", "evaluate": "evaluate", "sft": "sft"}.get(whole, "rest")


def _sft(config: RunConfig, tokens: float) -> dict[str, int]:
    single = _down(SINGLE_TURNS * tokens)
    rest = max(1, _down(tokens - single))
    taught = TRAIN_SHARE * (1 - config.pairs.reserved_share) * talks(config) * TOKENS_PER_TALK
    epochs = max(1, math.ceil(rest / taught))
    return {"sft.single_turn_tokens": single, "sft.max_tokens": rest, "sft.num_epochs": epochs}


def _pairs(config: RunConfig, seconds: float, rate: float) -> dict[str, int]:
    """As many epochs as leave enough contexts."""
    most = contexts(config)
    for epochs in range(config.dpo.num_epochs, 0, -1):
        each = config.pairs.samples_per_context * COSTS["pairs"].tokens
        each += epochs * config.dpo.rounds * COSTS["dpo"].tokens * pairs_weight(config)
        found = min(most, seconds * rate / each)
        if found >= min(most, ENOUGH_CONTEXTS) or epochs == 1:
            return {"pairs.contexts": max(1, _down(found)), "dpo.num_epochs": epochs}
    raise AssertionError("dpo.num_epochs is at least 1")


def _evaluation(config: RunConfig, share: float) -> dict[str, int]:
    sizes = config.evaluation.model_dump(include=set(EVALUATED))
    return {
        f"evaluation.{name}": min(size, max(_down(share * size), FEWEST.get(name, 0)))
        for name, size in sizes.items()
    }


def _untouched(config: RunConfig) -> set[str]:
    """Keys whose values are the preset's: the others are the user's own."""
    preset = load_config(config.preset)[0].model_dump(mode="json")
    return {
        f"{section}.{key}"
        for section, values in config.model_dump(mode="json").items()
        if isinstance(values, dict)
        for key, value in values.items()
        if preset[section][key] == value
    }


def with_values(config: RunConfig, values: Mapping[str, int | str]) -> RunConfig:
    changed: dict[str, dict[str, int | str]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        changed.setdefault(section, {})[name] = value
    sections = {name: getattr(config, name).model_copy(update=new) for name, new in changed.items()}
    return config.model_copy(update=sections)


def _down(number: float) -> int:
    """Two digits, rounded down: 423,812 -> 420,000."""
    if number < 100:
        return int(number)
    unit = 10 ** (int(math.log10(number)) - 1)
    return int(number // unit * unit)

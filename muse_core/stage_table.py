"""The stages, one line each: which there are, what each is called with, and how it runs.

Whatever lists stages is made from `STAGES`: Prefect's tasks with their tags and timeouts, the order of the
flow, `--stage`, `muse explain`, the report and the deployments. A stage's module (`stages/<name>.py`) holds
the rest: `READS` (the config keys that its result depends on), `KIND` (of the artifact that it returns) and
`run(config, *, <inputs>, ctx)`. These are read from its source; nothing is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from muse_core import closure
from muse_core.errors import ArtifactError, ConfigError
from muse_core.types import ArtifactRef

HOUR_S = 3600
DECLARED = ("READS", "KIND")
POST = "dpo"  # whose model stages behind it take as `dpo`, whatever method has made it (`maker`)
MODELS = ("base", "sft", POST)


@dataclass(frozen=True)
class Stage:
    """One line of the table.

    `inputs`: the stages whose receipts `run` is called with. `does`: what it does, for people. `group`: a
    request for it runs the stage too (`--stage data`). `section`: the part of the configuration that its
    run shows ("" = the one named after it). `gpu`: models are trained or asked, so that it takes one of the
    server's `gpu` slots; `trains`: it may take days. `part_of`: users know it as a part of that stage, shown
    there as `title`. `code`: the module that it shares with others ("" = one of its own); `model`: the input
    that this module is given as `model`, and whose name it is given as `name`. `in_place_of`: the stage whose
    place it takes in a run with `post.method` set to its name; no other run has it.
    """

    name: str
    inputs: tuple[str, ...] = ()
    does: str = ""
    group: str = ""
    section: str = ""
    gpu: bool = False
    trains: bool = False
    part_of: str = ""
    title: str = ""
    code: str = ""
    model: str = ""
    in_place_of: str = ""
    root: Path = closure.SOURCE_ROOT

    @property
    def module(self) -> str:
        return f"muse_core.stages.{self.code or self.name}"

    @property
    def whole(self) -> str:
        """The stage that users know it as."""
        return self.part_of or self.name

    @property
    def label(self) -> str:
        """`sft`, `evaluate 3/10 · SFT`: how its progress is headed."""
        parts = [stage.name for stage in STAGES if stage.whole == self.whole]
        if len(parts) < 2:
            return self.name
        return f"{self.whole} {parts.index(self.name) + 1}/{len(parts)} · {self.title}"

    def arguments(self, inputs: Mapping[str, ArtifactRef]) -> dict[str, ArtifactRef | str]:
        """What `run` is called with by name, for these receipts (stage name -> receipt)."""
        found: dict[str, ArtifactRef | str] = {
            "model" if name == self.model else name: ref for name, ref in inputs.items()
        }
        return found | ({"name": self.model} if self.model else {})

    @property
    def config_section(self) -> str:
        return self.section or self.name

    @property
    def timeout_s(self) -> int:
        """After how long a run of it is given up."""
        return HOUR_S * (72 if self.trains else 24 if self.gpu else 12)

    @cached_property
    def path(self) -> Path:
        """The module's file. ArtifactError when there is none."""
        path = closure.locate(self.module, self.root)
        if path is None:
            raise ArtifactError(f"stage {self.name!r} has no module {self.module}")
        return path

    @cached_property
    def _declared(self) -> dict[str, Any]:
        found = closure.literals_of(self.path, DECLARED)
        missing = set(DECLARED) - found.keys()
        if missing:
            raise ArtifactError(f"{self.module} must declare {', '.join(sorted(missing))} as literals")
        return found

    @property
    def reads(self) -> tuple[str, ...]:
        """Dotted config keys or section names that the result depends on."""
        return tuple(self._declared["READS"])

    @property
    def kind(self) -> str:
        """Of the artifact that it returns."""
        return str(self._declared["KIND"])

    def beside(self, name: str) -> Stage:
        """The stage of that name in the same source tree."""
        known = next((stage for stage in STAGES if stage.name == name), Stage(name))
        return replace(known, root=self.root)


def _evaluation() -> Iterator[Stage]:
    """The parts of `evaluate`: a changed model is asked again, the others are not."""
    # fmt: off
    names = {"base": "base", "sft": "SFT", "dpo": "DPO"}
    part: dict[str, Any] = {"part_of": "evaluate", "section": "evaluation"}
    yield Stage(
        "test_cases", ("catalog", "profiles", "conversations"), "The turns that models are measured on.",
        **part, title="test cases",
    )
    for name in MODELS:
        yield Stage(
            f"predict_{name}", ("catalog", "profiles", "test_cases", name),
            f"What {names[name]} answers to them.", **part, gpu=True, title=names[name],
            code="predict", model=name,
        )
    yield Stage(
        "test_pairs", ("catalog", "profiles", "conversations", "sft"),
        "Preference pairs of test turns, sampled once from the SFT model.", **part, gpu=True,
        title="test pairs",
    )
    yield Stage(
        "talk_expert", ("catalog", "profiles"), "Simulated shoppers talk to the expert.", **part,
        title="shoppers and the expert",
    )
    for name in MODELS:
        yield Stage(
            f"talk_{name}", ("catalog", "profiles", "talk_expert", name),
            f"Simulated shoppers talk to {names[name]}.", **part, gpu=True,
            title=f"shoppers and {names[name]}", code="talk", model=name,
        )
    yield Stage(
        "evaluate",
        (
            "catalog", "conversations", "test_cases", *(f"predict_{name}" for name in MODELS), "test_pairs",
            "talk_expert", *(f"talk_{name}" for name in MODELS), *MODELS,
        ),
        "All models on the same test cases, and the report.", section="evaluation", gpu=True, title="figures",
    )
    # fmt: on


STAGES: tuple[Stage, ...] = (
    Stage("catalog", (), "The products, cleaned.", group="data"),
    Stage("profiles", ("catalog",), "The shoppers.", group="data"),
    Stage(
        "conversations", ("catalog", "profiles"), "Simulated dialogues with real tool results.", group="data"
    ),
    Stage(
        "base", ("conversations",), "The base language model, imported or trained.", group="data",
        gpu=True, trains=True,
    ),
    Stage(
        "augment", ("catalog", "profiles", "conversations", "base"), "Calls that help, by the loss filter.",
        group="data", section="augmentation", gpu=True,
    ),
    Stage(
        "sft", ("catalog", "conversations", "augment", "base"), "Supervised fine-tuning.", gpu=True,
        trains=True,
    ),
    Stage(
        "pairs", ("catalog", "profiles", "conversations", "sft"),
        "Preference pairs sampled from the SFT model.", gpu=True,
    ),
    Stage(
        "dpo", ("catalog", "profiles", "conversations", "sft", "pairs"), "Preference training.",
        gpu=True, trains=True,
    ),
    Stage(
        "rft", ("catalog", "profiles", "conversations", "augment", "sft"),
        "Fine-tuning on turns of its own that are right.", gpu=True, trains=True, in_place_of=POST,
    ),
    Stage(
        "grpo", ("catalog", "profiles", "conversations", "sft"), "Reinforcement on turns of its own.",
        gpu=True, trains=True, in_place_of=POST,
    ),
    *_evaluation(),
    Stage("export", ("conversations", "dpo"), "ONNX, int8, TensorRT, and the registry.", gpu=True),
)  # fmt: skip
STAGE_NAMES: tuple[str, ...] = tuple(
    stage.name for stage in STAGES if not stage.part_of and not stage.in_place_of
)  # as users know them
METHODS: tuple[str, ...] = (POST, *(stage.name for stage in STAGES if stage.in_place_of == POST))


def maker(name: str, method: str) -> str:
    """The stage whose receipt a run with this `post.method` gives as the input `name`."""
    return method if name == POST else name


def stage_named(name: str) -> Stage:
    """ConfigError for a name that is not in the table."""
    for stage in STAGES:
        if stage.name == name:
            return stage
    known = dict.fromkeys((*STAGE_NAMES, *METHODS))
    raise ConfigError(f"unknown stage {name!r}", [f"stages are {', '.join(known)}"])


def whole_of(name: str) -> str:
    """The stage that users know `name` as; `name` itself for what is not in the table."""
    return next((stage.whole for stage in STAGES if stage.name == name), name)


def summed(by_name: Mapping[str, float]) -> dict[str, float]:
    """Numbers of stages and parts as those of the stages that users know."""
    found: dict[str, float] = {}
    for name, value in by_name.items():
        found[whole_of(name)] = found.get(whole_of(name), 0.0) + value
    return found

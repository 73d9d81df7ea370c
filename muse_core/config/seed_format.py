"""The founding guide's configuration files (docs/seed.md#configuration-files), read as they are.

Three shapes: the pipeline JSON (`data_generation`, `sft_training`, `dpo_training`, `evaluation`), and
the flat `SFTConfig` and `DPOConfig`. Each key is moved to ours, or reported as "ignored because ...".
A key that none of the tables knows is moved along, so that the strict check names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Shape = Literal["pipeline", "sft", "dpo", "unclear"]

PIPELINE_SECTIONS = ("data_generation", "sft_training", "dpo_training")
DATA_GENERATION = {
    "num_profiles": "profiles.count",
    "num_conversations": "conversations.count",
    "augmentation_samples": "augmentation.samples",
}
_SHARED_MOVES = {"device": "execution.device", "use_wandb": "report_to"}
SFT_MOVES = {**_SHARED_MOVES, "save_steps": "sft.save_every_steps"}
DPO_MOVES = {
    **_SHARED_MOVES,
    "save_steps": "dpo.save_every_steps",
    "preference_strength_threshold": "pairs.preference_strength_threshold",
    "rejection_sampling": "pairs.rejection_sampling",
}
IGNORED = {
    "toolformer_data_path": "the augmented rows come from the stage `augment`",
    "preference_data_path": "the pairs come from the stage `pairs`",
    "sft_model_path": "the policy is the model of the stage `sft`",
    "output_dir": "everything is written below the home folder (--home)",
    "checkpoint_dir": "checkpoints are kept below the home folder (--home) until their stage is done",
    "tool_vocab_size": "the number of tools follows from the tools themselves",
    "eval_steps": "the dev side is measured after every epoch",
}
_SFT_ONLY = (
    "toolformer_data_path", "checkpoint_dir", "tool_vocab_size", "tool_prediction_weight",
    "position_prediction_weight", "argument_prediction_weight", "fluency_weight",
)  # fmt: skip
_DPO_ONLY = ("sft_model_path", "beta", "preference_strength_threshold", "rejection_sampling")
_EITHER = (
    "batch_size", "learning_rate", "num_epochs", "warmup_ratio", "weight_decay", "max_grad_norm",
    "gradient_accumulation_steps", "max_sequence_length", "output_dir", "device", "use_wandb",
    "eval_steps", "save_steps",
)  # fmt: skip


@dataclass
class Mapped:
    """Our keys (dotted) with the values found, where each came from, and what the user should know."""

    values: dict[str, Any] = field(default_factory=dict)
    came_from: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def put(self, ours: str, value: Any, theirs: str) -> None:
        self.values[ours] = value
        self.came_from[ours] = theirs


def shape_of(raw: Mapping[str, Any]) -> Shape | None:
    """Which of the guide's files this is; None when it is one of ours."""
    if any(name in raw for name in PIPELINE_SECTIONS):
        return "pipeline"
    if any(name in raw for name in _DPO_ONLY):
        return "dpo"
    if any(name in raw for name in _SFT_ONLY):
        return "sft"
    return "unclear" if any(name in raw for name in _EITHER) else None


def read_seed(raw: Mapping[str, Any], shape: Shape) -> Mapped:
    """The guide's keys as ours."""
    mapped = Mapped()
    if shape == "pipeline":
        _read_pipeline(raw, mapped)
    elif shape == "unclear":
        mapped.problems.append(
            f"{', '.join(sorted(raw))}: a flat file that fits SFTConfig and DPOConfig alike; "
            "put the keys below [sft] or [dpo]"
        )
    else:
        _read_flat(raw, shape, "", mapped)
    return mapped


def _read_pipeline(raw: Mapping[str, Any], mapped: Mapped) -> None:
    for section, body in raw.items():
        if not isinstance(body, Mapping):
            mapped.put(section, body, section)
        elif section == "sft_training":
            _read_flat(body, "sft", "sft_training.", mapped)
        elif section == "dpo_training":
            _read_flat(body, "dpo", "dpo_training.", mapped)
        else:
            moves = DATA_GENERATION if section == "data_generation" else {}
            for key, value in body.items():
                mapped.put(moves.get(key, f"{section}.{key}"), value, f"{section}.{key}")


def _read_flat(body: Mapping[str, Any], stage: Literal["sft", "dpo"], prefix: str, mapped: Mapped) -> None:
    moves = SFT_MOVES if stage == "sft" else DPO_MOVES
    for key, value in body.items():
        theirs = prefix + key
        if key in IGNORED:
            mapped.notes.append(f"{theirs} = {value!r} is ignored because {IGNORED[key]}")
        elif key == "use_wandb":
            _read_wandb(value, theirs, mapped)
        elif key == "device":
            mapped.put("execution.device", str(value).split(":")[0], theirs)
            mapped.notes.append(f"{theirs} = {value!r} is taken as execution.device, for every stage")
        else:
            ours = moves.get(key, f"{stage}.{key}")
            mapped.put(ours, value, theirs)
            if key in moves:
                mapped.notes.append(f"{theirs} = {value!r} is taken as {ours}")


def _read_wandb(value: Any, theirs: str, mapped: Mapped) -> None:
    if not isinstance(value, bool):
        mapped.problems.append(f"{theirs}: found {value!r}, expected true or false")
        return
    mapped.put("report_to", ["mlflow", "wandb"] if value else ["mlflow"], theirs)
    mapped.notes.append(f"{theirs} = {value!r} is taken as report_to; MLflow is always written")

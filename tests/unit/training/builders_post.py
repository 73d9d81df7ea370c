"""A small model that has learnt a little, for tests of what trains on from it; and how such a training is
stopped in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from muse_core import records
from muse_core.config.run_config import BaseConfig, DpoConfig, PairsConfig, RunConfig, SftConfig
from muse_core.context import StageContext
from muse_core.models.loading import load_model
from muse_core.progress import Silent
from muse_core.stages import base, dpo, pairs, sft
from muse_core.types import ArtifactRef
from tests import builders
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.training.builders_training import context

SMALL = BaseConfig(
    vocab_size=900, hidden_size=48, num_layers=2, num_heads=2, intermediate_size=96, max_positions=1024,
    max_tokens=1000,
)  # fmt: skip
LEARN = SftConfig(
    calls="all", num_epochs=20, learning_rate=3e-3, muon_learning_rate=0.02, batch_size=8,
    gradient_accumulation_steps=1, utterance_weight=1.0, save_every_steps=1000,
)  # fmt: skip
MINE = PairsConfig(
    contexts=60, samples_per_context=4, max_new_tokens=64, preference_strength_threshold=0.55,
    pairing="extremes", rejection_sampling=False,
)  # fmt: skip
PREFER = DpoConfig(
    num_epochs=3, learning_rate=1e-3, batch_size=4, gradient_accumulation_steps=1, save_every_steps=2
)
CONFIG = RunConfig(base=SMALL, sft=LEARN, pairs=MINE, dpo=PREFER)


@dataclass
class Made:
    """What the stages before the methods of post-training have published."""

    root: Path
    refs: dict[str, ArtifactRef]

    def at(self, name: str, **changes: Any) -> StageContext:
        return context(self.root, name, **changes)

    def run(self, name: str, ctx: dict[str, Any] | None = None, **changes: Any) -> ArtifactRef:
        """The dpo stage with changed settings."""
        config = CONFIG.model_copy(update={"dpo": PREFER.model_copy(update=changes)})
        given = {one: self.refs[one] for one in ("sft", "pairs", "catalog", "profiles", "conversations")}
        return dpo.run(config, **given, ctx=self.at(name, **(ctx or {})))

    @property
    def store(self) -> Any:
        return self.at("dpo").store

    def count(self, kind: str) -> int:
        return sum(ref.kind == kind for ref in self.store.list())

    def manifest(self, ref: ArtifactRef) -> dict[str, Any]:
        found: dict[str, Any] = self.store.manifest(ref)
        return found

    def weights(self, ref: ArtifactRef) -> dict[str, torch.Tensor]:
        found: dict[str, torch.Tensor] = load_model(self.store.folder(ref)).model.state_dict()
        return found


def prepare(root: Path) -> Made:
    """A model that has learnt a little, its pairs, and what they were made of."""
    index = shop(60)
    store = context(root).store

    def write(kind: str, items: list[Any]) -> ArtifactRef:
        return store.write_table(kind, records.to_table(kind, items), f"in {kind}")

    refs = {
        "catalog": write("products", list(index.catalog.products)),
        "profiles": write("profiles", [builders.profile()]),
        "conversations": write("conversations", [*dialogues(index, 40)]),
    }
    talks = refs["conversations"]
    first = base.run(CONFIG, talks, ctx=context(root, "base"))
    learns = (refs["catalog"], talks, write("augmented", []), first)
    refs["sft"] = sft.run(CONFIG, *learns, ctx=context(root, "sft"))
    refs["pairs"] = pairs.run(CONFIG, **refs, ctx=context(root, "pairs"))
    refs["augment"] = learns[2]
    return Made(root, refs)


class Stop(Exception):
    """Stands for a killed process."""


class StopsAt(Silent):
    """A progress that interrupts the training at the n-th report of training steps."""

    def __init__(self, reports: int) -> None:
        self.left = reports

    def update(self, done: int, total: int, note: str = "") -> None:
        self.left -= "loss" in note
        if self.left < 0:
            raise Stop

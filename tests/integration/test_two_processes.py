"""SFT in two CPU processes over gloo, as torchrun starts them: the losses of one process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from muse_core import records
from muse_core.config.run_config import RunConfig, SftConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.models.loading import load_model
from muse_core.progress import Silent
from muse_core.stages import base, sft
from muse_core.types import ArtifactRef
from tests.builders import product
from tests.unit.models.builders_models import TINY, talk
from tests.unit.training.builders_training import context, row

pytestmark = pytest.mark.slow

CONFIG = RunConfig(
    base=TINY.model_copy(update={"max_tokens": 2000}),
    sft=SftConfig(
        num_epochs=2, learning_rate=3e-3, batch_size=4, gradient_accumulation_steps=1, micro_batch_tokens=200
    ),
)


class Heard(Silent):
    """What arrives in the stage that started the processes."""

    def __init__(self) -> None:
        self.losses: dict[int, float] = {}
        self.steps: list[int] = []

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        if "train_loss" in metrics:
            self.losses[step or 0] = metrics["train_loss"]

    def update(self, done: int, total: int, note: str = "") -> None:
        self.steps.append(done)


def inputs(ctx: StageContext) -> dict[str, ArtifactRef]:
    talks = [talk(n, 2, side="dev" if n % 5 == 0 else "train") for n in range(30)]
    found = {
        "catalog": ctx.store.write_table("products", records.to_table("products", [product()]), "shop"),
        "conversations": ctx.store.write_table(
            "conversations", records.to_table("conversations", talks), "talks"
        ),
        "augment": ctx.store.write_table(
            "augmented", records.to_table("augmented", [row(n) for n in range(30)]), "rows"
        ),
    }
    return found | {"base": base.run(CONFIG, found["conversations"], ctx=ctx)}


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    given = inputs(context(tmp_path, "base"))
    heard, made = {}, {}
    for count in (1, 2):
        heard[count] = Heard()
        ctx = context(tmp_path, f"sft {count}", metrics=heard[count], progress=heard[count], processes=count)
        made[count] = sft.run(CONFIG, **given, ctx=ctx)
    assert heard[2].losses.keys() == heard[1].losses.keys() and heard[2].steps
    for step, loss in heard[1].losses.items():
        assert heard[2].losses[step] == pytest.approx(loss, abs=1e-4)
    metrics = [ctx.store.manifest(made[count])["metrics"] for count in (1, 2)]
    for name in ("sft_dev_loss", "sft_dev_tool_accuracy", "sft_tokens", "sft_conversations"):
        assert metrics[1][name] == pytest.approx(metrics[0][name], abs=1e-4)
    left, right = (load_model(ctx.store.folder(made[count])).model.state_dict() for count in (1, 2))
    assert all(torch.allclose(tensor, right[name], atol=1e-4) for name, tensor in left.items())

    none = ctx.store.write_table(
        "augmented", records.to_table("augmented", [row(n, kept=False) for n in range(30)]), "none"
    )
    with pytest.raises(MuseError, match="left after the loss filter"):
        sft.run(CONFIG, **(given | {"augment": none}), ctx=replace(ctx, fingerprint="none"))

"""Examples, contexts and pairs for tests of training."""

from __future__ import annotations

from pathlib import Path

from muse_core.artifacts import ArtifactStore
from muse_core.context import StageContext
from muse_core.examples.conversations import examples_of
from muse_core.examples.example import Example
from muse_core.models.loading import LoadedModel
from muse_core.training.losses import Weights
from muse_core.types import AugmentedText, Message, PlacedCall, PreferencePair
from tests import builders
from tests.unit.models.builders_models import talk

ALL_LOSSES = Weights(1.0, 0.6, 0.4, 0.8, 0.1)


def context(root: Path, name: str = "run", **changes: object) -> StageContext:
    work = root / "work" / name
    work.mkdir(parents=True, exist_ok=True)
    return StageContext(ArtifactStore(root / "store"), name, work, **changes)  # type: ignore[arg-type]


def examples(loaded: LoadedModel, count: int = 8, turns: int = 3) -> list[Example]:
    talks = [talk(n, turns, line="") for n in range(count)]
    return examples_of(loaded.tokenizer, talks, (), "all", 512)[0]


def row(number: int, turn: int = 0, kept: bool = True, **changes: object) -> AugmentedText:
    """The augmented row of the search in `talk(number)`."""
    conversation = talk(number)
    text = conversation.messages[1].content
    call = PlacedCall("search", conversation.messages[2].tool_calls[0].arguments, len(text) - 7, 1.0)
    values = {
        "row_id": f"c{number}.{turn}.0", "conversation_id": f"c{number}", "turn": turn, "original_text": text,
        "tool_calls": (call,), "kept": kept, "drop_reason": None if kept else "low_utility",
    }  # fmt: skip
    return builders.augmented(**values | changes)


def pair(number: int) -> PreferencePair:
    messages = talk(number).messages
    return builders.pair(
        pair_id=f"c{number}.0", conversation_id=f"c{number}", prompt=messages[:2], chosen=messages[2:5],
        rejected=(Message("assistant", "What size do you want?"),),
    )  # fmt: skip

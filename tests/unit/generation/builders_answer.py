"""A model that writes what a script says, behind the real tool loop: what is read and shown is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import BaseConfig
from muse_core.generation import assistant, live
from muse_core.generation.prefill import Row
from muse_core.generation.sampling import Sampling
from muse_core.models.chat_format import END, RESULT
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.tokenizer import encode_text
from tests import builders
from tests.unit.models.builders_models import tokenizer

SEARCH = "<tool>search(query='shirt')</tool>" + RESULT
ITEMS = (
    builders.product(product_id="p1", title="Aravali Blue Cotton Shirt", price=949.0, rating=3.9),
    builders.product(
        product_id="p2", title="Nadi Red Linen Shirt", brand="Nadi", price=2599.0, rating=4.9,
        colour="red", material="linen",
    ),
)  # fmt: skip

# (what the model reads, how it writes) -> the acts that it writes, or their token ids
Script = Callable[[str, Sampling], Iterable[str | Sequence[int]]]


@lru_cache(maxsize=1)
def shop() -> CatalogIndex:
    return CatalogIndex(Catalog(ITEMS))


@lru_cache(maxsize=1)
def roomy_model() -> LoadedModel:
    """Random weights, never asked; positions for every conversation."""
    tiny = BaseConfig(
        vocab_size=700, hidden_size=8, num_layers=1, num_heads=1, intermediate_size=8, max_positions=8192
    )
    return from_scratch(tiny, tokenizer(), 3)


@dataclass
class Recorder:
    """`streams`: the ids of each turn as they were read and written, in order; `batches`: how many turns were
    asked at once."""

    streams: list[list[int]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)


def script_model(monkeypatch: pytest.MonkeyPatch, script: Script) -> Recorder:
    """From now on the tool loop writes what `script` says."""
    recorder, loaded = Recorder(), roomy_model()

    def prefill(model: Any, prompts: Sequence[list[int]]) -> Iterator[list[Row]]:
        recorder.batches.append(len(prompts))
        yield [Row(number, len(ids), list(ids), None) for number, ids in enumerate(prompts)]

    class Scripted:
        def __init__(self, model: Any, fresh: Iterator[list[Row]], stop: Any, after: Any, *size: Any) -> None:
            self.fresh, self.after = fresh, after

        def run(self) -> None:
            for rows in self.fresh:
                for row in rows:
                    self.write(row)

        def write(self, row: Row) -> None:
            stream = list(row.pending)
            for act in script(loaded.tokenizer.decode(row.pending), row.sampling):
                row.new = list(encode_text(loaded.tokenizer, act) if isinstance(act, str) else act)
                row.length += len(row.new)
                shown = self.after(row)
                stream += [*row.new, *(shown or ())]
                if shown is None:
                    break
            recorder.streams.append(stream)

    monkeypatch.setattr(assistant, "prefill_in_turn", prefill)
    monkeypatch.setattr(assistant, "Decoder", Scripted)
    monkeypatch.setattr(live, "Decoder", Scripted)
    return recorder


def said(text: str) -> list[str]:
    """A search, then a reply."""
    return [SEARCH, text + END]

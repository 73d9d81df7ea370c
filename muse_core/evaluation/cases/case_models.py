"""The two kinds of local models that answer cases: ours, and any chat model with its own template.

Ours speak MUSE's chat format and run the real tools; a foreign model is shown the tools as JSON schemas
through its own chat template, and its first act is read in its own call format. Both are greedy. The
third kind, an endpoint, is `tasks/tool_endpoint.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muse_core.closure import code_digests
from muse_core.evaluation.cases.answers import Answer, context_of
from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.cases.foreign_calls import read_act, read_message
from muse_core.evaluation.cases.tool_prompt import MAX_NEW_TOKENS, chat_messages, prompt_digest
from muse_core.generation.answer import answer
from muse_core.generation.assistant import TurnOutcome, TurnRequest
from muse_core.generation.template_chat import (
    ChatModel,
    Tools,
    load_chat_model,
    prompt_of,
    read_response,
    write,
)
from muse_core.models.loading import LoadedModel, load_model
from muse_core.records import canonical_json
from muse_core.tools.base import new_world
from muse_core.tools.shop_schema import PLAIN, ShopSchema

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

CHUNK = 64  # cases between two looks at the answers' file
FOREIGN_CHUNK = 8


def answer_cases(loaded: LoadedModel, cases: Sequence[EvalCase], index: CatalogIndex) -> list[Answer]:
    """What one of our models does first in each case."""
    requests = [
        TurnRequest(
            context_of(case), new_world(index, None, _pictures(case)), _turns_before(case), words=case.words
        )
        for case in cases
    ]
    return [_first_act(one.own) for one in answer(loaded, requests, repairs=False)]


def _first_act(outcome: TurnOutcome) -> Answer:
    """A reply that ran into the limit has decided not to call."""
    calls = outcome.messages[0].tool_calls if outcome.messages else ()
    return Answer(calls, outcome.malformed and not outcome.messages, outcome.text)


def _turns_before(case: EvalCase) -> int:
    return sum(message.role == "user" for message in case.history)


def _pictures(case: EvalCase) -> dict[str, bytes]:
    return {name: Path(path).read_bytes() for name, path in case.attachments.items()}


@dataclass(frozen=True)
class OwnModel:
    """A model folder that MUSE wrote, in the shop of `index`."""

    folder: Path
    index: CatalogIndex = field(repr=False)
    device: str = "cpu"

    @property
    def name(self) -> str:
        return str(self.folder)

    @cached_property
    def digest(self) -> str:
        code = code_digests("muse_core.evaluation.cases.case_models")
        return _digest({"files": files_digest(self.folder), "code": code})

    def answers(self, cases: Sequence[EvalCase]) -> Iterator[tuple[EvalCase, Answer]]:
        loaded = load_model(self.folder, self.device, self.index.catalog.facets, is_only_asked=True)
        for start in range(0, len(cases), CHUNK):
            chunk = cases[start : start + CHUNK]
            yield from zip(chunk, answer_cases(loaded, chunk, self.index), strict=True)


@dataclass(frozen=True)
class TemplateModel:
    """A chat model from the hub, a folder or a `.gguf` file, asked by its own chat template with the tools
    of a shop."""

    ref: str
    device: str = "cpu"
    schema: ShopSchema = PLAIN

    @property
    def name(self) -> str:
        return self.ref

    @cached_property
    def digest(self) -> str:
        path = Path(self.ref)
        model = files_digest(path) if path.exists() else self.ref
        return _digest({"model": model, "prompt": prompt_digest(self.schema)})

    def answers(self, cases: Sequence[EvalCase]) -> Iterator[tuple[EvalCase, Answer]]:
        chat, tools = load_chat_model(self.ref, self.device), self.schema.as_openai()
        for start in range(0, len(cases), FOREIGN_CHUNK):
            chunk = cases[start : start + FOREIGN_CHUNK]
            prompts = [prompt_of(chat, chat_messages(case), tools) for case in chunk]
            for case, prompt, text in zip(chunk, prompts, write(chat, prompts, MAX_NEW_TOKENS), strict=True):
                yield case, _read(chat, prompt, text, tools)


def _read(chat: ChatModel, prompt: str, text: str, tools: Tools) -> Answer:
    """By the model's own response template when it has one, else by the known formats."""
    try:
        message = read_response(chat, prompt, text, tools)
    except ValueError:
        return Answer(malformed=True, text=text)
    return read_act(text) if message is None else read_message(message, text)


def files_digest(path: Path) -> str:
    """sha256 over the names and bytes of a folder's files, or of one file."""
    found = hashlib.sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as content:
                found.update(f"{file.name}\0".encode() + hashlib.file_digest(content, "sha256").digest())
    return found.hexdigest()


def _digest(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()

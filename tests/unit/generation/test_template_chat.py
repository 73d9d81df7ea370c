"""A foreign chat model through its own template: a real tiny one, with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from flows.commands.eval import EvalFlags, answerer_of, eval_cases
from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.errors import ConfigError
from muse_core.evaluation.cases.case_models import OwnModel, TemplateModel
from muse_core.evaluation.cases.foreign_calls import read_message
from muse_core.evaluation.cases.tool_prompt import chat_messages
from muse_core.generation.template_chat import load_chat_model, prompt_of, read_response, write
from muse_core.tools.shop_schema import ShopSchema, schema_of
from tests import builders
from tests.unit.evaluation.builders_cases import case_path, cases
from tests.unit.models.builders_models import tokenizer

PLAIN = (
    "{% for m in messages %}<|user|>{{ m.role }}: {{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
WITH_TOOLS = "{% if tools %}{{ tools | tojson }}{% endif %}" + PLAIN
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + PLAIN
REFUSES = "{{ raise_exception('never') }}"


def model_folder(folder: Path, template: str | None) -> Path:
    """A plain transformers folder, as a stranger would have made it."""
    shape = LlamaConfig(
        vocab_size=len(tokenizer()), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=8192,
    )  # fmt: skip
    torch.manual_seed(5)
    LlamaForCausalLM(shape).save_pretrained(folder)
    made = type(tokenizer()).from_pretrained(_saved(folder))
    made.chat_template, made.eos_token = template, "<|end|>"
    made.save_pretrained(folder)
    return folder


def _saved(folder: Path) -> Path:
    tokenizer().save_pretrained(folder)
    return folder


def test_the_prompt_shows_the_tools_once(tmp_path: Path) -> None:
    (case,) = cases(tmp_path, 1)
    messages, tools = chat_messages(case), ShopSchema().as_openai()
    for name, template in (("own", WITH_TOOLS), ("words", PLAIN), ("folded", NO_SYSTEM)):
        chat = load_chat_model(str(model_folder(tmp_path / name, template)))
        prompt = prompt_of(chat, messages, tools)
        assert prompt.endswith("<|assistant|>") and prompt.count("find products like a picture") == 1
        assert "user: " in prompt and "red shirts<|end|>" in prompt
        assert ("<tools>" in prompt) == (name != "own")
        assert ("system: " in prompt) == (name != "folded")
    chat = load_chat_model(str(model_folder(tmp_path / "never", REFUSES)))
    with pytest.raises(ConfigError, match="chat template refuses the conversation"):
        prompt_of(chat, messages, tools)


def test_a_batch_is_written_as_one_by_one(tmp_path: Path) -> None:
    chat = load_chat_model(str(model_folder(tmp_path / "m", PLAIN)))
    prompts = [f"<|user|>{'word ' * size}<|end|><|assistant|>" for size in (3, 40, 11)]
    together = write(chat, prompts, 12)
    assert together == [write(chat, [prompt], 12)[0] for prompt in prompts]
    assert any(together) and all("<|end|>" not in text for text in together)


def test_the_whole_command(tmp_path: Path, capsys: Any) -> None:
    folder = model_folder(tmp_path / "m", WITH_TOOLS)
    shop = CatalogIndex(Catalog((builders.product(facets={"memory": ("16 gb",)}),)))
    with answerer_of(ArtifactStore(tmp_path / "home"), str(folder), None, shop) as found:
        assert isinstance(found, TemplateModel) and not isinstance(found, OwnModel)
        assert found.schema == schema_of(shop.catalog.facets)
    eval_cases(case_path(tmp_path, 3), str(folder), tmp_path / "home", EvalFlags(as_json=True))
    first = json.loads(capsys.readouterr().out)
    assert first["n"] == 3 and first["answers"]["asked"] == 3 and first["leaks"] is None
    eval_cases(case_path(tmp_path, 3), str(folder), tmp_path / "home", EvalFlags(as_json=True))
    second = json.loads(capsys.readouterr().out)
    assert second["answers"]["kept"] == 3 and second["cases"] == first["cases"]


def test_a_response_template_is_used_when_the_model_has_one(tmp_path: Path) -> None:
    chat = load_chat_model(str(model_folder(tmp_path / "m", PLAIN)))
    prompt, tools = "<|user|>shirts<|end|><|assistant|>", ShopSchema().as_openai()
    assert read_response(chat, prompt, "text", tools) is None
    calls = {"open": "@@", "close": "@@", "content": "json", "repeats": True}
    calls["transform"] = {"type": "function", "function": "{content}"}
    chat.tokenizer.response_template = {
        "start_anchor": "<|assistant|>", "fields": {"content": {}, "tool_calls": calls},
    }  # fmt: skip
    written = 'Let me see. @@{"name": "search", "arguments": {"query": "shirt"}}@@'
    message = read_response(chat, prompt, written, tools)
    assert message is not None and read_message(message, written).calls[0].arguments == {"query": "shirt"}
    talk = read_response(chat, prompt, "Which size?", tools)
    assert talk is not None and not read_message(talk, "Which size?").calls
    with pytest.raises(ValueError):
        read_response(chat, prompt, '@@{"name": @@', tools)


def test_models_that_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no chat template"):
        load_chat_model(str(model_folder(tmp_path / "m", None)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no model could be loaded"):
        load_chat_model(str(tmp_path / "empty"))

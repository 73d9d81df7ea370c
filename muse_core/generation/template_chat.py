"""A foreign chat model: asked through its own chat template, with the tools that the template knows.

A template that takes no tools (most small models') would leave the model without any: then they stand
in the system message, in the words that Hermes-style models were trained on. A template that refuses a
system message gets it in front of the first user message. Greedy, batched, left-padded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from muse_core.config.run_config import BaseConfig
from muse_core.errors import ConfigError
from muse_core.models.pretrained import from_pretrained

Messages = Sequence[Mapping[str, str]]
Tools = Sequence[Mapping[str, Any]]

_TOOLS_IN_WORDS = """You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>
For a function call return a JSON object within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""


@dataclass(frozen=True)
class ChatModel:
    """A model with its tokenizer, which has a chat template."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    device: str


def load_chat_model(ref: str, device: str = "cpu") -> ChatModel:
    """A hub id, a folder or a `.gguf` file, in fp32. ConfigError when it cannot be loaded or has no
    chat template."""
    transformers_logging.disable_progress_bar()  # one bar per file; progress is ours to show
    try:
        loaded = from_pretrained(BaseConfig(source="pretrained", model=ref))
    except ConfigError as problem:
        reason = (str(problem.__cause__ or problem).splitlines() or [""])[0][:200]
        raise ConfigError(
            f"--model {ref}: no model could be loaded ({reason}). Expected a model folder, an artifact id, "
            "models:/NAME@ALIAS, openai:NAME, a .gguf file, or a hub id with network access"
        ) from None
    if not loaded.tokenizer.chat_template:
        raise ConfigError(
            f"--model {ref}: its tokenizer has no chat template, so it cannot be asked; expected a model "
            "that MUSE trained or a chat model. Give its instruction-tuned version"
        )
    loaded.model.eval()
    return ChatModel(loaded.model.to(device), loaded.tokenizer, device)


def prompt_of(chat: ChatModel, messages: Messages, tools: Tools) -> str:
    """The prompt up to where the assistant's turn begins."""
    prompt = _rendered(chat, messages, tools)
    if all(tool["function"]["description"] in prompt for tool in tools):
        return prompt
    words = _TOOLS_IN_WORDS.format(tools="\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools))
    first = {"role": "system", "content": f"{messages[0]['content']}\n\n{words}"}
    return _rendered(chat, [first, *messages[1:]], None)


def _rendered(chat: ChatModel, messages: Messages, tools: Tools | None) -> str:
    from jinja2.exceptions import TemplateError

    how = {"tools": tools, "add_generation_prompt": True, "tokenize": False}
    try:
        return str(chat.tokenizer.apply_chat_template(list(messages), **how))
    except TemplateError:
        try:
            return str(chat.tokenizer.apply_chat_template(_without_system(messages), **how))
        except TemplateError as problem:
            raise ConfigError(
                f"the model's chat template refuses the conversation ({problem}); expected one that takes "
                "user and assistant messages in turn"
            ) from None


def _without_system(messages: Messages) -> list[dict[str, str]]:
    """The system message in front of the first user message."""
    system, first, *rest = (dict(message) for message in messages)
    return [{"role": first["role"], "content": f"{system['content']}\n\n{first['content']}"}, *rest]


@torch.inference_mode()
def write(chat: ChatModel, prompts: Sequence[str], max_new_tokens: int) -> list[str]:
    """What the model writes after each prompt, without the token that ends it."""
    tokenizer = chat.tokenizer
    ends = _end_ids(chat)
    rows = [tokenizer.encode(prompt, add_special_tokens=False) for prompt in prompts]
    width, pad = max(map(len, rows)), ends[0] if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows], device=chat.device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=chat.device)
    made = chat.model.generate(
        input_ids=ids, attention_mask=mask, max_new_tokens=max_new_tokens, do_sample=False,
        temperature=None, top_p=None, top_k=None, pad_token_id=pad, eos_token_id=ends,
    )  # fmt: skip
    return [_until_end(tokenizer, row, ends) for row in made[:, width:].tolist()]


def _end_ids(chat: ChatModel) -> list[int]:
    """Every token that ends a turn: the generation config's and the tokenizer's."""
    known = chat.model.generation_config.eos_token_id if chat.model.generation_config else None
    listed = known if isinstance(known, list) else [known]
    found = [one for one in (*listed, chat.tokenizer.eos_token_id) if one is not None]
    if not found:
        raise ConfigError("the model names no token that ends a turn (eos_token_id); set it in its config")
    return list(dict.fromkeys(found))


def _until_end(tokenizer: PreTrainedTokenizerFast, row: list[int], ends: Sequence[int]) -> str:
    stop = next((at for at, token in enumerate(row) if token in ends), len(row))
    return str(tokenizer.decode(row[:stop], skip_special_tokens=False, clean_up_tokenization_spaces=False))


def read_response(chat: ChatModel, prompt: str, text: str, tools: Tools) -> dict[str, Any] | None:
    """The assistant message, read by the model's own response template; None when it has none.
    ValueError when the template cannot read the text: a call was begun, and is none."""
    if not getattr(chat.tokenizer, "response_template", None):
        return None
    try:
        message = chat.tokenizer.parse_response(text, prefix=prompt, tools=list(tools))
    except (KeyError, TypeError) as problem:
        raise ValueError(str(problem)) from problem
    if not isinstance(message, dict):
        raise ValueError(f"the response template gave a {type(message).__name__}")
    return message

"""The chat format for other engines: a Jinja template in the model's folder, and the tokens that end an act.
What `apply_chat_template` makes of a conversation has the token ids that `tokenizer.encode` gives.

As text it is `chat_format.render` with the spaces that the tokenizer is given there (behind `<|user|>` and
`<|reads|>`; in front of a call's arguments where the tokenizer does not put one itself).

    {"role": "system", "content": "also: memory (gb)\nmixed | women | 25-34"}   left out: an unknown shopper
    {"role": "user", "content": "…", "reading": {"query": "shirt"}}           `reading`: what the rules read
    {"role": "assistant", "content": "", "tool_calls": [{"function": {"name", "arguments": {…}}}]}
    {"role": "tool", "content": "p1 | Blue Shirt | ₹999"}                     as the model reads it

A server that drops the field `reading` takes `chat_template_kwargs={"readings": [{…}, …]}`, one for each user
message; without any the model reads the words alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import GenerationConfig, PreTrainedTokenizerFast

from muse_core.models import chat_format
from muse_core.models.learnt_shop import learnt_facets
from muse_core.profiles.system_line import system_content
from muse_core.records import read_tool_message
from muse_core.tools.call_syntax import escape_text, unescape_text
from muse_core.tools.toolbox import ALL_TOOLS
from muse_core.types import JsonValue, Message

BODY = "chat_template.jinja"
LIMITS = {"min_": 1, "max_": 2, "not_": 3}  # places of `tools.base.facet_place`
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)


def chat_template(tokenizer: PreTrainedTokenizerFast, about: Mapping[str, JsonValue]) -> str:
    """The template of a model: what its shop and its tokenizer are, and the body that all share."""
    values: dict[str, Any] = {
        "tool_lines": chat_format.tool_lines() + "\n",
        "facets_line": escape_text(system_content(learnt_facets(about), "")),
        "own_arguments": {tool.name: list(tool.Arguments.model_fields) for tool in ALL_TOOLS},
        "limits": LIMITS,
        "call_space": "" if _puts_space(tokenizer) else " ",
    }
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    lines.append(f"signs = {json.dumps(_signs())}")
    head = "\n".join("{%- set " + line + " -%}" for line in lines)
    return f"{head}\n{Path(__file__).with_name(BODY).read_text('utf-8')}"


def _signs() -> list[list[str]]:
    """What a text in quotes has in place of a sign, as `call_syntax` writes it."""
    return [["<", "\\u003c"], ["\n", "\\n"]] + [
        [chr(code), f"\\u{code:04x}"] for code in _CONTROLS if code != ord("\n")
    ]


def _puts_space(tokenizer: PreTrainedTokenizerFast) -> bool:
    """Whether the tokenizer cuts a call as `tokenizer.encode` has it, its arguments behind a space."""
    ids = [tokenizer.encode(text, add_special_tokens=False) for text in ("f(a='b')", "f(", " a='b')")]
    return bool(ids[0] == ids[1] + ids[2])


def end_tokens(tokenizer: PreTrainedTokenizerFast) -> GenerationConfig:
    """An act ends with `<|end|>` (a reply) or `<result>` (run the calls)."""
    ends = [int(tokenizer.convert_tokens_to_ids(tag)) for tag in (chat_format.END, chat_format.RESULT)]
    return GenerationConfig(eos_token_id=ends, pad_token_id=tokenizer.pad_token_id, do_sample=False)


def chat_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Our messages as the template takes them."""
    return [_chat_message(message) for message in messages]


def _chat_message(message: Message) -> dict[str, Any]:
    made: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.role == "tool":
        shown = chat_format.result_text(read_tool_message(message)).removesuffix(chat_format.RESULT_END)
        made |= {"content": unescape_text(shown), "tool_call_id": message.answers_call}
    if message.tool_calls:
        made["tool_calls"] = [
            {"id": c.call_id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
            for c in message.tool_calls
        ]
    return made | ({"reading": dict(message.reading)} if message.reading else {})

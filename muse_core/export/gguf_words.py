r"""A tokenizer as GGUF says it: tokens with their types, merges, and the name of a pre-tokenizer.

GGUF has no place for a pattern: it names one of the pre-tokenizers that llama.cpp has built in (`PATTERNS`).
What no name stands for is refused, since llama.cpp would cut words otherwise than in training without a word
about it. Whether llama.cpp really cuts alike is measured (`llama_cpp.py`), not believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerFast

from muse_core.models.chat_format import TOOL, TOOL_END

NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5  # gguf.TokenType
SHOWN = (TOOL, TOOL_END)  # tags that clients read in the text: llama.cpp keeps control tokens out of it

_GPT2 = "ByteLevel"
_END = r"|\s+(?!\S)|\s+"
# What each name does, as `_steps` tells it: patterns that cut text, in order, and GPT-2's own by its name.
PATTERNS: Mapping[tuple[str, ...], str] = {
    (_GPT2,): "gpt-2",
    ("Digits", _GPT2): "smollm",
    (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+" + _END,
    ): "llama-bpe",
}


@dataclass(frozen=True)
class Words:
    """The tables of a GGUF file. Token n is `tokens[n]`, of `types[n]`; `merges`: `left right`, by rank."""

    pre: str
    tokens: list[str]
    types: list[int]
    merges: list[str]


def words_of(tokenizer: PreTrainedTokenizerFast, rows: int) -> Words:
    """The tables, `rows` tokens long as the embeddings are. For a tokenizer without `word_problems`."""
    described = _described(tokenizer)
    tokens = [f"[UNUSED{number}]" for number in range(rows)]
    types = [UNUSED] * rows
    for token, number in described["model"]["vocab"].items():
        tokens[number], types[number] = token, NORMAL
    for one in described["added_tokens"]:
        is_hidden = one["special"] and one["content"] not in SHOWN
        tokens[one["id"]], types[one["id"]] = one["content"], CONTROL if is_hidden else USER_DEFINED
    merges = [one if isinstance(one, str) else " ".join(one) for one in described["model"]["merges"]]
    return Words(PATTERNS[_steps(described["pre_tokenizer"])], tokens, types, merges)


def word_problems(tokenizer: PreTrainedTokenizerFast) -> list[str]:
    """What of a tokenizer GGUF has no place for; [] for nothing."""
    described = _described(tokenizer)
    model, found = described["model"], []
    if model["type"] != "BPE" or model.get("byte_fallback"):
        return [f"its tokenizer is {model['type']} that is not over bytes; only byte-level BPE is written"]
    if described["normalizer"] is not None:
        found.append(
            "its tokenizer changes the text before it cuts it (a normalizer), which llama.cpp does not do"
        )
    steps = _steps(described["pre_tokenizer"])
    if steps not in PATTERNS:
        found.append(
            "its tokenizer cuts text by a pattern that llama.cpp has not built in (it has "
            f"{', '.join(PATTERNS.values())}, among others)"
        )
    elif (PATTERNS[steps] == "llama-bpe") != bool(model.get("ignore_merges")):
        found.append("its BPE takes whole words from the vocabulary otherwise than llama.cpp does")
    if any(one["lstrip"] or one["rstrip"] or one["single_word"] for one in described["added_tokens"]):
        found.append("its added tokens take in spaces beside them")
    return found


def _described(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    return described


def _steps(described: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a pre-tokenizer does: its patterns, `Digits` (one by one), `ByteLevel` (with GPT-2's pattern);
    other steps by their description, which no name stands for."""
    if described is None:
        return ()
    parts: Sequence[Mapping[str, Any]] = described.get("pretokenizers", [described])
    found = []
    for one in parts:
        kind = one["type"]
        if kind == "Split" and one["behavior"] == "Isolated" and not one["invert"]:
            found.append(str(one["pattern"].get("Regex", one["pattern"])))
        elif kind == "Digits" and one["individual_digits"]:
            found.append(kind)
        elif kind == _GPT2 and not one["add_prefix_space"]:
            found += [kind] if one["use_regex"] else []
        else:
            found.append(json.dumps(one, sort_keys=True))
    return tuple(found)

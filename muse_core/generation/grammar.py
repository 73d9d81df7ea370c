"""Grammar mode: an act is a reply without tags, or well-formed calls of known tools.

The grammar is made from the tools as the shop has them (`ShopSchema`), in the text form that `call_syntax`
writes: names and keys that exist, keys in its order, required ones present, values of the right type and
within their bounds. Which tokens may come next is worked out by llguidance over the bytes of the tokens. A
call that was well formed without the grammar stays as it was, as long as it was written like that.

Not covered: numbers below a ten-thousandth, which Python writes with an exponent; rules between values
(`compare` wants different positions, `than` needs `like`; the tools refuse those themselves), and whether a
call is the right one. An act that runs into `max_new_tokens` is cut off as it is without.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import torch
from pydantic import BaseModel, ValidationError
from transformers import PreTrainedTokenizerFast

from muse_core.errors import ConfigError, MuseError
from muse_core.generation.justified import Justified
from muse_core.generation.span_guide import CallTokens, SpanGuide
from muse_core.models.chat_format import END, RESULT, TOOL, TOOL_END
from muse_core.tools.base import Tool
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.tools.toolbox import ALL_TOOLS

Schema = Mapping[str, Any]

# What `call_syntax` writes inside quotes: no control signs, `<` and `'` and `\` only as escapes.
_ESCAPE = r"\\['\\]|\\u003c"
_SIGN = rf"([^'\\<\x00-\x1f\x7f-\x9f\u2028\u2029]|{_ESCAPE})"
_INK = rf"([^\s'\\<\x00-\x1f\x7f-\x9f]|{_ESCAPE})"  # text must not be blank
_SPACED_INK = rf"(\p{{N}}| ([^\s\p{{N}}'\\<\x00-\x1f\x7f-\x9f]|{_ESCAPE}))"  # with the space of `word_cuts`
_LONGEST_TEXT = 200

Spelling = Callable[[str], str]  # text as its tokens spell it


class CallGrammar:
    """Compiled once for a tokenizer and a shop. `vocabulary`: the width of the model's logits."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, vocabulary: int, schema: ShopSchema = PLAIN
    ) -> None:
        llguidance = _library()
        tags = {tag: int(tokenizer.convert_tokens_to_ids(tag)) for tag in (TOOL, TOOL_END, RESULT, END)}
        tokens = llguidance.LLTokenizer(_described(tokenizer), n_vocab=vocabulary, eos_token=tags[END])
        is_ours = _spelling(tokenizer) is not str
        self._cuts = CallTokens(tokenizer, vocabulary, schema) if is_ours else None
        self._call = tags[TOOL]
        self._reply = _not_in_a_reply(tokenizer, vocabulary, tags[END])
        self._begin: list[torch.Tensor] = []  # the mask at the start of an act, once it is asked for
        self._start = llguidance.LLMatcher(tokens, grammar_text(schema, tags, _spelling(tokenizer)))
        if self._start.is_error():
            raise MuseError(f"the tools' grammar cannot be compiled: {self._start.get_error()}")

    def guide(self, known: Justified | None = None, as_read: bool = False) -> Guide:
        """A guide at the start of an act; with what is `known`, values are spans of it, or as they were read
        for an argument. The tokens of other models are not cut at values: for them the schema is all."""
        spans = None
        if known is not None and self._cuts is not None:
            spans = SpanGuide(self._cuts, known, as_read)
        return Guide(self._start.deep_copy(), self._call, self._begin, self._reply, spans)


def grammar_of(tokenizer: PreTrainedTokenizerFast, vocabulary: int, schema: ShopSchema) -> CallGrammar:
    """The grammar of a tokenizer and a shop, compiled once: about a tenth of a second."""
    return _compiled(tokenizer, vocabulary, schema, tuple(ALL_TOOLS))


@lru_cache(maxsize=32)
def _compiled(
    tokenizer: PreTrainedTokenizerFast, vocabulary: int, schema: ShopSchema, tools: tuple[Tool, ...]
) -> CallGrammar:
    """`tools`: those in use, for a run may bring its own."""
    return CallGrammar(tokenizer, vocabulary, schema)


def _not_in_a_reply(tokenizer: PreTrainedTokenizerFast, vocabulary: int, end: int) -> torch.Tensor:
    """[vocabulary], True for tags other than the end of a reply, and for text with `<`."""
    known = range(min(len(tokenizer), vocabulary))
    special = set(tokenizer.all_special_ids) - {end}
    mask = torch.ones(vocabulary, dtype=torch.bool)
    mask[[at for at in known if at not in special and (at == end or "<" not in tokenizer.decode([at]))]] = (
        False
    )
    return mask


class Guide:
    """Follows one act token by token. `call` is the token that opens a call; all acts share two masks: what
    may begin one, and what a reply may go on with."""

    def __init__(
        self,
        matcher: Any,
        call: int,
        begin: list[torch.Tensor],
        reply: torch.Tensor,
        spans: SpanGuide | None = None,
    ) -> None:
        self._matcher, self._call, self._spans = matcher, call, spans
        self._begin, self._reply = begin, reply
        self._place: Literal["start", "call", "reply"] = "start"

    def ruled_out(self) -> torch.Tensor:
        """[vocabulary], True where a token must not come next."""
        if self._place == "reply":
            return self._reply
        if self._place == "start":
            if not self._begin:
                self._begin.append(self._schema())
            return self._begin[0]
        schema = self._schema()
        spans = self._spans.ruled_out() if self._spans is not None else None
        both = schema if spans is None else schema | spans
        return schema if bool(both.all()) else both

    def _schema(self) -> torch.Tensor:
        return torch.frombuffer(bytearray(self._matcher.compute_logit_bias()), dtype=torch.uint8) == 0

    def take(self, token: int) -> None:
        """The token that was written."""
        if self._place == "reply":
            return
        if self._place == "start":
            self._place = "call" if token == self._call else "reply"
        if not self._matcher.consume_token(token):
            raise MuseError(f"the grammar refuses a token that it had allowed: {self._matcher.get_error()}")
        if self._spans is not None:
            self._spans.take(token)


def _library() -> Any:
    try:
        import llguidance
    except ImportError as problem:
        raise ConfigError(
            f"llguidance cannot be imported ({problem}); it says what a model may write. Install the project "
            "again: pip install -e . in its folder"
        ) from problem
    return llguidance


def _described(tokenizer: PreTrainedTokenizerFast) -> str:
    """The tokenizer as llguidance reads it, for text that is spelt already."""
    described = json.loads(tokenizer.backend_tokenizer.to_str())
    changed = {"padding": None, "truncation": None} | (
        {} if _spelling(tokenizer) is str else {"normalizer": None}
    )
    return json.dumps(described | changed)


def _spelling(tokenizer: PreTrainedTokenizerFast) -> Spelling:
    """What our own tokenizer makes of a call's text (`models/word_cuts.py`); others leave it as it is."""
    normalizer = tokenizer.backend_tokenizer.normalizer
    is_ours = normalizer is not None and normalizer.normalize_str("='a") == "=' a"
    return normalizer.normalize_str if is_ours else str


def grammar_text(schema: ShopSchema, tags: Mapping[str, int], spelt: Spelling = str) -> str:
    """The Lark grammar of an act; the end of a reply is the tokenizer's end token."""
    opened, closed, run = (f"<[{tags[tag]}]>" for tag in (TOOL, TOOL_END, RESULT))
    rules = [rule for tool in ALL_TOOLS for rule in _tool_rules(tool, schema, spelt)]
    ink = rf"' ?{_INK}" if spelt is str else f"'{_SPACED_INK}"
    return "\n".join(
        [
            f"start: REPLY | ({opened} call {closed})+ {run}",
            r"REPLY: /[^<]*/",
            f"call: {' | '.join(tool.name for tool in ALL_TOOLS)}",
            rf"TEXT: /{ink}{_SIGN}{{0,{_LONGEST_TEXT - 2}}}'/",
            *rules,
        ]
    )


def _tool_rules(tool: Tool, shop: ShopSchema, spelt: Spelling) -> Iterator[str]:
    """`search: "search(" (" query=" search_0 search_after_0 | …) ")"`: what an argument takes, and what may
    stand behind it. The first argument is the first required one, or any optional one before it; without a
    required one it may be any, or none where the tool allows that."""
    schema = shop.arguments(tool).model_json_schema()
    required, keys, starts = set(schema.get("required", ())), shop.order(tool.name), []
    for place, key in enumerate(keys):
        yield f"{tool.name}_{place}: {_value(_resolved(schema['properties'][key], schema), spelt)}"
        if not required.intersection(keys[:place]):
            starts.append(f'"{spelt(f"({key}=")[1:]}" {tool.name}_{place} {tool.name}_after_{place}')
    for place, key in enumerate(keys[1:]):
        argument = f'"{spelt(f", {key}=")}" {tool.name}_{place + 1}'
        may_miss = "" if key in required else "?"
        yield f"{tool.name}_after_{place}: ({argument}){may_miss} {tool.name}_after_{place + 1}"
    yield f'{tool.name}_after_{len(keys) - 1}: ""'
    opened, may_be_empty = spelt(f"{tool.name}("), "?" if _allows_nothing(shop.arguments(tool)) else ""
    yield f'{tool.name}: "{opened}" ({" | ".join(starts)}){may_be_empty} ")"'


def _allows_nothing(arguments: type[BaseModel]) -> bool:
    try:
        arguments.model_validate({})
    except ValidationError:
        return False
    return True


def _resolved(entry: Schema, schema: Schema) -> Sequence[Schema]:
    """The kinds of value that an argument takes, without `null` (what is absent is not written) and
    references."""
    options = [one for one in entry.get("anyOf", [entry]) if one.get("type") != "null"]
    names = [str(one.get("$ref", "")).rpartition("/")[2] for one in options]
    return [schema["$defs"][name] if name else one for name, one in zip(names, options, strict=True)]


def _value(kinds: Sequence[Schema], spelt: Spelling) -> str:
    """A value of any of these kinds."""
    written = [_one_kind(kind, spelt) for kind in kinds]
    return written[0] if len(written) == 1 else f"({' | '.join(written)})"


def _one_kind(entry: Schema, spelt: Spelling) -> str:
    if "enum" in entry or "const" in entry:
        words = [spelt(f"='{word}'")[1:] for word in entry.get("enum", [entry.get("const")])]
        return f"({' | '.join(map(json.dumps, words))})"
    if entry["type"] == "string":
        return "TEXT"
    if entry["type"] == "boolean":
        return '("True" | "False")'
    if entry["type"] == "array":
        one, most = _one_kind(entry["items"], spelt), entry["maxItems"]
        least = max(entry.get("minItems", 1), 1)
        return f'("[" {one} (", " {one}){{{least - 1},{most - 1}}} "]")'
    if entry["type"] in ("number", "integer"):
        bounds = {key: entry[key] for key in ("type", "minimum", "maximum") if key in entry}
        return f"%json {json.dumps(bounds)}"
    raise MuseError(
        f"grammar mode cannot write an argument of type {entry['type']!r}; expected text, a number, yes or "
        "no, one of a list of words, or a list of these"
    )

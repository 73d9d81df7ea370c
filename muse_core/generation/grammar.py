"""Grammar mode: an act is a reply without tags, or well-formed calls of known tools.

Which tokens may come next is worked out by llguidance over the bytes of the tokens, from Lark text
(`grammar_text.py`). A call that was well formed without the grammar stays as it was, as long as it was
written like that. In mode `readings` a second grammar holds beside the first: in it a call has all that was
read in the last words. A token that only the first allows is made less likely, not impossible.

Not covered: numbers below a ten-thousandth, which Python writes with an exponent; rules between values
(`compare` wants different positions, `than` needs `like`; the tools refuse those themselves), and whether a
call is the right one. An act that runs into `max_new_tokens` is cut off as it is without.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Literal

import torch
from transformers import PreTrainedTokenizerFast

from muse_core.errors import ConfigError, MuseError
from muse_core.generation.grammar_text import ActText, Spelling
from muse_core.generation.read_values import ReadValues
from muse_core.models.chat_format import END, RESULT, TOOL, TOOL_END
from muse_core.tools.base import Tool
from muse_core.tools.shop_schema import PLAIN, ShopSchema
from muse_core.tools.toolbox import ALL_TOOLS

RELUCTANCE = 4.0  # nats by which a token that leaves out what was read is less likely; docs/decisions.md


class CallGrammar:
    """Compiled once for a tokenizer and a shop. `vocabulary`: the width of the model's logits."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, vocabulary: int, schema: ShopSchema = PLAIN
    ) -> None:
        self.tags = {tag: int(tokenizer.convert_tokens_to_ids(tag)) for tag in (TOOL, TOOL_END, RESULT, END)}
        self._text = ActText(schema, self.tags, _spelling(tokenizer))
        self._tokens = _library().LLTokenizer(
            _described(tokenizer), n_vocab=vocabulary, eos_token=self.tags[END]
        )
        self._matchers = lru_cache(maxsize=512)(self._compiled)
        self.reply = _not_in_a_reply(tokenizer, vocabulary, self.tags[END])
        self.begin = _ruled_out(self.matcher())

    def guide(self, said: ReadValues | None = None) -> Guide:
        """A guide at the start of an act; with what was `said`, arguments have only values that were read."""
        return Guide(self, said)

    def matcher(self, said: ReadValues | None = None, is_whole: bool = False) -> Any:
        """At the start of an act."""
        return self._matchers(self._text.grammar(said, is_whole)).deep_copy()

    def _compiled(self, text: str) -> Any:
        matcher = _library().LLMatcher(self._tokens, text)
        if matcher.is_error():
            raise MuseError(f"the tools' grammar cannot be compiled: {matcher.get_error()}")
        return matcher


def grammar_of(tokenizer: PreTrainedTokenizerFast, vocabulary: int, schema: ShopSchema) -> CallGrammar:
    """The grammar of a tokenizer and a shop, compiled once: about a hundredth of a second."""
    return _grammar(tokenizer, vocabulary, schema, tuple(ALL_TOOLS))


@lru_cache(maxsize=32)
def _grammar(
    tokenizer: PreTrainedTokenizerFast, vocabulary: int, schema: ShopSchema, tools: tuple[Tool, ...]
) -> CallGrammar:
    """`tools`: those in use, for a run may bring its own."""
    return CallGrammar(tokenizer, vocabulary, schema)


class Guide:
    """Follows one act token by token. All acts share two masks: what may begin one, and what a reply may go
    on with; a call is compiled when it begins."""

    def __init__(self, grammar: CallGrammar, said: ReadValues | None = None) -> None:
        self._grammar, self._said = grammar, said
        self._place: Literal["start", "call", "reply"] = "start"
        self._call: Any = None  # what may be written
        self._whole: Any = None  # with all that is owed; None: nothing is, or it has been left out

    def ruled_out(self) -> torch.Tensor:
        """[vocabulary], True where a token must not come next."""
        if self._place == "call":
            return _ruled_out(self._call)
        return self._grammar.reply if self._place == "reply" else self._grammar.begin

    def leaves_out(self) -> torch.Tensor | None:
        """[vocabulary], True where a token would leave something out that was read in the last words, or may
        not come at all; None: nothing is owed here."""
        return None if self._whole is None else _ruled_out(self._whole)

    def weigh(self, logits: torch.Tensor) -> None:
        """Of the next token, [vocabulary], in place."""
        if (left := self.leaves_out()) is not None:
            logits -= RELUCTANCE * left.to(logits.device)
        logits.masked_fill_(self.ruled_out().to(logits.device), float("-inf"))

    def take(self, token: int) -> None:
        """The token that was written."""
        if self._place == "reply":
            return
        if self._place == "start":
            self._begin(token)
        if self._place == "call" and not self._call.consume_token(token):
            raise MuseError(f"the grammar refuses a token that it had allowed: {self._call.get_error()}")
        ends = token == self._grammar.tags[TOOL_END]  # a second call of the act owes nothing
        if self._whole is None or ends or self._whole.try_consume_tokens([token]) == 0:
            self._whole = None

    def _begin(self, token: int) -> None:
        if self._grammar.begin[token]:
            raise MuseError(f"the grammar refuses token {token} at the start of an act, and had ruled it out")
        self._place = "call" if token == self._grammar.tags[TOOL] else "reply"
        if self._place == "call":
            self._call = self._grammar.matcher(self._said)
            if self._said is not None and self._said.owed:
                self._whole = self._grammar.matcher(self._said, is_whole=True)


def _ruled_out(matcher: Any) -> torch.Tensor:
    return torch.frombuffer(bytearray(matcher.compute_logit_bias()), dtype=torch.uint8) == 0


def _not_in_a_reply(tokenizer: PreTrainedTokenizerFast, vocabulary: int, end: int) -> torch.Tensor:
    """[vocabulary], True for tags other than the end of a reply, and for text with `<`."""
    known = range(min(len(tokenizer), vocabulary))
    special = set(tokenizer.all_special_ids) - {end}
    mask = torch.ones(vocabulary, dtype=torch.bool)
    mask[[at for at in known if at not in special and (at == end or "<" not in tokenizer.decode([at]))]] = (
        False
    )
    return mask


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

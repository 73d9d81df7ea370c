"""Which tokens may come next where a call names an argument or writes its value: spans of the request.

Follows the tokens of a call as our own tokenizer cuts it (`models/word_cuts.py`): the name of an argument is
one of those for which a value is justified, and the value is copied from `Justified` token by token. The
`query` of a search is freer: words of what was said and read, in any order. Other arguments of text and
numbers are spans and values as they stand. Positions, yes or no, and fixed words are left to the schema;
where values are those that were read, an order and positions are those of `pointed.py`.

What is ruled out here is ruled out beside the schema; where both together leave nothing, the schema decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from transformers import PreTrainedTokenizerFast

from muse_core.generation.justified import Justified
from muse_core.generation.pointed import POSITIONS, WORDS
from muse_core.models.chat_format import TOOL, TOOL_END
from muse_core.models.tokenizer import encode_text
from muse_core.tools.shop_schema import ShopSchema
from muse_core.tools.toolbox import ALL_TOOLS
from muse_core.types import JsonValue

Kind = Literal["text", "number", "free"]
_QUERY, _MOST_WORDS = "query", 8
_SPACE = "Ġ"
_OPENED = re.compile(r"[(,]Ġ?([a-z][a-z0-9_Ġ]*)=(\['|'|)$")
_YES_NO = re.compile(r"=(True|False)$")


@dataclass(frozen=True)
class Cut:
    """Tokens in a row; a value may begin at `starts` and end before `ends`."""

    tokens: tuple[int, ...]
    starts: frozenset[int]
    ends: frozenset[int]


@dataclass(frozen=True)
class Argument:
    """`free`: the schema decides alone. Numbers have bounds; a list of them is written as one value."""

    kind: Kind
    low: float = -math.inf
    high: float = math.inf
    is_yes_no: bool = False

    def takes(self, value: float) -> bool:
        """Whether a number is within the bounds."""
        return self.low <= value <= self.high


Place = tuple[Cut, int]


class CallTokens:
    """What a tokenizer makes of names and values; one for a tokenizer and a shop."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, vocabulary: int, schema: ShopSchema) -> None:
        self._tokenizer, self.vocabulary = tokenizer, vocabulary
        self.arguments = arguments_of(schema)
        self.orders = {tool.name: schema.order(tool.name) for tool in ALL_TOOLS}
        self.texts = [str(one) for one in tokenizer.convert_ids_to_tokens(range(len(tokenizer)))]
        self.closers: dict[Kind, list[int]] = {
            "text": [at for at, text in enumerate(self.texts) if text.startswith("'")],
            "number": [at for at, text in enumerate(self.texts) if text[:1] in (",", ")")],
        }
        self._words: dict[str, tuple[int, ...]] = {}
        self.nothing = Cut(tuple(encode_text(tokenizer, ")")), frozenset(), frozenset())

    def word(self, text: str) -> tuple[int, ...]:
        """Of a word or value behind a space."""
        if text not in self._words:
            self._words[text] = tuple(encode_text(self._tokenizer, f" {text}"))
        return self._words[text]

    def run(self, words: Sequence[str], is_whole: bool = False) -> Cut:
        """Of words in a row; `is_whole`: they are one value, else any span of them is."""
        ids: list[int] = []
        starts, ends = [], []
        for word in words:
            cut = self.word(word)
            starts.append(len(ids) + (self.texts[cut[0]] == _SPACE))  # a digit takes no space in
            ids += cut
            ends.append(len(ids))
        kept = (starts[:1], ends[-1:]) if is_whole else (starts, ends)
        return Cut(tuple(ids), frozenset(kept[0]), frozenset(kept[1]))

    def listed(self, values: Sequence[JsonValue]) -> Cut:
        """Of a list of positions."""
        ids = encode_text(self._tokenizer, f"[{', '.join(map(str, values))}]")
        return Cut(tuple(ids), frozenset((0,)), frozenset((len(ids),)))

    def frames(self, name: str, kind: Kind) -> list[Cut]:
        """The ways in which an argument of a kind opens."""
        ends = {"text": ("='", "=['"), "number": ("=",), "free": ("=", "='")}[kind]
        return [self.run([f"{name}{end}"], True) for end in ends]


def arguments_of(schema: ShopSchema) -> dict[str, Argument]:
    """The arguments of all tools by name. Those of tools that do not narrow products are free."""
    found: dict[str, Argument] = {}
    for tool in ALL_TOOLS:
        for name, entry in schema.arguments(tool).model_json_schema()["properties"].items():
            argument = _argument(entry.get("anyOf", [entry])) if tool.takes_facets else Argument("free")
            if argument.kind != "free" or name not in found:
                found[name] = argument
    return found


def _argument(options: Sequence[Mapping[str, Any]]) -> Argument:
    open_ones = [one for one in options if not {"enum", "const", "$ref"} & one.keys()]
    types = {one.get("type"): one for one in open_ones}
    if "string" in types:
        return Argument("text")
    if "number" in types:
        one = types["number"]
        return Argument("number", one.get("minimum", -math.inf), one.get("maximum", math.inf))
    return Argument("free", is_yes_no="boolean" in types)


class SpanGuide:
    """Follows one act. `as_read`: an argument has only the values that were read for it."""

    def __init__(self, cuts: CallTokens, known: Justified, as_read: bool = False) -> None:
        self._cuts, self._known, self._as_read = cuts, known, as_read
        self._written: list[Cut] = []  # values of the list that is written
        self._is_call = False
        self._tail = ""  # of the call, since its last `(` or the `,` before a name
        self._tool, self._key, self._kind = "", "", "free"
        self._begun: set[int] = set()  # first tokens of the words of a query
        self._is_quoted = False  # inside text that is left to the schema
        self._rows: Sequence[Cut] = ()
        self._at: list[Place] | None = None  # None: anything
        self._values: dict[str, Sequence[Cut]] = {}

    def ruled_out(self) -> torch.Tensor | None:
        """[vocabulary], True where a token is no part of a justified name or value; None: all may come."""
        if self._at is None:
            return None
        allowed = [cut.tokens[at] for cut, at in self._at if at < len(cut.tokens)]
        if self._key and any(at in cut.ends for cut, at in self._at):
            closers = self._cuts.closers["number" if self._kind == "number" else "text"]
            goes_on = self._goes_on()
            allowed += [at for at in closers if goes_on or not self._cuts.texts[at].endswith(",")]
            allowed += [cut.tokens[at] for cut, at in self._further_words()]
        mask = torch.ones(self._cuts.vocabulary, dtype=torch.bool)
        mask[allowed] = False
        return mask

    def take(self, token: int) -> None:
        """The token that was written."""
        text = self._cuts.texts[token] if token < len(self._cuts.texts) else ""
        if text in (TOOL, TOOL_END):
            self._is_call, self._tail, self._at = text == TOOL, "", None
        elif self._is_call and self._at is not None:
            self._copy(token, text)
        elif self._is_call:
            self._read(text)

    def _copy(self, token: int, text: str) -> None:
        """One token further in a name or a value, or behind it."""
        places = self._at or []
        self._written += [cut for cut, at in places if self._key and at in cut.ends]
        going = [(cut, at + 1) for cut, at in places if cut.tokens[at : at + 1] == (token,)]
        if self._key and any(at in cut.ends for cut, at in places):
            more = [(cut, at + 1) for cut, at in self._further_words() if cut.tokens[at] == token]
            going += more
            self._begun |= {token} if more else set()
        if self._key and going:
            self._at = going
            self._begun = self._begun or {token}
        elif not self._key and going and not any(at == len(cut.tokens) for cut, at in going):
            self._at, self._tail = going, self._tail + text
        else:
            self._at = None
            self._read(text)

    def _further_words(self) -> Iterator[Place]:
        """Where a further word of a query may begin, each once; before a digit at its space."""
        if self._key == _QUERY and len(self._begun) < _MOST_WORDS:
            for cut in self._rows:
                for at in cut.starts:
                    is_spaced = at > 0 and self._cuts.texts[cut.tokens[at - 1]] == _SPACE
                    if cut.tokens[at] not in self._begun:
                        yield cut, at - is_spaced

    def _read(self, text: str) -> None:
        """Whether a name or a value begins behind this text of the call."""
        quote = text.find("'")
        closes = quote >= 0 and (text[quote - 1] if quote else self._tail[-1:]) != "\\"
        self._tail += text
        if self._is_quoted and not closes:
            return
        self._is_quoted = False
        in_list = self._tail.rfind("[") > self._tail.rfind("]")
        if self._as_read and _YES_NO.search(self._tail) and not self._goes_on():
            self._at = [(self._cuts.nothing, 0)]
            return
        opened = _OPENED.search(self._tail)
        if opened is not None:
            self._begin(opened[1].replace(f"_{_SPACE}", "_"), "text" if opened[2] else "number")
        elif in_list and self._key and self._tail.endswith(f",{_SPACE}'"):
            self._begin(self._key, "text")
        elif not in_list and text[-1:] in ("(", ","):
            self._written = []
            self._begin_name(text[-1])

    def _begin(self, key: str, kind: Kind) -> None:
        """A value of text behind its quote, or a number behind `=`."""
        self._key, self._kind, self._rows, self._begun = key, kind, (), set()
        argument = self._cuts.arguments.get(key)
        if argument is not None and self._kind_of(key) == kind:
            if key not in self._values:
                self._values[key] = self._values_of(key, argument)
            left = [cut for cut in self._values[key] if cut not in self._written]
            self._rows = (left if self._as_read else []) or self._values[key]
        self._at = [(cut, at) for cut in self._rows for at in cut.starts] or None
        self._is_quoted = kind == "text" and self._at is None

    def _values_of(self, key: str, argument: Argument) -> Sequence[Cut]:
        cuts, known = self._cuts, self._known
        said = known.read.get(key, ())
        if self._as_read and (said or key != _QUERY):
            return [self._read_value(one) for one in said]
        if argument.kind == "number":
            return [cuts.run([f"{one:.10g}"], True) for one in known.numbers if argument.takes(one)]
        values = dict.fromkeys((*known.values, *known.fixed.get(key, ())))
        whole = [cuts.run(value.split(), key != _QUERY) for value in values if value.strip()]
        return [cuts.run(words) for words in known.runs if words] + whole

    def _read_value(self, value: JsonValue) -> Cut:
        if isinstance(value, list):
            return self._cuts.listed(value)
        words = [f"{value:.10g}"] if isinstance(value, int | float) else str(value).split()
        return self._cuts.run(words, True)

    def _kind_of(self, name: str) -> Kind:
        """Of an argument; what is said of the last results is copied where values are as they were read."""
        if self._as_read and name in self._known.read:
            if name in WORDS:
                return "text"
            if name in POSITIONS:
                return "number"
        return self._cuts.arguments[name].kind

    def _goes_on(self) -> bool:
        """Whether a further argument may stand behind the one that is written: behind a `,` there is no way
        back. Who copies spans may go on as the schema says."""
        order = self._cuts.orders.get(self._tool, ())
        if not self._as_read or self._key not in order:
            return True
        return any(map(self._has_value, order[order.index(self._key) + 1 :]))

    def _begin_name(self, before: str) -> None:
        if before == "(":
            self._tool = self._tail[:-1].replace(f"_{_SPACE}", "_").strip(_SPACE)
        self._tail, self._key, self._kind, self._rows = before, "", "free", ()
        names = [name for name in self._cuts.arguments if self._has_value(name)]
        self._at = [(cut, 0) for name in names for cut in self._cuts.frames(name, self._kind_of(name))]
        if before == "(":  # a tool that needs no argument
            self._at.append((self._cuts.nothing, 0))

    def _has_value(self, name: str) -> bool:
        known, argument = self._known, self._cuts.arguments[name]
        if self._as_read and name in (*WORDS, *POSITIONS):
            return name not in known.read or bool(known.read[name])
        if self._as_read and name != _QUERY and (argument.kind != "free" or argument.is_yes_no):
            return name in known.read
        if argument.kind == "number":
            return any(map(argument.takes, known.numbers))
        return argument.kind == "free" or bool(known.runs or known.values or known.fixed.get(name))

r"""How messages become the model's text stream; `chat_reader` reads acts back. The one chat format; no torch.

The stream of a conversation, one assistant turn being one run of text::

    <|system|>search(query, category, *filter): find products
    …one line per tool…
    also: memory (gb), touchscreen (yes/no)            in a shop with facets; see system_line.py
    mixed | women | 25-34 | budget 500-2000<|end|>
    <|user|>show me shirts under 2000<|reads|>query='shirt', max_price=2000<|end|>
    <|assistant|><tool>search(query='shirts', max_price=2000)</tool>
    <result>p1 | Blue Shirt | ₹999</result>Try [1] at [1:price].<|end|>

(without the line breaks between turns). The model writes `<result>` itself: its "run the calls" act;
the runtime appends what the calls return and `</result>`. Behind the user's words stands what the rules
read in them (`muse_core/reading`), where it is on and they read something. `<` in user text, catalogue
cells and replies is escaped, so nobody can forge a tag.

`pieces` cuts the stream into parts for the loss (docs/decisions.md#what-the-model-predicts):

- `tool`: the decisions. `<tool>name(`, the first `<result>` after the calls, and the first token of a
  reply (the piece is marked `act`; its other tokens are fluency).
- `argument`: from behind `(` to `</tool>`.
- `fluency`: the rest of the reply and `<|end|>`.
- `context`: never supervised: system, user, result contents, `</result>`, the tags that the runtime writes.

Pieces are tokenised one by one (`tokenizer.encode`), so that no token ever spans two parts and a
prompt is cut into tokens exactly as it was in training.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from muse_core.profiles.system_line import system_content
from muse_core.records import read_tool_message, tool_message
from muse_core.tools.call_syntax import escape_text, render_arguments, render_call
from muse_core.tools.result_text import render_result
from muse_core.tools.toolbox import ALL_TOOLS, per_tools
from muse_core.types import Facet, JsonValue, Message, ToolCall, ToolResult

SYSTEM, USER, ASSISTANT, END = "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"
TOOL, TOOL_END, RESULT, RESULT_END = "<tool>", "</tool>", "<result>", "</result>"
READS = "<|reads|>"
SPECIAL_TOKENS: tuple[str, ...] = (SYSTEM, USER, ASSISTANT, END, TOOL, TOOL_END, RESULT, RESULT_END, READS)

Part = Literal["context", "tool", "argument", "fluency"]
Mark = Literal["", "utterance", "reading", "open", "act"]

TAG = re.compile("(" + "|".join(re.escape(token) for token in SPECIAL_TOKENS) + ")")
_WORD = re.compile(r"\[image:\w+\]|[\w\u0900-\u097f₹.,:/+-]*[\w\u0900-\u0963\u0966-\u097f]")


@dataclass(frozen=True)
class Piece:
    """A run of the stream that is tokenised by itself. `turn` is the 0-based user turn (-1: system).

    `mark`: `utterance` = the user's words; `reading` = what is read in them; `open` = `<|assistant|>`;
    `act` = the first token decides."""

    text: str
    part: Part
    turn: int
    mark: Mark = ""


# ---- writing ------------------------------------------------------------------------------------


@per_tools
def tool_lines() -> str:
    """One line per tool: `search(query, category, *filter): find products`.

    `*filter` stands for every argument of the tool that narrows the last results, so that the list stays
    short."""
    narrowing = next(tool for tool in ALL_TOOLS if tool.narrows)
    shared = tuple(narrowing.Arguments.model_fields)
    lines = []
    for tool in ALL_TOOLS:
        keys = list(tool.Arguments.model_fields)
        if tool is not narrowing and set(shared) <= set(keys):
            keys = [key for key in keys if key not in shared] + [f"*{narrowing.name}"]
        lines.append(f"{tool.name}({', '.join(keys)}): {tool.description}")
    return "\n".join(lines)


def render(messages: Sequence[Message], open_turn: bool = False) -> str:
    """The whole stream. `open_turn`: the assistant goes on from here (ends with `<|assistant|>`
    after a user message, with `</result>` in the middle of a chain)."""
    return "".join(piece.text for piece in pieces(messages, open_turn))


def pieces(messages: Sequence[Message], open_turn: bool = False) -> list[Piece]:
    """The stream cut into its parts, in order."""
    found: list[Piece] = []
    turn, inside = -1, False
    for before, message in zip((None, *messages), messages, strict=False):
        if message.role == "user":
            turn += 1
        if message.role in ("system", "user"):
            inside = False
            found += _system(message) if message.role == "system" else _user(message, turn)
            continue
        if not inside:
            found.append(Piece(ASSISTANT, "context", turn, "open"))
            inside = True
        is_first = before is None or before.role != "tool"
        found += _tool_result(message, turn, is_first) if message.role == "tool" else _act(message, turn)
    if open_turn and not inside:
        found.append(Piece(ASSISTANT, "context", turn, "open"))
    return found


def _system(message: Message) -> Iterator[Piece]:
    yield Piece(SYSTEM, "context", -1)
    yield Piece(tool_lines() + "\n", "context", -1)
    yield Piece(escape_text(message.content), "context", -1)
    yield Piece(END, "context", -1)


def _user(message: Message, turn: int) -> Iterator[Piece]:
    yield Piece(USER, "context", turn)
    yield Piece(escape_text(message.content), "context", turn, "utterance")
    if message.reading:
        yield Piece(READS, "context", turn)
        yield Piece(render_arguments(message.reading), "context", turn, "reading")
    yield Piece(END, "context", turn)


def _act(message: Message, turn: int) -> Iterator[Piece]:
    """Calls, or a reply; text before calls is kept though our own data has none."""
    if not message.tool_calls:
        yield Piece(escape_text(message.content) + END, "fluency", turn, "act")
        return
    if message.content:
        yield Piece(escape_text(message.content), "fluency", turn, "act")
    for call in message.tool_calls:
        head, _, rest = render_call(call).partition("(")
        yield Piece(f"{TOOL}{head}(", "tool", turn, "act")
        yield Piece(rest + TOOL_END, "argument", turn)


def _tool_result(message: Message, turn: int, is_first: bool) -> Iterator[Piece]:
    """The first `<result>` after the calls is the model's act; the runtime writes the others."""
    result = read_tool_message(message)
    yield Piece(RESULT, "tool" if is_first else "context", turn, "act" if is_first else "")
    yield Piece(result_text(result), "context", turn)


def result_text(result: ToolResult) -> str:
    """What the runtime appends behind `<result>`, the closing tag included."""
    return render_result(result.value, result.error) + RESULT_END


# ---- words, cutting, digest -----------------------------------------------------------------------


def word_ends(text: str) -> list[int]:
    """Code-point offsets right after each word: where the position head looks. Punctuation behind a
    word does not belong to it; `2,000`, `₹1499`, `v-neck` and `[image:att1]` are one word."""
    return [match.end() for match in _WORD.finditer(text)]


def untagged(text: str) -> list[str]:
    """The runs of text between the tags of a stream."""
    return [part for part in TAG.split(text) if part and part not in SPECIAL_TOKENS]


def split_turns(messages: Sequence[Message]) -> tuple[tuple[Message, ...], list[tuple[Message, ...]]]:
    """The system messages before the first user, and one tuple per user turn."""
    starts = [at for at, message in enumerate(messages) if message.role == "user"]
    bounds = [*starts, len(messages)]
    turns = [tuple(messages[start:end]) for start, end in pairwise(bounds)]
    return tuple(messages[: bounds[0]]), turns


def join(*parts: Iterable[Message]) -> tuple[Message, ...]:
    """Runs of messages, one after another."""
    return tuple(message for part in parts for message in part)


@per_tools
def format_digest() -> str:
    """sha256 over the rendered form of one fixed conversation: changes when the format does."""
    limits: dict[str, JsonValue] = {"colour": ["red", "pink"], "max_memory": 8, "memory": 4.5, "touch": True}
    call = ToolCall("c0.0", "search", {"query": "a < b", "max_price": 2000.0, **limits})
    item: dict[str, JsonValue] = {"id": "p1", "title": "T", "price": 9, "memory": "4.5 gb"}
    told = (Facet("memory", "number", "gb"), Facet("touch", "yes_no"), Facet("fuel", "choice"))
    example = (
        Message("system", system_content(told, "en")),
        Message("user", "x < y", reading={"query": "x", "max_price": 2000}),
        Message("assistant", "", (call, call)),
        tool_message(ToolResult("c0.0", {"items": [item], "total": 1})),
        tool_message(ToolResult("c0.1", None, "no")),
        Message("assistant", "[1] [1:price]"),
    )
    body = [[piece.text, piece.part, piece.mark] for piece in pieces(example)]
    text = json.dumps([SPECIAL_TOKENS, body], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

"""Conversations → examples for SFT: which turns teach, and what the heads learn from them.

A conversation teaches up to the turn before its first gold call that the loss filter dropped: a reply
without its call would teach invention. `calls`:

- `filtered` (default): as above; a gold call without a kept row counts as dropped
- `gold`: every turn of the conversations that augmentation looked at
- `all`: every turn of every conversation

Of conversations in other shops all is taught: the filter's scorer has read the own shop's words.

A turn is taught behind the system line with which it is answered (`profiles/system_line.py`). Where the
shopper switches language the line changes with him: such a conversation gives one example per line, in
which the turns of the others are read and not learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from transformers import PreTrainedTokenizerFast

from muse_core.examples.example import ARGUMENT_PART, TOOL_PART, UTTERANCE_PART, Example, Start
from muse_core.models.chat_format import join, split_turns
from muse_core.models.tokenizer import Encoded, TurnPlace, encode
from muse_core.profiles.system_line import addressed
from muse_core.records import calls_of, canonical_json
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.types import AugmentedText, Conversation, Message, ToolCall

TRUNCATED_SHARE = 0.01
Calls = Literal["filtered", "gold", "all"]


@dataclass
class DatasetStatistics:
    """What was left out on the way to the examples; goes into the artifact's metrics."""

    conversations: int = 0
    turns: int = 0
    dropped_turns: int = 0  # behind a call that the filter dropped
    truncated_turns: int = 0  # did not fit the sequence length
    too_long: int = 0  # conversations whose last turn alone does not fit

    def as_metrics(self) -> dict[str, float]:
        kept = max(1, self.turns + self.truncated_turns)
        return {
            "sft_conversations": float(self.conversations),
            "sft_turns": float(self.turns),
            "sft_dropped_turns": float(self.dropped_turns),
            "sft_truncated_share": self.truncated_turns / kept,
            "sft_too_long": float(self.too_long),
        }

    def warning(self, max_tokens: int) -> str | None:
        """What to say about length: nothing while at most TRUNCATED_SHARE of the turns is cut off."""
        share = self.as_metrics()["sft_truncated_share"]
        if share <= TRUNCATED_SHARE and not self.too_long:
            return None
        return (
            f"sft: {100 * share:.1f} % of the turns were left out at the front of conversations longer than "
            f"{max_tokens} tokens, {self.too_long} conversations entirely (goal: at most "
            f"{100 * TRUNCATED_SHARE:.0f} %). Raise sft.max_sequence_length, or shorten the conversations."
        )


def is_read(conversations: Iterable[Conversation]) -> bool:
    """Whether rules have read them: a user message has a reading."""
    return any(message.reading for one in conversations for message in one.messages)


def examples_of(
    tokenizer: PreTrainedTokenizerFast,
    conversations: Iterable[Conversation],
    rows: Iterable[AugmentedText],
    calls: Calls,
    max_tokens: int,
    learns_utterances: bool = False,
    told: Callable[[Conversation], Conversation] | None = None,
) -> tuple[list[Example], DatasetStatistics]:
    """One example per conversation that still teaches something, and per system line in it.
    `learns_utterances`: the user's words are predicted too (part `utterance`). `told`: the conversation as it
    is read (`other_facets.py`); what it teaches is decided before."""
    by_conversation: dict[str, list[AugmentedText]] = {}
    for row in rows:
        by_conversation.setdefault(row.conversation_id, []).append(row)
    examples: list[Example] = []
    statistics = DatasetStatistics()
    for conversation in conversations:
        mine = by_conversation.get(conversation.conversation_id, [])
        taught = _taught(conversation, mine, calls, statistics)
        read = told(conversation) if told is not None else conversation
        for example, code in _examples(tokenizer, read, taught, mine, max_tokens, statistics):
            examples.append(_with_utterances(example, code) if learns_utterances else example)
    return examples, statistics


def _taught(
    conversation: Conversation, rows: Sequence[AugmentedText], calls: Calls, statistics: DatasetStatistics
) -> int:
    _, turns = split_turns(conversation.messages)
    taught = teaching_turns(turns, rows, calls if conversation.shop is None else "all")
    statistics.dropped_turns += len(turns) - taught
    return taught


def _examples(
    tokenizer: PreTrainedTokenizerFast,
    conversation: Conversation,
    taught: int,
    rows: Sequence[AugmentedText],
    max_tokens: int,
    statistics: DatasetStatistics,
) -> Iterator[tuple[Example, Encoded]]:
    head, turns = split_turns(conversation.messages)
    examples = []
    for line, mine in turns_by_line(head, turns[:taught]).items():
        code = encode(tokenizer, join(line, *turns[: mine[-1] + 1]), max_tokens=max_tokens)
        statistics.truncated_turns += sum(turn < code.dropped_turns for turn in mine)
        if len(code.ids) > max_tokens:
            statistics.too_long += 1
            continue
        statistics.turns += sum(turn >= code.dropped_turns for turn in mine)
        own = code if len(mine) > mine[-1] else only_turns(code, mine)
        examples.append((_with_places(own, turns, positions_of(conversation, rows)), own))
    statistics.conversations += bool(examples)
    yield from examples


def turns_by_line(
    head: Sequence[Message], turns: Sequence[Sequence[Message]]
) -> dict[tuple[Message, ...], list[int]]:
    """The system message that each turn is answered behind -> the turns, in order."""
    found: dict[tuple[Message, ...], list[int]] = {}
    for turn in range(len(turns)):
        users = (message for one in turns[: turn + 1] for message in one if message.role == "user")
        line = addressed((*head, *users))[:1]
        found.setdefault(line, []).append(turn)
    return found


def only_turns(code: Encoded, turns: Collection[int]) -> Encoded:
    """The same ids; what stands in other turns is context, and has no places."""
    parts = [0] * len(code.ids)
    starts = [place.utterance[0] for place in code.places] + [len(code.ids)]
    for place, (start, end) in zip(code.places, pairwise(starts), strict=True):
        if place.turn in turns:
            parts[start:end] = code.parts[start:end]
    kept = [place for place in code.places if place.turn in turns]
    return replace(code, parts=parts, places=kept)


def _with_utterances(example: Example, code: Encoded) -> Example:
    parts = list(example.parts)
    for place in code.places:
        start, end = place.utterance
        parts[start:end] = [UTTERANCE_PART] * (end - start)
    return replace(example, parts=parts)


def teaching_turns(turns: Sequence[Sequence[Message]], rows: Sequence[AugmentedText], calls: Calls) -> int:
    """How many user turns, from the first, this conversation teaches."""
    if calls == "all":
        return len(turns)
    if calls == "gold":
        return len(turns) if rows or not any(map(calls_of, turns)) else 0
    kept = {
        (row.turn, call.tool_name, canonical_json(call.arguments))
        for row in rows
        if row.kept
        for call in row.tool_calls
    }
    for number, turn in enumerate(turns):
        gold = {(number, call.name, canonical_json(call.arguments)) for call in calls_of(turn)}
        if not gold <= kept:
            return number
    return len(turns)


def positions_of(conversation: Conversation, rows: Sequence[AugmentedText]) -> dict[int, int]:
    """Turn -> code-point offset behind the last word its first call depends on: from the augmented
    row, from the label where there is none."""
    found = {label.turn: label.position for label in conversation.labels if label.position is not None}
    found |= {
        row.turn: row.tool_calls[0].position for row in rows if row.kept and row.act == 0 and row.tool_calls
    }
    return found


def _with_places(code: Encoded, turns: Sequence[Sequence[Message]], positions: Mapping[int, int]) -> Example:
    words: list[tuple[int, int]] = []
    starts: list[Start] = []
    for place in code.places:
        call = _first_call(turns[place.turn])
        if call is not None and place.turn in positions:
            words += _labelled_words(place, positions[place.turn])
        if place.assistant_at is not None:
            starts.append(_start(code, place.assistant_at, call))
    return Example(code.ids, code.parts, words, starts)


def _labelled_words(place: TurnPlace, position: int) -> list[tuple[int, int]]:
    """1 at the word that ends at `position` (or reaches over it), 0 at the others."""
    right = next(
        (at for at, (end, _) in enumerate(place.word_ends) if end >= position), len(place.word_ends) - 1
    )
    return [(token, int(at == right)) for at, (_, token) in enumerate(place.word_ends)]


def _start(code: Encoded, at: int, call: ToolCall | None) -> Start:
    act_end = _run_end(code.parts, at + 1, TOOL_PART)
    if call is None:
        return Start(at, 0, (None, None), at + 2, at + 2)
    tool = TOOL_NAMES.index(call.name) + 1 if call.name in TOOL_NAMES else 0
    prices = tuple(_number(call.arguments.get(name)) for name in ("min_price", "max_price"))
    return Start(at, tool, (prices[0], prices[1]), act_end, _run_end(code.parts, act_end, ARGUMENT_PART))


def _run_end(parts: Sequence[int], start: int, part: int) -> int:
    end = start
    while end < len(parts) and parts[end] == part:
        end += 1
    return end


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value >= 0 else None  # type: ignore[arg-type,operator]


def _first_call(turn: Sequence[Message]) -> ToolCall | None:
    act = next((message for message in turn if message.role == "assistant"), None)
    return act.tool_calls[0] if act is not None and act.tool_calls else None

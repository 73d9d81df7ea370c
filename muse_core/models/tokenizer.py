r"""The small model's own tokenizer, and how messages become token ids (for every model).

`train_tokenizer`: byte-level BPE on the pieces that `word_cuts` cuts, so that copying a word or a number from
the request, the shop's list or the readings into a call is copying its tokens.

`encode` tokenises piece by piece (see `chat_format`): training and generation use this one function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from muse_core.models import chat_format, word_cuts
from muse_core.models.chat_format import Part, Piece
from muse_core.tools.call_syntax import escape_text, unescape_text
from muse_core.types import Message

PAD = "<|pad|>"
PARTS: tuple[Part | Literal["utterance"], ...] = ("context", "tool", "argument", "fluency", "utterance")


@dataclass(frozen=True)
class TurnPlace:
    """Where one user turn stands in the ids. `word_ends`: (code-point offset in the utterance, index
    of the token that ends that word). `assistant_at`: index of `<|assistant|>`. `utterance`: the
    tokens [start, end) of the user's words."""

    turn: int
    word_ends: tuple[tuple[int, int], ...]
    assistant_at: int | None
    utterance: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Encoded:
    """Token ids with the loss part of each (index into PARTS) and the places the heads read."""

    ids: list[int]
    parts: list[int]
    places: list[TurnPlace] = field(default_factory=list)
    dropped_turns: int = 0


def train_tokenizer(texts: Iterable[str], vocab_size: int, facets: str = "") -> PreTrainedTokenizerFast:
    """BPE over `texts` (already rendered streams or plain text); special tokens come first.

    What every prompt tells (`told_lines`) becomes one token each."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = word_cuts.spacing()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(word_cuts.word_pattern()), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = word_cuts.unspacing()
    told = told_lines(facets)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(told),
        min_frequency=2,
        special_tokens=[PAD, *chat_format.SPECIAL_TOKENS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(runs(texts, told), trainer)
    add_told(tokenizer, told)
    return wrap_tokenizer(tokenizer)


def told_lines(facets: str = "") -> list[str]:
    """What a tokenizer, own or of a base, has one token for. The tool list, the same in every prompt, tells a
    model nothing that its weights do not, and would cost about 85 tokens in each conversation. So would the
    shop's own list of facets (`also: …` with its line break); another shop's list is spelled out."""
    return [chat_format.tool_lines() + "\n", *([escape_text(facets)] if facets else [])]


def add_told(tokenizer: Tokenizer, told: Sequence[str]) -> None:
    """Makes each of these texts one token. In place."""
    tokenizer.add_tokens([AddedToken(one, normalized=False) for one in told])


def runs(texts: Iterable[str], told: Sequence[str]) -> Iterator[str]:
    """The runs of text between tags as they are encoded, without what has a token of its own."""
    for text in texts:
        for one in told:
            text = text.replace(one, "")
        for before, run in pairwise(["", *chat_format.TAG.split(text)]):
            if run and run not in chat_format.SPECIAL_TOKENS:
                yield f" {run}" if before in word_cuts.SPACED_TAGS else run


def wrap_tokenizer(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """As a transformers tokenizer, so that the model folder loads anywhere."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=chat_format.END,
        additional_special_tokens=list(chat_format.SPECIAL_TOKENS),
        clean_up_tokenization_spaces=False,
    )


def encode(
    tokenizer: PreTrainedTokenizerFast,
    messages: Sequence[Message],
    open_turn: bool = False,
    max_tokens: int | None = None,
) -> Encoded:
    """Ids of the stream. With `max_tokens`, whole user turns are left out from the front (the system
    message stays, the last turn always does) until it fits; `dropped_turns` says how many."""
    head, turns = chat_format.split_turns(messages)
    encoded = _encode_pieces(tokenizer, chat_format.pieces(messages, open_turn))
    dropped = 0
    while max_tokens is not None and len(encoded.ids) > max_tokens and dropped + 1 < len(turns):
        dropped += 1
        kept = chat_format.join(head, *turns[dropped:])
        encoded = _encode_pieces(tokenizer, chat_format.pieces(kept, open_turn))
    if not dropped:
        return encoded
    places = [TurnPlace(p.turn + dropped, p.word_ends, p.assistant_at, p.utterance) for p in encoded.places]
    return Encoded(encoded.ids, encoded.parts, places, dropped)


def encode_turn(
    tokenizer: PreTrainedTokenizerFast,
    prompt: Sequence[Message],
    turn: Sequence[Message],
    max_tokens: int | None = None,
) -> Encoded:
    """A prompt (ending with a user message) and one assistant turn after it. Only the turn's own
    tokens have a part other than context: result contents and the whole prompt are masked."""
    own = _encode_pieces(tokenizer, chat_format.pieces(turn))
    room = None if max_tokens is None else max_tokens - len(own.ids) + 1
    before = encode(tokenizer, prompt, open_turn=True, max_tokens=room)
    ids = before.ids + own.ids[1:]  # both hold `<|assistant|>`
    parts = [0] * len(before.ids) + own.parts[1:]
    return Encoded(ids, parts, before.places, before.dropped_turns)


def encode_text(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """Ids of one piece of the stream (such as a result that the runtime appends)."""
    return list(tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids)


def _encode_pieces(tokenizer: PreTrainedTokenizerFast, pieces: Sequence[Piece]) -> Encoded:
    backend = tokenizer.backend_tokenizer
    texts = [f" {piece.text}" if _is_spaced(piece) else piece.text for piece in pieces]
    codes = backend.encode_batch(texts, add_special_tokens=False)
    ids: list[int] = []
    parts: list[int] = []
    ends: dict[int, tuple[tuple[int, int], ...]] = {}
    opened: dict[int, int] = {}
    spans: dict[int, tuple[int, int]] = {}
    for piece, code in zip(pieces, codes, strict=True):
        if piece.mark == "utterance":
            offsets = [(start - 1, end - 1) for start, end in code.offsets]  # of the space in front
            ends[piece.turn] = _word_places(piece.text, offsets, len(ids))
            spans[piece.turn] = (len(ids), len(ids) + len(code.ids))
        elif piece.mark == "open":
            opened[piece.turn] = len(ids)
        part = [PARTS.index(piece.part)] * len(code.ids)
        if piece.mark == "act" and part:
            part[0] = PARTS.index("tool")
        ids += code.ids
        parts += part
    places = [TurnPlace(turn, ends[turn], opened.get(turn), spans[turn]) for turn in sorted(ends)]
    return Encoded(ids, parts, places)


def _is_spaced(piece: Piece) -> bool:
    """Whether a piece is read behind a space: the user's words, what is read in them, and arguments
    (`recommend()` has none)."""
    return piece.mark in ("utterance", "reading") or (piece.part == "argument" and piece.text[:1].isalpha())


def _word_places(escaped: str, offsets: Sequence[tuple[int, int]], start: int) -> tuple[tuple[int, int], ...]:
    """Each word end of the utterance with the token that reaches it. Offsets are reported in the
    text as the user wrote it, though the tokens are those of the escaped text."""
    original = unescape_text(escaped)
    places = []
    at = 0
    for word_end in chat_format.word_ends(original):
        target = word_end if escaped == original else len(escape_text(original[:word_end]))
        while at < len(offsets) and offsets[at][1] < target:
            at += 1
        if at < len(offsets):
            places.append((word_end, start + at))
    return tuple(places)

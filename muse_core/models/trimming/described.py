r"""A tokenizer as its description: what each token writes, and the same tokenizer with fewer tokens.

The description is that of `tokenizers` (tokenizer.json). Three kinds are known: BPE over bytes (SmolLM2,
Qwen, Llama 3), BPE over characters with bytes for what it lacks (Llama 2, Gemma 3), and Unigram
(sentencepiece).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from tokenizers import Tokenizer

from muse_core.errors import ConfigError

LEAVE = "Set base.trim_vocab=0 to keep the whole vocabulary, or choose another base.model."
Pair = tuple[str, str]
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_SPACE = "▁"


class Described:
    """One tokenizer. ConfigError for a kind that cannot be cut."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._whole: dict[str, Any] = json.loads(tokenizer.to_str())
        self._model: dict[str, Any] = self._whole["model"]
        _refuse_unknown(self._model)

    @property
    def is_unigram(self) -> bool:
        return bool(self._model["type"] == "Unigram")

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """Token -> id, without tokens that were only added."""
        if self.is_unigram:
            return {piece: at for at, (piece, _) in enumerate(self._model["vocab"])}
        return dict(self._model["vocab"])

    @cached_property
    def added(self) -> dict[str, int]:
        """Tokens that are looked for before a text is cut: tags and the like."""
        return {one["content"]: one["id"] for one in self._whole["added_tokens"]}

    @cached_property
    def merges(self) -> list[Pair]:
        """What joins what, the first first; none for Unigram."""
        found = self._model.get("merges", [])
        pairs = (one if isinstance(one, list) else one.split(" ") for one in found)
        return [(left, right) for left, right in pairs]

    @property
    def unknown(self) -> str | None:
        """What stands for a character that the tokenizer lacks."""
        if self.is_unigram:
            at = self._model.get("unk_id")
            return None if at is None else str(self._model["vocab"][at][0])
        return self._model.get("unk_token")

    @cached_property
    def _bytes(self) -> Mapping[str, int] | None:
        """The byte that each character of a token stands for; None where tokens are written as they are."""
        steps = [self._whole.get(name) or {} for name in ("pre_tokenizer", "decoder")]
        steps += [
            inner for step in steps for inner in (step.get("pretokenizers") or step.get("decoders") or [])
        ]
        return byte_alphabet() if any(step.get("type") == "ByteLevel" for step in steps) else None

    def text_of(self, token: str) -> str | None:
        """What a token writes; None for one that is not whole characters."""
        if self._bytes is None:
            return None if _BYTE.fullmatch(token) else token.replace(_SPACE, " ")
        try:
            return bytes(self._bytes[sign] for sign in token).decode()
        except (KeyError, UnicodeDecodeError):
            return None

    def needed(self) -> set[str]:
        """What no cut may lose: bytes, what stands for the unknown, what is put around a text."""
        found = {token for token in self.vocabulary if _BYTE.fullmatch(token)}
        found |= self.vocabulary.keys() & (self._bytes or {}).keys()
        if self.is_unigram:  # the score of an unknown character is made of the lowest score
            found.add(min(self._model["vocab"], key=lambda one: one[1])[0])
        found |= {token for token, _ in _around(self._whole.get("post_processor"))}
        return found | ({self.unknown} if self.unknown in self.vocabulary else set())

    def cut_to(self, kept: Collection[str]) -> tuple[Tokenizer, list[int]]:
        """The tokenizer with these tokens alone, and the old id of each new one. The vocabulary stands before
        the tokens that were only added, each in its old order. Merges of which a part is gone are gone."""
        own = sorted(self.vocabulary.keys() & set(kept), key=self.vocabulary.__getitem__)
        extra = sorted((self.added.keys() & set(kept)) - self.vocabulary.keys(), key=self.added.__getitem__)
        order = own + extra
        new = {token: at for at, token in enumerate(order)}
        added = [
            one | {"id": new[one["content"]]} for one in self._whole["added_tokens"] if one["content"] in new
        ]
        changed = self._whole | {
            "added_tokens": added,
            "model": self._model | self._cut_model(new, own),
            "post_processor": _renumbered(self._whole.get("post_processor"), new),
            "padding": None,
            "truncation": None,
        }
        tokenizer = Tokenizer.from_str(json.dumps(changed))
        wrong = [token for token, at in new.items() if tokenizer.token_to_id(token) != at]
        if wrong:
            raise ConfigError(
                f"the base tokenizer numbers its added tokens in a way that is not known here (found "
                f"{wrong[:5]} with other ids than they should have). {LEAVE}"
            )
        return tokenizer, [self.vocabulary.get(token, self.added.get(token, -1)) for token in order]

    def _cut_model(self, new: Mapping[str, int], own: Sequence[str]) -> dict[str, Any]:
        if self.is_unigram:
            scores = dict(self._model["vocab"])
            changed: dict[str, Any] = {"vocab": [[piece, scores[piece]] for piece in own]}
            return changed | ({"unk_id": new[self.unknown]} if self.unknown is not None else {})
        inside = set(own)
        merges = [
            list(pair) for pair in self.merges if inside.issuperset(pair) and pair[0] + pair[1] in inside
        ]
        return {"vocab": {token: new[token] for token in own}, "merges": merges}


def byte_alphabet() -> dict[str, int]:
    """Character -> byte of byte-level BPE: printable bytes stand for themselves, the others follow at U+0100
    (Radford et al. 2019)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in set(printable)]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + at): byte for at, byte in enumerate(others)}


def _refuse_unknown(model: Mapping[str, Any]) -> None:
    kind = model["type"]
    marks = [key for key in ("continuing_subword_prefix", "end_of_word_suffix", "dropout") if model.get(key)]
    if kind not in ("BPE", "Unigram") or marks:
        with_marks = f" with {', '.join(marks)}" if marks else ""
        raise ConfigError(
            f"base.trim_vocab: found a tokenizer of kind {kind}{with_marks}; expected BPE or Unigram. {LEAVE}"
        )


def _around(step: Any) -> Iterator[tuple[str, int]]:
    """The tokens that a post-processor puts around a text, with their ids."""
    for inner in (step or {}).get("processors", []):
        yield from _around(inner)
    for name in ("sep", "cls"):
        if name in (step or {}):
            yield tuple(step[name])
    for one in ((step or {}).get("special_tokens") or {}).values():
        yield from zip(one["tokens"], one["ids"], strict=True)


def _renumbered(step: Any, new: Mapping[str, int]) -> Any:
    """A post-processor with the new ids of its tokens."""
    if step is None:
        return None
    changed = dict(step)
    if "processors" in step:
        changed["processors"] = [_renumbered(inner, new) for inner in step["processors"]]
    for name in ("sep", "cls"):
        if name in step:
            changed[name] = [step[name][0], new[step[name][0]]]
    if "special_tokens" in step:
        changed["special_tokens"] = {
            name: one | {"ids": [new[token] for token in one["tokens"]]}
            for name, one in step["special_tokens"].items()
        }
    return changed

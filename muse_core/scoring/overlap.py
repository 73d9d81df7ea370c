"""Do texts also occur among others? Three looks at each, from strict to loose.

    exact     the normalised text is one of the others
    ngram     eight words in a row that also stand in one of the others
    similar   Jaccard similarity of the sets of word 3-grams at least 0.8; MinHash finds the candidates
              (Broder 1997; datasketch)

The looks are the same from both sides: held-out texts are looked for in training (`evaluation/predict/
contamination.py`), and what people send back in what is held out (`feedback/held_out.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from muse_core.scoring.normal import normal_text
from muse_core.types import Conversation, JsonValue

if TYPE_CHECKING:
    from datasketch import MinHash

GRAM = 8  # words
SHINGLE = 3  # words
SIMILAR = 0.8
CANDIDATE = 0.6  # where MinHash's look-up is set, so that it misses hardly any pair at 0.8
PERMUTATIONS = 128
KINDS = ("exact", "ngram", "similar")


@dataclass(frozen=True)
class Leak:
    """A held-out text and a training text it was found in; `kinds`: which looks found it."""

    text_id: str
    kinds: tuple[str, ...]
    like: str  # id of a training text

    def as_json(self) -> dict[str, JsonValue]:
        return {"id": self.text_id, "kinds": list(self.kinds), "like": self.like}


def find_leaks(held_out: Mapping[str, str], training: Iterable[tuple[str, str]]) -> list[Leak]:
    """The leaking texts of `held_out` (id -> text), in order; `training`: (id, text)."""
    known: dict[str, str] = {}
    for row, text in training:
        known.setdefault(normal_text(text), row)
    texts = {name: normal_text(text) for name, text in held_out.items()}
    looks = {
        "exact": {name: known[text] for name, text in texts.items() if text and text in known},
        "ngram": _sharing_grams(texts, known),
        "similar": _similar(texts, known),
    }
    found = []
    for name in texts:
        kinds = tuple(kind for kind in KINDS if name in looks[kind])
        if kinds:
            found.append(Leak(name, kinds, looks[kinds[0]][name]))
    return found


def user_turns(conversations: Iterable[Conversation], side: str = "train") -> Iterable[tuple[str, str]]:
    """(`conversation.turn`, text) of every user turn of a side."""
    for one in conversations:
        if one.side == side:
            users = [message.content for message in one.messages if message.role == "user"]
            yield from ((f"{one.conversation_id}.{turn}", text) for turn, text in enumerate(users))


def _grams(text: str, size: int) -> set[str]:
    words = text.split()
    return {" ".join(words[at : at + size]) for at in range(len(words) - size + 1)}


def _sharing_grams(texts: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Held-out id -> a training row that shares eight words in a row."""
    wanted = {gram: "" for text in texts.values() for gram in _grams(text, GRAM)}
    for text, row in known.items():
        for gram in _grams(text, GRAM):
            if wanted.get(gram) == "":
                wanted[gram] = row
    found = {}
    for name, text in texts.items():
        rows = [wanted[gram] for gram in sorted(_grams(text, GRAM)) if wanted[gram]]
        if rows:
            found[name] = rows[0]
    return found


def _similar(texts: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Held-out id -> the first training row that resembles it."""
    from datasketch import MinHashLSH

    mine = {name: _shingles(text) for name, text in texts.items()}
    shared = {gram for shingles in mine.values() for gram in shingles}
    theirs = {text: shingles for text in known if (shingles := _shingles(text)) & shared}
    index = MinHashLSH(threshold=CANDIDATE, num_perm=PERMUTATIONS)
    for name, signature in zip(mine, _signatures(mine.values()), strict=True):
        index.insert(name, signature)
    found: dict[str, str] = {}
    for text, signature in zip(theirs, _signatures(theirs.values()), strict=True):
        for name in index.query(signature):
            if name not in found and _jaccard(mine[name], theirs[text]) >= SIMILAR:
                found[name] = known[text]
    return found


def _shingles(text: str) -> set[str]:
    """A text shorter than a 3-gram is one."""
    return _grams(text, SHINGLE) or {text}


def _signatures(shingles: Iterable[set[str]]) -> list[MinHash]:
    from datasketch import MinHash

    coded = [[gram.encode() for gram in sorted(one)] for one in shingles]
    return list(MinHash.bulk(coded, num_perm=PERMUTATIONS, seed=1)) if coded else []


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)

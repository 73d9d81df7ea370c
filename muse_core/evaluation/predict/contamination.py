"""Do held-out texts also occur on the train side? Three looks at each, from strict to loose.

    exact     the normalised utterance is a training utterance
    ngram     eight words in a row that also stand in a training utterance
    similar   Jaccard similarity of the sets of word 3-grams at least 0.8; MinHash finds the candidates
              (Broder 1997; datasketch)

Templates of the two sides differ by construction, values (brands, prices, names of products) do not: a
long list of constraints can share eight words without sharing its frame. Texts are users' words only:
that is what a model could have learnt to answer by heart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from muse_core.evaluation.predict.open_loop import Case, CaseSet
from muse_core.evaluation.score.statistics import estimate, mean_of, resampler, slices_of
from muse_core.records import Row
from muse_core.scoring.normal import normal_text
from muse_core.types import Conversation, JsonValue

if TYPE_CHECKING:
    from datasketch import MinHash

GRAM = 8  # words
SHINGLE = 3  # words
SIMILAR = 0.8
CANDIDATE = 0.6  # where MinHash's look-up is set, so that it misses hardly any pair at 0.8
PERMUTATIONS = 128
SHOWN = 20  # examples
KINDS = ("exact", "ngram", "similar")
MODEL = "test_side"  # in the metrics table: these figures are the cases', not a model's


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


# ---- the test side ----------------------------------------------------------------------------------


def case_set_leaks(cases: Sequence[Case], conversations: Iterable[Conversation]) -> list[Leak]:
    """The leaking cases of the open loop."""
    return find_leaks({case.case_id: case.utterance for case in cases}, user_turns(conversations))


def without_leaks(found: CaseSet, leaks: Sequence[Leak]) -> CaseSet:
    """The cases that leak nothing."""
    leaking = {leak.text_id for leak in leaks}
    return CaseSet(
        tuple(case for case in found.cases if case.case_id not in leaking), found.overlapping + len(leaking)
    )


def leak_rows(cases: Sequence[Case], leaks: Sequence[Leak], resamples: int, seed: int) -> list[Row]:
    """Shares of leaking cases, over all and per language, before any is left out."""
    kinds = {leak.text_id: leak.kinds for leak in leaks}
    groups = [
        [case.conversation.profile_id for case in cases],
        [case.label.family for case in cases],
    ]
    sampler = resampler(groups, resamples, np.random.default_rng([seed, 3]))
    rows: list[Row] = []
    for where, mask in slices_of({"language": [case.conversation.language for case in cases]}).items():
        for kind in KINDS:
            statistic = mean_of(f"leak_{kind}", [kind in kinds.get(case.case_id, ()) for case in cases])
            found = estimate(statistic.within(mask), sampler)
            row: Row = {"model": MODEL, "metric": statistic.name, "slice": where, "unit": "share"}
            rows.append(row | {"value": found.value, "low": found.low, "high": found.high, "n": found.n})
    return rows


def leak_report(texts: int, leaks: Sequence[Leak]) -> dict[str, JsonValue]:
    """Counts by kind and examples by id: for `about`, and for `muse eval --cases`."""
    counts: dict[str, JsonValue] = {kind: sum(kind in leak.kinds for leak in leaks) for kind in KINDS}
    examples: list[JsonValue] = [leak.as_json() for leak in leaks[:SHOWN]]
    return {"texts": texts, "leaking": len(leaks), **counts, "examples": examples}

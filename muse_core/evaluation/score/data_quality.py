"""The "Data quality" figures of MEASURES that conversations carry in themselves: diversity, scripts, lengths.

`measure` is called by the `conversations` stage, so that the figures lie in its manifest and in MLflow
beside its other metrics; the report reads them there. Replay, the filter's figures and the pair lint
are measured by the stages that own them. Not covered: realism (`tests/benchmarks/realism.py`: it needs
human text that does not ship with the project).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muse_core.evaluation.score.data_quality_diversity import distinct, near_duplicates, self_bleu
from muse_core.types import LANGUAGES

SAMPLE = 1000  # utterances that distinct-2 and self-BLEU look at: both depend on the number of texts
SCRIPTS = ("en", "hi", "roman", "both")  # how a turn is written: its language, `mixed` by script

_WORD = re.compile(r"\[image:\w+\]|[₹$]?[^\W_](?:[\w\u0900-\u0963\u200c\u200d.,'’%/-]*[\w\u0900-\u0963])?")
_DEVANAGARI, _LATIN = re.compile(r"[\u0900-\u0963]"), re.compile(r"[A-Za-z]")
_IMAGE = re.compile(r"\[image:\w+\]")


@dataclass(frozen=True)
class UserTurns:
    """All user turns of a table: text, the row of its conversation, that conversation's language."""

    texts: list[str]
    rows: list[int]
    languages: list[str]
    conversations: int


def user_turns(conversations: pa.Table) -> UserTurns:
    """Read from the Arrow columns, without building a conversation."""
    messages = conversations["messages"].combine_chunks()
    flat = messages.flatten()
    is_user = pc.equal(flat.field("role"), "user")
    rows = pc.filter(pc.list_parent_indices(messages), is_user).to_pylist()
    texts = pc.filter(flat.field("content"), is_user).to_pylist()
    languages = conversations["language"].to_pylist()
    return UserTurns(texts, rows, [languages[row] for row in rows], len(languages))


def measure(conversations: pa.Table, seed: int) -> dict[str, float]:
    """Metric name -> value. Names after a slash are a language or a script."""
    turns = user_turns(conversations)
    words = [words_of(text) for text in turns.texts]
    numbers = _diversity(words, turns.languages, np.random.default_rng([seed, 31]))
    numbers["near_duplicates"] = near_duplicates(_per_conversation(words, turns))
    return numbers | _scripts(turns) | _lengths(words, turns)


def words_of(text: str) -> tuple[str, ...]:
    """The words of an utterance, lower case; numbers count, punctuation does not, a picture is one word."""
    return tuple(_WORD.findall(text.lower()))


def _diversity(
    words: Sequence[tuple[str, ...]], languages: Sequence[str], rng: np.random.Generator
) -> dict[str, float]:
    """Over all languages together and in each."""
    numbers = {}
    for language in ("", *LANGUAGES):
        pool = [one for one, spoken in zip(words, languages, strict=True) if language in ("", spoken)]
        sample = [pool[place] for place in sorted(rng.permutation(len(pool))[:SAMPLE].tolist())]
        suffix = f"/{language}" if language else ""
        numbers[f"distinct_2{suffix}"] = distinct(sample)
        numbers[f"self_bleu_4{suffix}"] = self_bleu(sample)
    return numbers | {"diversity_sample": float(min(SAMPLE, len(words)))}


def _per_conversation(words: Sequence[tuple[str, ...]], turns: UserTurns) -> list[list[str]]:
    """All that the shopper says in a conversation, as one text."""
    joined: list[list[str]] = [[] for _ in range(turns.conversations)]
    for row, one in zip(turns.rows, words, strict=True):
        joined[row] += one
    return joined


def script_of(text: str, language: str) -> str:
    """One of SCRIPTS. In a `mixed` conversation a turn all in Latin letters is `roman`."""
    if language != "mixed":
        return language
    return "both" if _DEVANAGARI.search(text) else "roman"


def _scripts(turns: UserTurns) -> dict[str, float]:
    """Shares of the turns by the letters they are written in, and of Devanagari words where both are."""
    bare = [_IMAGE.sub(" ", text) for text in turns.texts]
    kinds = Counter((bool(_DEVANAGARI.search(text)), bool(_LATIN.search(text))) for text in bare)
    names = {
        (True, False): "devanagari",
        (False, True): "latin",
        (True, True): "both",
        (False, False): "none",
    }
    numbers = {f"script/{name}": kinds[kind] / max(1, len(bare)) for kind, name in names.items()}
    crossed = [
        [word for word in text.split() if _DEVANAGARI.search(word) or _LATIN.search(word)]
        for text, language in zip(bare, turns.languages, strict=True)
        if language == "mixed" and _DEVANAGARI.search(text) and _LATIN.search(text)
    ]
    if crossed:
        shares = (fmean(bool(_DEVANAGARI.search(word)) for word in one) for one in crossed)
        numbers["devanagari_words_in_both"] = fmean(shares)
    return numbers


def _lengths(words: Sequence[tuple[str, ...]], turns: UserTurns) -> dict[str, float]:
    """Words per utterance by script, user turns per conversation."""
    spoken: dict[str, list[int]] = {name: [] for name in SCRIPTS}
    for text, one, language in zip(turns.texts, words, turns.languages, strict=True):
        spoken[script_of(text, language)].append(len(one))
    numbers = {f"words/{name}": fmean(found) for name, found in spoken.items() if found}
    numbers["words"] = _mean(len(one) for one in words)
    per_row = Counter(turns.rows)
    return numbers | {
        "user_turns_mean": _mean(per_row.values()),
        "user_turns_fewest": float(min(per_row.values(), default=0)),
        "user_turns_most": float(max(per_row.values(), default=0)),
    }


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return fmean(found) if found else 0.0

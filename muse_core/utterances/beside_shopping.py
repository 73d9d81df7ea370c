"""Requests without a product that are told by their words: courtesies of any length, and what people ask of a
shop's other people (parcels, returns, payments). The words are in `carriers.toml`.
"""

from __future__ import annotations

from functools import cache

from muse_core.dialogue.talk import served
from muse_core.language.matching import tokens, word_key
from muse_core.utterances.explained import is_carrier
from muse_core.utterances.word_lists import read_words

Run = tuple[str, ...]


def courtesy(text: str) -> str | None:
    """`thanks` or `bye` where a text says nothing else; None for another text."""
    keys = {token.key for token in tokens(text)}
    said = [kind for kind in ("bye", "thanks") if keys & _words("courtesy", kind)]
    every = _words("courtesy", "around") | _words("courtesy", "bye") | _words("courtesy", "thanks")
    return said[0] if said and keys <= every else None


def service(text: str) -> str | None:
    """What is asked of the shop's other people (a kind of `wordings/kinds.toml`); None for another text, and
    where a tool of the shop's own answers it."""
    keys = tuple(token.key for token in tokens(text))
    for kind, runs in _services().items():
        run = next((run for run in runs if _has(keys, run)), None)
        others = set(keys) - set(run or ())
        if run and all(is_carrier(key) or key in _words("service", "around") for key in others):
            return None if kind in served() else kind
    return None


def mentions_service(text: str) -> bool:
    """Whether some words of a text ask for it, whatever the others say."""
    keys = tuple(token.key for token in tokens(text))
    return any(_has(keys, run) for runs in _services().values() for run in runs)


def _has(keys: Run, run: Run) -> bool:
    return any(keys[at : at + len(run)] == run for at in range(len(keys) - len(run) + 1))


@cache
def _services() -> dict[str, tuple[Run, ...]]:
    """The runs of words of each kind, the longest first."""
    listed = {kind: said for kind, said in read_words("carriers")["service"].items() if kind != "around"}
    return {
        kind: tuple(sorted((_keys(one) for one in said.split("|")), key=len, reverse=True))
        for kind, said in listed.items()
    }


def _keys(said: str) -> Run:
    return tuple(token.key for token in tokens(said))


@cache
def _words(table: str, name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("carriers")[table][name].split())

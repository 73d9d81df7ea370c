"""By what figures on requests of people are cut: language, length, script, and whether the noun is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from muse_core.evaluation.cases.case import EvalCase
from muse_core.language.scripts import share_devanagari
from muse_core.scoring.normal import query_tokens
from muse_core.types import Conversation

WORDS = ((4, "1–4"), (8, "5–8"), (12, "9–12"))  # up to so many words
LONGER = "13 or more"
NO_NOUN = "none"

Noun = frozenset[str]


def columns_of(cases: Sequence[EvalCase], known: frozenset[Noun]) -> dict[str, list[str]]:
    """Column of the `metrics` table's slices -> its value for each case. `known`: see `nouns_searched`."""
    return {
        "language": [case.language for case in cases],
        "words": [words_of(case.utterance) for case in cases],
        "script": [script_of(case.utterance) for case in cases],
        "noun": [noun_of(case, known) for case in cases],
    }


def words_of(utterance: str) -> str:
    """How long a request is."""
    count = len(utterance.split())
    return next((name for most, name in WORDS if count <= most), LONGER)


def script_of(utterance: str) -> str:
    """`latin`, `devanagari`, or `both` in one request."""
    share = share_devanagari(utterance)
    return "latin" if share == 0 else "devanagari" if share == 1 else "both"


def noun_of(case: EvalCase, known: frozenset[Noun]) -> str:
    """Whether a training call has searched for the thing that the case wants: `seen`, `new`, or `none` where
    the case asks for no thing. A thing is seen when one of its accepted names is."""
    names = [name for name in case.accepted.get("query", ()) if isinstance(name, str) and name]
    if not names:
        return NO_NOUN
    return "seen" if any(query_tokens(name) in known for name in names) else "new"


def nouns_searched(conversations: Iterable[Conversation]) -> frozenset[Noun]:
    """What the calls of some conversations search for, each as a set of words."""
    calls = (call for one in conversations for message in one.messages for call in message.tool_calls)
    texts = {query for call in calls if isinstance(query := call.arguments.get("query"), str)}
    return frozenset(map(query_tokens, texts))

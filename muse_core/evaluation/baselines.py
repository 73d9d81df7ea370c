"""What a model must beat: the majority tool, never calling, and a linear classifier on the same turns.

The classifier is TF-IDF (word 1–2-grams and character 2–5-grams within words) with logistic regression,
trained on the train side's decisions. It reads the utterance and one more token that every model has in
its context too: what the assistant did in the turn before (called a tool, asked, answered, or nothing).
It cannot fill in arguments, so it has rows for tool selection only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from muse_core.records import tool_sequence
from muse_core.scoring.slots import is_question
from muse_core.types import Conversation, Message
from muse_core.world.replay import turn_messages, user_text

MAX_TRAIN_TURNS = 6000  # more turns of the same templates change nothing but the seconds


@dataclass(frozen=True)
class Turn:
    """What a baseline reads of one user turn, and the gold decision."""

    utterance: str
    before: str  # what the assistant did last: start | <tool> | asked | talked
    decision: str


def turns_of(conversations: Sequence[Conversation]) -> list[Turn]:
    """Every labelled user turn of some conversations."""
    return [
        Turn(user_text(item, label.turn), _act_before(item, label.turn), label.decision)
        for item in conversations
        for label in item.labels
    ]


def _act_before(conversation: Conversation, turn: int) -> str:
    return "start" if turn == 0 else act_of(turn_messages(conversation, turn - 1))


def act_of(messages: Sequence[Message]) -> str:
    """The kind of a run of assistant messages: its last tool, `asked` or `talked`; `start` if empty."""
    if not messages:
        return "start"
    if tools := tool_sequence(messages):
        return tools[-1]
    return "asked" if any(is_question(m.content) for m in messages if m.role == "assistant") else "talked"


def baseline_decisions(train: Sequence[Turn], test: Sequence[Turn], seed: int) -> dict[str, list[str]]:
    """The decisions of `majority`, `always_none` and `linear` on the test turns; without train turns
    only `always_none`."""
    decisions = {"always_none": ["none"] * len(test)}
    tools = Counter(turn.decision for turn in train if turn.decision != "none")
    if tools:
        decisions["majority"] = [tools.most_common(1)[0][0]] * len(test)
    if len({turn.decision for turn in train}) > 1 and test:
        decisions["linear"] = _linear(train[:MAX_TRAIN_TURNS], test, seed)
    return decisions


def _linear(train: Sequence[Turn], test: Sequence[Turn], seed: int) -> list[str]:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", sublinear_tf=True, min_df=2)
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, max_features=40_000
    )
    features = hstack(
        [words.fit_transform(map(_words, train)), characters.fit_transform(t.utterance for t in train)]
    )
    model = LogisticRegression(C=10.0, max_iter=200, random_state=seed)
    model.fit(features.tocsr(), [turn.decision for turn in train])
    seen = hstack([words.transform(map(_words, test)), characters.transform(t.utterance for t in test)])
    return [str(decision) for decision in model.predict(seen.tocsr())]


def _words(turn: Turn) -> str:
    return f"assistant-act={turn.before} {turn.utterance}"

"""What a model must beat: always one decision, and a linear classifier on the same turns.

The classifier is TF-IDF (word 1–2-grams and character 2–5-grams within words) with logistic regression,
trained on the train side's decisions. It reads the utterance and one more token that every model has in
its context too: what the assistant did in the turn before (called a tool, asked, answered, or nothing).
Where models are told what rules read in the utterance (`Turn.reads`), a second one is told the same.
They are learnt once and asked any turns, simulated ones and requests of people. They cannot fill in
arguments, so they have rows for tool selection only; on requests of people the second one also calls its tool
with all that was read: what rules alone would do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from muse_core.evaluation.cases.case import EvalCase
from muse_core.records import tool_sequence
from muse_core.scoring.slots import is_question
from muse_core.tools.call_syntax import render_arguments
from muse_core.types import Conversation, JsonValue, Message
from muse_core.world.replay import turn_messages, user_message, user_text

MAX_TRAIN_TURNS = 6000  # more turns of the same templates change nothing but the seconds
SIMULATED = ("majority", "always_none", "linear", "linear_readings")
WITH_READINGS = "linear_readings"
PEOPLE = ("always_search", "always_none", "linear", WITH_READINGS)
_ARGUMENT = re.compile(r"(\w+)=")


@dataclass(frozen=True)
class Turn:
    """What a baseline reads of one user turn, and the gold decision. `reads`: what rules read in the
    utterance, as the models are told it; None where they are told nothing."""

    utterance: str
    before: str  # what the assistant did last: start | <tool> | asked | talked
    decision: str
    reads: str | None = None


def turns_of(conversations: Sequence[Conversation]) -> list[Turn]:
    """Every labelled user turn of some conversations."""
    return [
        Turn(
            user_text(item, label.turn),
            _act_before(item, label.turn),
            label.decision,
            _shown(user_message(item, label.turn).reading),
        )
        for item in conversations
        for label in item.labels
    ]


def turn_of_case(case: EvalCase, reading: Mapping[str, JsonValue] | None = None) -> Turn:
    """The same of a case in somebody's words; `reading`: what rules read in them."""
    after = [at for at, message in enumerate(case.history) if message.role == "user"]
    before = act_of(case.history[after[-1] + 1 :]) if after else "start"
    return Turn(case.utterance, before, case.expected_tool, _shown(reading))


def _shown(reading: Mapping[str, JsonValue] | None) -> str | None:
    return render_arguments(reading) if reading else None


def _act_before(conversation: Conversation, turn: int) -> str:
    return "start" if turn == 0 else act_of(turn_messages(conversation, turn - 1))


def act_of(messages: Sequence[Message]) -> str:
    """The kind of a run of assistant messages: its last tool, `asked` or `talked`; `start` if empty."""
    if not messages:
        return "start"
    if tools := tool_sequence(messages):
        return tools[-1]
    return "asked" if any(is_question(m.content) for m in messages if m.role == "assistant") else "talked"


@dataclass(frozen=True)
class Baselines:
    """What was learnt: the decision that a rule always makes, and the classifiers."""

    always: Mapping[str, str] = field(default_factory=dict)
    linear: Mapping[str, _Linear] = field(default_factory=dict, repr=False)

    def decide(self, turns: Sequence[Turn]) -> dict[str, list[str]]:
        """Baseline -> its decision on each turn."""
        found = {name: [tool] * len(turns) for name, tool in self.always.items()}
        return found | {name: one.decide(turns) for name, one in self.linear.items() if turns}


def learn_baselines(train: Sequence[Turn], seed: int) -> Baselines:
    """`always_none` and `always_search`; with train turns `majority` (their most frequent tool) and `linear`;
    `linear_readings` where the turns have readings."""
    always = {"always_none": "none", "always_search": "search"}
    tools = Counter(turn.decision for turn in train if turn.decision != "none")
    if tools:
        always["majority"] = tools.most_common(1)[0][0]
    kept = train[:MAX_TRAIN_TURNS]
    if len({turn.decision for turn in kept}) < 2:
        return Baselines(always)
    linear = {"linear": _learn(kept, seed, _plain)}
    if any(turn.reads is not None for turn in kept):
        linear[WITH_READINGS] = _learn(kept, seed, _with_readings)
    return Baselines(always, linear)


def _plain(turn: Turn) -> str:
    return turn.utterance


def _with_readings(turn: Turn) -> str:
    """The names of the arguments once more, without their values, as words of their own."""
    reads = turn.reads or ""
    return " ".join([turn.utterance, reads, *(f"reads={name}" for name in _ARGUMENT.findall(reads))])


@dataclass(frozen=True)
class _Linear:
    """A fitted classifier of turns, and which text of a turn it reads."""

    words: Any
    characters: Any
    model: Any
    text: Callable[[Turn], str]

    def decide(self, turns: Sequence[Turn]) -> list[str]:
        from scipy.sparse import hstack

        seen = hstack(
            [
                self.words.transform(_words(turn, self.text) for turn in turns),
                self.characters.transform(map(self.text, turns)),
            ]
        )
        return [str(decision) for decision in self.model.predict(seen.tocsr())]


def _learn(train: Sequence[Turn], seed: int, text: Callable[[Turn], str]) -> _Linear:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", sublinear_tf=True, min_df=2)
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, max_features=40_000
    )
    features = hstack(
        [
            words.fit_transform(_words(turn, text) for turn in train),
            characters.fit_transform(map(text, train)),
        ]
    )
    model = LogisticRegression(C=10.0, max_iter=200, random_state=seed)
    model.fit(features.tocsr(), [turn.decision for turn in train])
    return _Linear(words, characters, model, text)


def _words(turn: Turn, text: Callable[[Turn], str]) -> str:
    return f"assistant-act={turn.before} {text(turn)}"

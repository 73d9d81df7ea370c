"""What people compare: items of one user turn with two answers, drawn from what the last run left.

`test_items`: two of the evaluated models on the same test case; the pairs of models are dealt evenly
and at random. Cases are not chosen for being different: where both models say the same, the rater
scores that answer once and the preference is a tie, so that means and win rates hold for the test
cases as they are. `train_items`: the chosen and the rejected turn of a mined train-side pair, one per
conversation. One turn per conversation, evenly over turn types and languages.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.evaluation.human.automatic import automatic_scores
from muse_core.evaluation.human.views import Line, call_line, dialogue_lines, last_shown, pictures
from muse_core.evaluation.predict.exam import TEST
from muse_core.evaluation.predict.open_loop import Case
from muse_core.evaluation.predict.predictions import world_of
from muse_core.evaluation.receipts import behind
from muse_core.profiles.system_line import parts_of
from muse_core.records import Row, from_table
from muse_core.tools.toolbox import Toolbox
from muse_core.types import ArtifactRef, Conversation, Message, PreferencePair, ToolCall
from muse_core.world.shop import Shop

MODELS = ("base", "sft", "dpo")
CHOSEN, REJECTED = "chosen", "rejected"  # the "models" of a train-side item: what the reward said


@dataclass(frozen=True)
class Answer:
    """One answer: whose it is, what a rater sees of it, and what the automatic metrics say of it."""

    model: str
    lines: tuple[Line, ...]
    automatic: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """One user turn and two answers. `source_id` names the prediction or pair it was made from."""

    source_id: str
    conversation_id: str
    profile_id: str
    turn: int
    side: str
    language: str
    turn_type: str
    shopper: str
    context: tuple[Line, ...]
    answers: tuple[Answer, Answer]
    pictures: tuple[tuple[str, str], ...] = ()  # (id, data URI) of what the shopper sent

    @property
    def same(self) -> bool:
        return self.answers[0].lines == self.answers[1].lines


@dataclass(frozen=True)
class Source:
    """The items of a study and the receipts of the tables they come from."""

    side: str
    items: tuple[Item, ...]
    tables: Mapping[str, Mapping[str, Any]]


def deal(
    names: Sequence[str], groups: Sequence[str], cells: Sequence[Hashable], count: int, rng: Any
) -> list[int]:
    """Places of `count` of `names`, no two of one group, the cells taking turns. ConfigError when
    there are too few groups."""
    queues: dict[Hashable, list[int]] = defaultdict(list)
    for place in rng.permutation(len(names)).tolist():
        queues[cells[place]].append(place)
    taken: dict[str, int] = {}
    while len(taken) < count and any(queues.values()):
        for cell in sorted(queues, key=str):
            queue = queues[cell]
            while queue and groups[queue[-1]] in taken:
                queue.pop()
            if queue and len(taken) < count:
                place = queue.pop()
                taken[groups[place]] = place
    if len(taken) < count:
        raise ConfigError(
            f"human-eval: found {len(taken)} conversations to rate, {count} were asked for; "
            f"use --conversations {len(taken)}, or make more (conversations.count, evaluation.max_cases)"
            if taken
            else "human-eval: found no conversation to rate; `muse run` makes them"
        )
    return list(taken.values())


# ---- test side: models against each other ---------------------------------------------------------


def test_items(store: ArtifactStore, count: int, rng: np.random.Generator) -> Source:
    """Items from the predictions of the last evaluation. ConfigError when there is none."""
    manifest = store.latest("metrics", "evaluate")
    if manifest is None:
        raise ConfigError(f"nothing was evaluated below {store.root} yet; `muse run` does it")
    given, manifests = (
        manifest["about"]["predictions"],
        behind(store, "evaluate", ArtifactRef(**manifest["ref"])),
    )
    tables = {name: given[name] for name in MODELS if name in given}
    rows = {name: _keyed(store, ref) for name, ref in tables.items()}
    conversations = _conversations(store, manifests)
    cases = _cases(conversations, set.intersection(*(set(one) for one in rows.values())))
    drawn = [cases[place] for place in _deal_cases(cases, count, rng)]
    pairs = list(combinations(rows, 2))
    turns = rng.permutation(np.arange(count) % len(pairs)).tolist()
    judged = automatic_scores(drawn, rows, conversations)
    shop = _shop(store, manifests)
    items = [
        _test_item(case, pairs[turn], rows, judged, shop) for case, turn in zip(drawn, turns, strict=True)
    ]
    return Source("test", tuple(items), tables)


test_items.__test__ = False  # type: ignore[attr-defined]  # items of the test side, not a test


def _keyed(store: ArtifactStore, ref: Mapping[str, Any]) -> dict[str, Row]:
    rows = store.read_table(ArtifactRef(**ref)).to_pylist()
    return {row["case_id"]: row for row in rows if row["part"] == TEST}


def _input(store: ArtifactStore, manifests: Mapping[str, Any], stage: str) -> ArtifactRef:
    if stage not in manifests:
        raise ConfigError(f"the {stage} of that run are no longer below {store.root}; run `muse run` again")
    return ArtifactRef(**manifests[stage]["ref"])


def _conversations(store: ArtifactStore, manifests: Mapping[str, Any]) -> list[Conversation]:
    return from_table("conversations", store.read_table(_input(store, manifests, "conversations")))


def _shop(store: ArtifactStore, manifests: Mapping[str, Any]) -> Shop:
    return Shop.read(store, _input(store, manifests, "catalog"), _input(store, manifests, "profiles"))


def _cases(conversations: Sequence[Conversation], wanted: set[str]) -> list[Case]:
    found = (Case(one, label) for one in conversations for label in one.labels)
    return [case for case in found if case.case_id in wanted]


def _deal_cases(cases: Sequence[Case], count: int, rng: np.random.Generator) -> list[int]:
    groups = [case.conversation.conversation_id for case in cases]
    cells = [(case.label.turn_type, case.conversation.language) for case in cases]
    return deal([case.case_id for case in cases], groups, cells, count, rng)


def _test_item(
    case: Case,
    models: tuple[str, str],
    rows: Mapping[str, Mapping[str, Row]],
    judged: Mapping[str, Mapping[str, Mapping[str, float]]],
    shop: Shop,
) -> Item:
    conversation = case.conversation
    first, second = (
        Answer(
            model, tuple(_answer_lines(case, rows[model][case.case_id], shop)), judged[model][case.case_id]
        )
        for model in models
    )
    return Item(
        case.case_id,
        conversation.conversation_id,
        conversation.profile_id,
        case.label.turn,
        conversation.side,
        conversation.language,
        case.label.turn_type,
        _shopper(case.context),
        tuple(dialogue_lines(case.context, conversation.language)),
        (first, second),
        pictures(_sent(conversation, case.context), shop.index),
    )


def _sent(conversation: Conversation, context: Sequence[Message]) -> dict[str, str]:
    """The attachments that the shopper has named so far."""
    said = " ".join(message.content for message in context if message.role == "user")
    return {name: source for name, source in conversation.attachments.items() if f"[image:{name}]" in said}


def _answer_lines(case: Case, row: Row, shop: Shop) -> Iterator[Line]:
    """A prediction keeps its first call and the names of later ones; the first is run again here."""
    plan = json.loads(row["facts_json"])["plan"]
    if row["predicted_call_json"]:
        made = json.loads(row["predicted_call_json"])
        call = ToolCall("h0", made["name"], made["arguments"])
        yield call_line(call, Toolbox(world_of(case, shop)).run(call))
    if len(plan) > 1:
        yield {"who": "note", "text": f"then called: {', '.join(plan[1:])}"}
    if row["malformed"]:
        yield {"who": "note", "text": "wrote something that could not be read to its end"}
    yield {"who": "assistant", "text": row["reply"].strip()}


def _shopper(messages: Sequence[Any]) -> str:
    """The line about the shopper, without what the shop can be asked for."""
    return parts_of(messages[0].content)[1] if messages and messages[0].role == "system" else ""


# ---- train side: the two turns of a pair ----------------------------------------------------------


def train_items(store: ArtifactStore, count: int, rng: np.random.Generator) -> Source:
    """Items from the mined train-side pairs. ConfigError when there are none."""
    manifest = store.latest("preference_pairs", "pairs")
    if manifest is None:
        raise ConfigError(f"no preference pairs were mined below {store.root} yet; `muse run` does it")
    ref = ArtifactRef(**manifest["ref"])
    pairs = [pair for pair in from_table(ref.kind, store.read_table(ref)) if pair.side == "train"]
    manifests = behind(store, "pairs", ref)
    talks = {one.conversation_id: one for one in _conversations(store, manifests)}
    shop = _shop(store, manifests)
    groups = [pair.conversation_id for pair in pairs]
    cells = [(str(pair.evidence.get("turn_type")), pair.language) for pair in pairs]
    places = deal([pair.pair_id for pair in pairs], groups, cells, count, rng)
    items = [_train_item(pairs[place], talks[pairs[place].conversation_id], shop) for place in places]
    return Source("train", tuple(items), {"pairs": asdict(ref)})


def _train_item(pair: PreferencePair, conversation: Conversation, shop: Shop) -> Item:
    shown = last_shown(pair.prompt)
    first, second = (
        Answer(name, tuple(dialogue_lines(turn, pair.language, shown)), {"reward": (score - 1) / 4})
        for name, turn, score in (
            (CHOSEN, pair.chosen, pair.chosen_score),
            (REJECTED, pair.rejected, pair.rejected_score),
        )
    )
    return Item(
        pair.pair_id,
        pair.conversation_id,
        conversation.profile_id,
        pair.turn,
        pair.side,
        pair.language,
        str(pair.evidence.get("turn_type", "complete")),
        _shopper(pair.prompt),
        tuple(dialogue_lines(pair.prompt, pair.language)),
        (first, second),
        pictures(_sent(conversation, pair.prompt), shop.index),
    )

"""Do corrections of one kind of mistake make that mistake rarer?

    cp -r .muse /tmp/gain && python -m tests.benchmarks.feedback_gain correct --home /tmp/gain [--count 200]
    muse run --preset quickstart --home /tmp/gain --feedback
    python -m tests.benchmarks.feedback_gain compare --home /tmp/gain --before .muse/artifacts/model/…

`correct` lets the last model of HOME answer turns of the train side's shoppers, in wordings of the train
side that its data does not have, takes its most frequent kind of mistake (or `--kind`), and writes a thumb
down with the right call for each as `muse serve` would have. They go the way of any feedback: masked, held
against what is held out, replayed, read by rules; what waits is accepted. Prints the mistakes by kind, and
what became of the corrections by reason. HOME is written to, so let it be a copy.

`compare` asks both models (`--after`: the last one of HOME) turns of the test side on which that mistake is
possible: those of HOME's data, then of new conversations of its test shoppers, in test wordings, until there
are `--turns`. It prints how often each makes it, with the difference and its 95 % interval: the same turns,
resampled together by shopper and by template family.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import numpy as np

from flows.assistant import open_assistant
from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.config.load import load_config
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.evaluation.score.statistics import difference, estimate, mean_of, resampler
from muse_core.feedback.better import Rules
from muse_core.feedback.bring_in import import_feedback
from muse_core.feedback.held_out import HeldOut
from muse_core.feedback.queue import publish, queue
from muse_core.generation.answer import Answered, answer
from muse_core.generation.assistant import TurnRequest
from muse_core.generation.requests import as_json
from muse_core.models.loading import LoadedModel
from muse_core.profiles.system_line import parts_of, without_language
from muse_core.records import calls_of, from_table
from muse_core.scoring.call_match import match_call
from muse_core.tools.call_syntax import render_call
from muse_core.tools.shop_schema import schema_of
from muse_core.types import ArtifactRef, Conversation, Message, Profile, Side, ToolCall
from muse_core.world.replay import context_before, gold_call, turn_messages, user_text, world_before
from muse_core.world.shop import read_profiles
from muse_core.world.turns import reply_of
from tasks.gate import open_store

BATCH = 64
SEED = 4711
LIST = Path("feedback") / "gain.json"


@dataclass(frozen=True)
class Asked:
    """A user turn, and what a model made of it."""

    talk: Conversation
    turn: int
    answered: Answered

    @property
    def gold(self) -> ToolCall | None:
        return gold_call(self.talk, self.turn)

    @property
    def called(self) -> ToolCall | None:
        return next(iter(calls_of(self.answered.own.messages)), None)

    def mistake(self, index: CatalogIndex) -> str:
        """The kind of the first call's fault, `search for none` or `search without colour`; "" for none."""
        gold, called = self.gold, self.called
        names = (gold.name if gold else "none", called.name if called else "none")
        if names[0] != names[1]:
            return f"{names[1]} for {names[0]}"
        label = self.talk.labels[self.turn]
        if gold is None or called is None:
            return ""
        schema = schema_of(index.catalog.facets)
        if match_call(gold, called, label.optional_arguments, schema).exact:
            return ""
        lacking = [name for name in gold.arguments if name not in called.arguments]
        invented = [name for name in called.arguments if name not in gold.arguments]
        if lacking or invented:
            return f"{gold.name} {'without' if lacking else 'with'} {(lacking or invented)[0]}"
        wrong = next((name for name, value in gold.arguments.items() if called.arguments[name] != value), "?")
        return f"{gold.name} with another {wrong}"


def is_possible(kind: str, gold: ToolCall | None) -> bool:
    """Whether a turn with this gold call can show a kind of mistake."""
    words = kind.split()
    if words[1] == "for":
        return (gold.name if gold else "none") == words[2]
    is_invented = words[1] == "with" and words[2] != "another"
    return gold is not None and gold.name == words[0] and is_invented != (words[-1] in gold.arguments)


def ask(
    loaded: LoadedModel, index: CatalogIndex, turns: Sequence[tuple[Conversation, int]], people: Any
) -> Iterator[Asked]:
    for start in range(0, len(turns), BATCH):
        part = turns[start : start + BATCH]
        requests = [
            TurnRequest(
                context_before(talk, turn),
                world_before(talk, turn, index, people.get(talk.profile_id)),
                turn,
            )
            for talk, turn in part
        ]
        for (talk, turn), one in zip(part, answer(loaded, requests), strict=True):
            yield Asked(talk, turn, one)


# ---- correct ------------------------------------------------------------------------------------------


def correct(home: Path, wanted: int, kind: str | None, most: int) -> dict[str, Any]:
    store = open_store(home / "artifacts")
    assistant = open_assistant(home, None, None, Path)
    index = assistant.index
    people = read_profiles(store, _newest(store, "profiles"))
    talks = from_table("conversations", store.read_table(_newest(store, "conversations")))
    known = {m.content for talk in talks for m in talk.messages if m.role == "user"}
    by_kind: dict[str, list[Asked]] = {}
    asked, best = 0, kind or ""
    mistakes: dict[str, list[Asked]] = {}
    fresh = _new_talks(people, index, "train")
    while asked < most and len(by_kind.get(best, ())) < wanted:
        turns = [
            (talk, turn)
            for talk in islice(fresh, BATCH // 4)
            for turn in range(len(talk.labels))
            if user_text(talk, turn) not in known
        ]
        for one in ask(assistant.loaded, index, turns, {}):
            asked += 1
            by_kind.setdefault(one.mistake(index), []).append(one)
        mistakes = {name: rows for name, rows in by_kind.items() if name}
        best = kind or max(mistakes, key=lambda name: len(mistakes[name]), default="")
    lines = [_line(one, number, assistant.model) for number, one in enumerate(by_kind.get(best, ())[:wanted])]
    file = home / "feedback" / "feedback.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), encoding="utf-8")
    found = import_feedback(store, file, Rules(index), HeldOut.of(talks, index.catalog))
    rows = [one.with_status("accepted") if one.status == "waiting" else one for one in queue(store)]
    publish(store, rows)
    about = {
        "kind": best,
        "asked": asked,
        "mistakes": Counter({name: len(rows) for name, rows in mistakes.items()}).most_common(12),
        "corrections": len(lines),
        "accepted": sum(one.status == "accepted" for one in rows),
        "import": found.as_json(),
    }
    (home / LIST).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    return about


def _new_talks(people: dict[str, Profile], index: CatalogIndex, side: Side) -> Iterator[Conversation]:
    """Conversations of a side's shoppers that no run has drawn, without end."""
    config, families, rng = load_config("quickstart")[0], all_families(), np.random.default_rng(SEED)
    shoppers = [one for one in people.values() if one.side == side]
    for number in count():
        yield simulate(shoppers[number % len(shoppers)], index, rng, config, families, f"new{number:06d}")


def _line(one: Asked, number: int, model: str) -> dict[str, Any]:
    """The row that `muse serve` would have written, with the right turn as what was wanted."""
    gold = one.gold
    right = reply_of(turn_messages(one.talk, one.turn))
    wish = {"kind": "values", "values": render_call(gold)} if gold else {"kind": "reply", "reply": right}
    context = context_before(one.talk, one.turn)
    return {
        "id": f"{number:08x}{one.talk.conversation_id}{one.turn}",
        "time": "2026-11-30T00:00:00+00:00",
        "completion": f"chatcmpl-{one.talk.conversation_id}-{one.turn}",
        "model": model,
        "thumb": "down",
        "wanted": wish,
        "profile": without_language(parts_of(context[0].content)[1]),
        "messages": [_message(message) for message in context if message.role in ("user", "assistant")],
        "answer": as_json(one.answered),
    }


def _message(message: Message) -> dict[str, Any]:
    calls = [{"name": call.name, "arguments": call.arguments} for call in message.tool_calls]
    return {"role": message.role, "content": message.content, **({"tool_calls": calls} if calls else {})}


def _newest(store: ArtifactStore, kind: str) -> ArtifactRef:
    found = store.latest(kind)
    assert found is not None, f"there are no {kind} below {store.root}"
    return ArtifactRef(**found["ref"])


# ---- compare ------------------------------------------------------------------------------------------


def compare(home: Path, before: str, after: str | None, wanted: int) -> dict[str, Any]:
    kind = json.loads((home / LIST).read_text("utf-8"))["kind"]
    store = ArtifactStore(home / "artifacts")
    people = read_profiles(store, _newest(store, "profiles"))
    talks = from_table("conversations", store.read_table(_newest(store, "conversations")))
    own = [talk for talk in talks if talk.side == "test" and talk.shop is None]
    index = open_assistant(home, before, None, Path).index
    possible = (
        (talk, turn)
        for talk in chain(own, _new_talks(people, index, "test"))
        for turn in range(len(talk.labels))
        if is_possible(kind, gold_call(talk, turn))
    )
    turns = list(islice(possible, wanted))
    rates = []
    for model in (before, after):
        assistant = open_assistant(home, model, None, Path)
        asked = ask(assistant.loaded, assistant.index, turns, people)
        rates.append(mean_of(kind, [one.mistake(assistant.index) == kind for one in asked]))
    groups = [
        [talk.profile_id for talk, _ in turns],
        [talk.labels[turn].family for talk, turn in turns],
    ]
    sampler = resampler(groups, 2000, np.random.default_rng(SEED))
    old, new = (vars(estimate(rate, sampler)) for rate in rates)
    return {
        "kind": kind,
        "turns": len(turns),
        "before": old,
        "after": new,
        "difference": vars(difference(rates[1], rates[0], sampler)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", choices=("correct", "compare"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200, help="corrections")
    parser.add_argument("--most", type=int, default=20_000, help="turns that are asked to find them")
    parser.add_argument("--turns", type=int, default=400, help="turns that both models are asked")
    parser.add_argument("--kind", help="a kind of mistake, as `correct` prints them")
    parser.add_argument("--before", help="the model that was corrected")
    parser.add_argument("--after", help="the model that learnt from it (default: the last one)")
    asked = parser.parse_args()
    if asked.part == "compare" and not asked.before:
        parser.error("compare needs --before")
    if asked.part == "correct":
        found = correct(asked.home, asked.count, asked.kind, asked.most)
    else:
        found = compare(asked.home, asked.before, asked.after, asked.turns)
    print(json.dumps(found, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

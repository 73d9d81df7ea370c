"""Accepted feedback in the stages `conversations` and `pairs`: what is trained on, and what never is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_contracts.validate import validate
from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.errors import ConfigError
from muse_core.feedback.pairs import NO_REPLAY, NOT_ENTERED, pairs_of_feedback
from muse_core.feedback.queue import accepted, publish, queue
from muse_core.feedback.row import Feedback
from muse_core.fingerprint import fingerprint
from muse_core.preferences.lint import lint
from muse_core.profiles.reserved import is_reserved
from muse_core.records import calls_of, from_table, side_of, to_table
from muse_core.stages import conversations, profiles
from muse_core.types import ArtifactRef, Conversation
from muse_core.world.replay import context_before, replay, turn_messages
from tasks.gate import open_store
from tests.unit.feedback.builders_feedback import (
    ASKED,
    INDEX,
    calling,
    imported,
    piece,
    reply,
    shop,
    values,
)

BLACK = {"query": "shirt", "colour": "black"}


class Home:
    """A store with the small shop and its shoppers, and accepted feedback."""

    def __init__(self, folder: Path, *lines: Any, is_gated: bool = False) -> None:
        root = folder / "artifacts"
        self.store = open_store(root) if is_gated else ArtifactStore(root)
        self.catalog = self.store.write_table("products", to_table("products", list(shop())), "a" * 64)
        self.profiles = profiles.run(self.config(), catalog=self.catalog, ctx=self.context("b"))
        imported(folder, *lines)
        publish(self.store, [self.decided(row) for row in queue(self.store)])
        self.name = accepted(self.store)

    @staticmethod
    def decided(row: Feedback) -> Feedback:
        return row.with_status("accepted") if row.status == "waiting" else row

    @staticmethod
    def config(name: str | None = None, **talk: Any) -> RunConfig:
        given = {"count": 40, "other_shops": 0, "feedback": name, **talk}
        more = {"profiles": {"count": 30}, "pairs": {"reserved_share": 0.4}}
        return RunConfig.model_validate({"conversations": given} | more)

    def context(self, name: str) -> StageContext:
        return StageContext(self.store, name * 64, self.store.root / "work" / name, seed=3)

    def talk(self, name: str | None, key: str = "c") -> ArtifactRef:
        inputs = {"catalog": self.catalog, "profiles": self.profiles}
        return conversations.run(self.config(name), **inputs, ctx=self.context(key))

    def talks(self, ref: ArtifactRef) -> list[Conversation]:
        return from_table("conversations", self.store.read_table(ref))


def of_feedback(talks: list[Conversation]) -> list[Conversation]:
    return [one for one in talks if one.conversation_id.startswith("feedback-")]


def test_accepted_rows_are_conversations_of_the_train_side_that_replay(tmp_path: Path) -> None:
    lines = piece(wanted=values("black")), piece(answer=calling(**BLACK), thumb="up"), piece()
    home = Home(tmp_path, *lines, is_gated=True)
    ref = home.talk(home.name)
    manifest, found = home.store.manifest(ref), of_feedback(home.talks(ref))
    assert manifest["validated_by"].startswith("gx:") and manifest["metrics"]["feedback_conversations"] == 2
    assert manifest["metrics"]["conversations"] == 42 == ref.rows
    assert all(one.side == "train" and not is_reserved(one.profile_id, 0.4) for one in found)
    assert all(replay(one, INDEX, None) and side_of(one.profile_id) == "train" for one in found)
    assert [calls_of(one.messages)[0].arguments for one in found] == [BLACK, BLACK]
    assert all(one.messages[1].reading for one in found)


def test_without_feedback_nothing_changes(tmp_path: Path) -> None:
    home = Home(tmp_path, piece(wanted=values("black")))
    plain, more = home.talk(None, "c"), home.talk(home.name, "d")
    assert home.talks(plain) == [
        one for one in home.talks(more) if not one.conversation_id.startswith("feedback-")
    ]
    inputs = {"catalog": home.catalog, "profiles": home.profiles}
    keys = {fingerprint("conversations", home.config(name), inputs).value for name in (None, home.name)}
    assert len(keys) == 2


def test_words_that_the_next_run_holds_out_never_enter(tmp_path: Path) -> None:
    """The quarantine knew another run; the stage looks again at its own."""
    first = Home(tmp_path / "x", piece(wanted=values("black")))
    unseen = next(
        message.content
        for one in first.talks(first.talk(None))
        if one.side == "test"
        for message in one.messages
        if message.role == "user" and "[image" not in message.content
    )
    home = Home(tmp_path, piece(wanted=values("black")), piece(unseen, thumb="up"))
    ref = home.talk(home.name)
    about = home.store.manifest(ref)["about"]["feedback"]["left_out"]
    assert home.store.manifest(ref)["metrics"]["feedback_its_words_are_held_out"] == 1
    assert len(about) == 1 and "its words are held out: c0" in about[0]
    assert [one.messages[1].content for one in of_feedback(home.talks(ref))] == [ASKED]


def test_what_does_not_replay_on_the_next_catalogue_is_left_out_and_named(tmp_path: Path) -> None:
    home = Home(tmp_path, piece(wanted=reply("It is the Tarang Men Black Cotton Casual Shirt.")))
    dearer = [replace(product, price=(product.price or 0) + 1) for product in shop()]
    home.catalog = home.store.write_table("products", to_table("products", dearer), "e" * 64)
    ref = home.talk(home.name)
    assert of_feedback(home.talks(ref)) == []
    assert home.store.manifest(ref)["metrics"]["feedback_does_not_replay"] == 1


def test_the_quarantine_itself_cannot_be_trained_on(tmp_path: Path) -> None:
    home = Home(tmp_path, piece(wanted=values("black")))
    [ref] = [ref for ref in home.store.list() if ref.kind == "feedback"][-1:]
    with pytest.raises(ConfigError, match="expected accepted_feedback"):
        home.talk("/".join(ref.path.split("/")[:2]))


def test_corrections_are_pairs_over_what_was_served(tmp_path: Path) -> None:
    home = Home(tmp_path, piece(wanted=values("black")), piece(answer=calling(**BLACK), thumb="up"))
    talks = home.talks(home.talk(home.name))
    rows = queue(home.store)
    [pair], dropped = pairs_of_feedback(rows, talks, INDEX)
    talk = next(one for one in talks if one.conversation_id == pair.conversation_id)
    assert dropped == {} and pair.side == "train"
    assert pair.prompt == context_before(talk, 0) and pair.chosen == turn_messages(talk, 0)
    assert calls_of(pair.rejected)[0].arguments == {"query": "shirt"}
    assert validate("preference_pairs", to_table("preference_pairs", [pair]))
    report = lint([pair], np.random.default_rng(1))
    assert [one.pair_id for one in report.pairs] == [pair.pair_id]


def test_corrections_without_conversation_or_replay_give_no_pair(tmp_path: Path) -> None:
    home = Home(tmp_path, piece(wanted=values("black")))
    talks, [row] = home.talks(home.talk(home.name)), queue(home.store)
    assert pairs_of_feedback([row], [], INDEX) == ([], {NOT_ENTERED: 1})
    changed = replace(row, answer=({**row.answer[0], "tool_calls": [{"name": "buy", "arguments": {}}]},))
    assert pairs_of_feedback([changed], talks, INDEX) == ([], {NO_REPLAY: 1})

"""The conversations stage with a teacher: what it publishes, twice, with one worker and with two."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import LlmConfig
from muse_core.dialogue.llm.lesson_store import ANSWERED
from muse_core.records import from_table
from muse_core.stages import conversations
from muse_core.types import ArtifactRef, Conversation
from muse_core.world.replay import user_text
from tasks.chat_endpoint import ChatEndpoint, EndpointAddress
from tests.unit.dialogue.test_data_stages import CONFIG, context, made
from tests.unit.dialogue_llm.builders_llm import KEY, LocalModel, local_model, teaching, well

ON = CONFIG.model_copy(update={"llm": LlmConfig(share=0.7)})


def run(model: LocalModel, store: ArtifactStore, name: str, workers: int = 1) -> ArtifactRef:
    refs = {ref.kind: ref for ref in store.list()}
    endpoint = ChatEndpoint(EndpointAddress(model.url, "tiny", KEY), 5.0, 4, 0, sleep=lambda _: None)
    ctx = replace(context(store, name, workers), text_service=endpoint)
    try:
        return conversations.run(ON, catalog=refs["products"], profiles=refs["profiles"], ctx=ctx)
    finally:
        endpoint.close()


def rows(store: ArtifactStore, ref: ArtifactRef) -> list[Conversation]:
    return from_table("conversations", store.read_table(ref))


def test_the_stage_teaches_a_share_and_reruns_to_the_same_bytes(tmp_path: Path) -> None:
    store, plain = made(tmp_path)
    with local_model(teaching(well)) as model:
        first = run(model, store, "d")
        asked = len(model.asked)
    again = run(model, store, "e", workers=2)  # nobody answers any more: all is remembered
    shutil.rmtree(store.work(ANSWERED))  # a copied store: its lessons have the answers
    copied = run(model, store, "f")
    numbers, repeated = store.manifest(first)["metrics"], store.manifest(copied)["metrics"]
    assert first.digest == again.digest == copied.digest != plain.digest
    assert 0 < numbers["llm/accepted"] == repeated["llm/accepted"] and repeated["llm/requests"] == 0
    assert numbers["llm/requests"] == asked == repeated["llm/remembered"]
    before, after = rows(store, plain), rows(store, first)
    own = [one for one in after if "w" not in one.conversation_id]
    assert [one.conversation_id for one in before] == [one.conversation_id for one in own]
    assert len(after) - len(own) == numbers["llm/added"] > 0
    assert sum(old != new for old, new in zip(before, own, strict=True)) > 10
    assert all(one.side == "train" for one in after if "w" in one.conversation_id)


def test_the_lessons_stand_beside_the_conversations_under_their_key(tmp_path: Path) -> None:
    store, _ = made(tmp_path)
    with local_model(teaching(well)) as model:
        talks = run(model, store, "d")
    ref = store.find("lessons", context(store, "d").fingerprint)
    assert ref is not None
    lessons, numbers = store.read_table(ref).to_pylist(), store.manifest(ref)["metrics"]
    taken = [text["text"] for row in lessons for text in row["texts"] if text["reason"] is None]
    assert len(lessons) == numbers["llm/asked"] and len(taken) == numbers["llm/accepted"]
    assert "JSON" in store.manifest(ref)["about"]["system"]
    spoken = {user_text(one, label.turn) for one in rows(store, talks) for label in one.labels}
    assert spoken.issuperset(taken)
    assert not any(KEY in str(row) for row in lessons)


def test_a_dead_endpoint_gives_the_simulated_conversations(tmp_path: Path) -> None:
    store, plain = made(tmp_path)
    with local_model(teaching(well)) as model:
        pass
    found = run(model, store, "d")
    assert found.digest == plain.digest and store.manifest(found)["metrics"]["llm/stopped"] == 1

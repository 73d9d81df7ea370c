"""The conversations stage with a language model: what it publishes, twice, with one worker and with two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import LlmConfig
from muse_core.records import from_table
from muse_core.stages import conversations
from muse_core.types import ArtifactRef
from tasks.chat_endpoint import ChatEndpoint, EndpointAddress
from tests.unit.dialogue.test_data_stages import CONFIG, context, made
from tests.unit.dialogue_llm.builders_llm import KEY, LocalModel, local_model, politely, wordings

ON = CONFIG.model_copy(update={"llm": LlmConfig(share=0.4)})


def run(model: LocalModel, store: ArtifactStore, name: str, workers: int = 1) -> ArtifactRef:
    refs = {ref.kind: ref for ref in store.list()}
    endpoint = ChatEndpoint(EndpointAddress(model.url, "tiny", KEY), 5.0, 4, 0, sleep=lambda _: None)
    ctx = replace(context(store, name, workers), text_service=endpoint)
    try:
        return conversations.run(ON, catalog=refs["products"], profiles=refs["profiles"], ctx=ctx)
    finally:
        endpoint.close()


def test_the_stage_rewords_a_share_and_reruns_to_the_same_bytes(tmp_path: Path) -> None:
    store, plain = made(tmp_path)
    with local_model(wordings(politely)) as model:
        first = run(model, store, "d")
        asked = len(model.asked)
    again = run(model, store, "e", workers=2)  # nobody answers any more: all is remembered
    numbers, repeated = store.manifest(first)["metrics"], store.manifest(again)["metrics"]
    assert first.digest == again.digest != plain.digest
    assert 0 < numbers["llm/accepted"] == repeated["llm/accepted"] and repeated["llm/requests"] == 0
    assert numbers["llm/requests"] == asked and numbers["near_duplicates"] < 0.05
    before, after = (from_table("conversations", store.read_table(ref)) for ref in (plain, first))
    assert [one.conversation_id for one in before] == [one.conversation_id for one in after]
    changed = sum(old != new for old, new in zip(before, after, strict=True))
    assert 0.25 * len(before) < changed < 0.55 * len(before)


def test_a_dead_endpoint_gives_the_simulated_conversations(tmp_path: Path) -> None:
    store, plain = made(tmp_path)
    with local_model(wordings(politely)) as model:
        pass
    found = run(model, store, "d")
    assert found.digest == plain.digest and store.manifest(found)["metrics"]["llm/stopped"] == 1

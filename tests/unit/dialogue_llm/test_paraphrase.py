"""Rewording against a real local HTTP server: what changes, what stays, what is counted."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from muse_core.dialogue.llm.asking import PATIENCE
from muse_core.dialogue.llm.paraphrase import Paraphraser, is_drawn
from muse_core.records import from_table, to_table
from muse_core.types import Conversation
from muse_core.world.replay import replay, user_text
from tasks.chat_endpoint import ChatEndpoint, EndpointAddress
from tests.unit.dialogue_llm.builders_llm import (
    KEY,
    PROFILES,
    Behaviour,
    LocalModel,
    completion,
    english,
    hindi,
    local_model,
    politely,
    roman,
    shop,
    wordings,
)

TALKS = [english("c1"), hindi("c2"), roman("c3")]


def reworded(
    model: LocalModel,
    folder: Path,
    talks: Sequence[Conversation] = TALKS,
    *,
    timeout_s: float = 5.0,
    retries: int = 0,
    concurrency: int = 2,
    **changes: Any,
) -> tuple[list[Conversation], dict[str, float]]:
    service = ChatEndpoint(
        EndpointAddress(model.url, "tiny", KEY), timeout_s, concurrency, retries, sleep=lambda _: None
    )
    settings: dict[str, Any] = {"share": 1.0, "replies": False, "seed": 17} | changes
    paraphraser = Paraphraser(service, folder, shop(), PROFILES, **settings)
    try:
        table = paraphraser.rewrite(to_table("conversations", talks))
        return from_table("conversations", table), paraphraser.metrics()
    finally:
        paraphraser.close()
        service.close()


def spoilt(change: Callable[[str], str]) -> Behaviour:
    return wordings(lambda entry: change(str(entry["text"])))


def test_accepted_wordings_stand_in_the_conversation(tmp_path: Path) -> None:
    with local_model(wordings(politely)) as model:
        made, numbers = reworded(model, tmp_path)
    assert user_text(made[0], 0) == "hello there, show me blue shirts under 2000 please"
    assert made[0].labels[0].position == len("hello there, show me blue shirts under 2000")
    assert user_text(made[1], 0).startswith("सुनिए, ") and user_text(made[2], 0).startswith("suno, ")
    assert user_text(made[0], 3) == user_text(TALKS[0], 3)  # rules cannot read which items are meant
    assert all(replay(one, shop(), PROFILES[one.profile_id]) for one in made)
    assert numbers["llm/accepted"] == numbers["llm/offered"] == 6
    assert numbers["llm/not_understood"] == 1 and numbers["llm/requests"] == 3


def test_only_words_change(tmp_path: Path) -> None:
    with local_model(wordings(politely)) as model:
        made, _ = reworded(model, tmp_path)
    for old, new in zip(TALKS, made, strict=True):
        assert [m.tool_calls for m in old.messages] == [m.tool_calls for m in new.messages]
        assert [m for m in old.messages if m.role != "user"] == [m for m in new.messages if m.role != "user"]
        assert (old.goal, old.side, old.profile_id) == (new.goal, new.side, new.profile_id)


def test_what_the_model_sees(tmp_path: Path) -> None:
    """Turns and tone; no catalogue row, no result, no tag."""
    with local_model(wordings(politely)) as model:
        reworded(model, tmp_path)
    assert {body["model"] for body in model.asked} == {"tiny"}
    assert {header["Authorization"] for header in model.headers} == {f"Bearer {KEY}"}
    text = json.dumps(model.asked, ensure_ascii=False)
    assert "₹" not in text and "<tool>" not in text
    assert not any(product.title in text for product in shop().catalog.products)


def test_replies_are_reworded_when_asked_for(tmp_path: Path) -> None:
    def change(entry: dict[str, Any]) -> str:
        return "Maybe " + entry["text"] if entry["text"].startswith(("Try", "Now")) else entry["text"]

    with local_model(wordings(change)) as model:
        made, numbers = reworded(model, tmp_path, [english()], replies=True)
    assert [m.content for m in made[0].messages if m.content.startswith("Maybe")] == [
        "Maybe Try [1] at [1:price].", "Maybe Now [1] is left.",
    ]  # fmt: skip
    assert numbers["llm/accepted_replies"] == 2 and numbers["llm/turned_down/unchanged"] == 4


@pytest.mark.parametrize(
    ("behaviour", "count"),
    [
        (spoilt(lambda text: text + " Zoltan Turbo Deluxe"), ("turned_down/hallucinated_product", 3)),
        (spoilt(lambda text: text.replace("2000", "9999")), ("turned_down/hallucinated_product", 1)),
        (spoilt(lambda text: text.replace("blue ", "") + " ok"), ("turned_down/lost_argument", 1)),
        (spoilt(lambda text: "कृपया " + text), ("turned_down/language", 3)),
        (spoilt(lambda text: text + " <|end|>"), ("turned_down/markup", 3)),
        (spoilt(lambda text: text + " please" * 40), ("turned_down/too_long", 3)),
        (spoilt(lambda text: text), ("turned_down/unchanged", 3)),
        (lambda *_: completion('{"turns": []}'), ("turned_down/missing", 3)),
        (lambda *_: completion("Sure! Here you go: blue shirts"), ("failed/nonsense", 1)),
        (lambda *_: completion('{"turns": {"0": "x"}}'), ("failed/nonsense", 1)),
        (lambda *_: completion("[" * 90_000), ("failed/nonsense", 1)),
        (lambda *_: (200, {}, b"<html>welcome</html>"), ("failed/not_json", 1)),
        (lambda *_: (200, {}, b'{"choices": []}'), ("failed/not_json", 1)),
        (lambda *_: (200, {}, b'{"choices": [{"message": {"content": null}}]}'), ("failed/not_json", 1)),
        (lambda *_: (200, {}, b" " * 1_100_000), ("failed/too_large", 1)),
        (lambda *_: (429, {}, b""), ("failed/rate_limited", 1)),
        (lambda *_: (500, {}, b"boom"), ("failed/server_error", 1)),
        (lambda *_: (401, {}, b"who are you"), ("failed/http_error", 1)),
        (lambda *_: (302, {"Location": "/elsewhere"}, b""), ("failed/http_error", 1)),
        (lambda *_: completion(json.dumps({"turns": [{"turn": 0, "text": KEY}]})), ("failed/secret", 1)),
    ],
)
def test_the_original_stays_and_the_reason_is_counted(
    behaviour: Behaviour, count: tuple[str, int], tmp_path: Path
) -> None:
    talk = english()
    with local_model(behaviour) as model:
        made, numbers = reworded(model, tmp_path, [talk])
    name, expected = count
    assert numbers[f"llm/{name}"] == expected
    if numbers["llm/accepted"] == 0:
        assert made == [talk]


def test_one_bad_wording_leaves_the_others(tmp_path: Path) -> None:
    def change(entry: dict[str, Any]) -> str:
        return "what?" if entry["turn"] == 0 else politely(entry)

    with local_model(wordings(change)) as model:
        made, numbers = reworded(model, tmp_path, [english()])
    assert user_text(made[0], 0) == user_text(TALKS[0], 0) and made[0].labels[0] == TALKS[0].labels[0]
    assert user_text(made[0], 1) == "hello there, only cotton ones" and numbers["llm/accepted"] == 2


def test_a_slow_server_times_out_and_the_run_goes_on(tmp_path: Path) -> None:
    gone = threading.Event()

    def slow(*_: object) -> Any:
        gone.wait(3)
        return completion("{}")

    began = time.monotonic()
    with local_model(slow) as model:
        made, numbers = reworded(model, tmp_path, timeout_s=0.2)
        gone.set()
    assert made == TALKS and numbers["llm/failed/timeout"] == 3
    assert time.monotonic() - began < 3


def test_nobody_there(tmp_path: Path) -> None:
    with local_model(wordings(politely)) as model:
        pass  # closed again: nothing listens at this address now
    made, numbers = reworded(model, tmp_path)
    assert made == TALKS and numbers["llm/failed/unreachable"] == 3


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    good = wordings(politely)

    def busy(body: dict[str, Any], before: int) -> Any:
        return (
            (429, {"Retry-After": "0"}, b"")
            if before == 0
            else (503, {}, b"")
            if before == 1
            else good(body, 0)
        )

    with local_model(busy) as model:
        _, numbers = reworded(model, tmp_path, [english()], retries=2)
    assert len(model.asked) == 3 and numbers["llm/accepted"] == 3 and "llm/failed/rate_limited" not in numbers


def test_a_refusal_is_not_repeated(tmp_path: Path) -> None:
    with local_model(lambda *_: (401, {}, b"")) as model:
        reworded(model, tmp_path, [english()], retries=5)
    assert len(model.asked) == 1


def test_it_stops_asking_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    talks = [english(f"c{i}") for i in range(3 * PATIENCE)]
    with caplog.at_level(logging.WARNING), local_model(lambda *_: (500, {}, b"")) as model:
        made, numbers = reworded(model, tmp_path, talks, concurrency=1)
    assert made == talks
    assert len(model.asked) == PATIENCE and numbers["llm/stopped"] == 1
    assert numbers["llm/failed/stopped"] == len(talks) - PATIENCE
    assert sum("nothing more is asked" in record.message for record in caplog.records) == 1


# ---- determinism ----------------------------------------------------------------------------------


def test_a_rerun_asks_nothing_and_gives_the_same(tmp_path: Path) -> None:
    with local_model(wordings(politely)) as model:
        first, _ = reworded(model, tmp_path)
        asked = len(model.asked)
    second, numbers = reworded(model, tmp_path)  # nobody answers any more
    assert second == first and asked == 3
    assert numbers["llm/remembered"] == 3 and numbers["llm/requests"] == 0 and numbers["llm/accepted"] == 6


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with local_model(wordings(politely)) as model:
        reworded(model, tmp_path, TALKS[:2])
        made, numbers = reworded(model, tmp_path)
    assert numbers["llm/remembered"] == 2 and numbers["llm/requests"] == 1 and made != TALKS


def test_failures_are_not_remembered(tmp_path: Path) -> None:
    with local_model(lambda *_: (500, {}, b"")) as model:
        reworded(model, tmp_path)
    with local_model(wordings(politely)) as model:
        _, numbers = reworded(model, tmp_path)
    assert numbers["llm/accepted"] == 6


def test_the_order_of_answers_and_the_concurrency_change_nothing(tmp_path: Path) -> None:
    good = wordings(politely)

    def late_first(body: dict[str, Any], before: int) -> Any:
        time.sleep(0.15 if before == 0 else 0)
        return good(body, before)

    talks = [one for i in range(4) for one in (english(f"a{i}"), hindi(f"b{i}"), roman(f"d{i}"))]
    found = []
    for width in (1, 8):
        with local_model(late_first) as model:
            found.append(reworded(model, tmp_path / str(width), talks, concurrency=width)[0])
    assert found[0] == found[1] and found[0] != talks


def test_the_share_is_drawn_by_conversation(tmp_path: Path) -> None:
    names = [f"c{i:06d}" for i in range(2000)]
    drawn = [name for name in names if is_drawn(name, 17, 0.3)]
    assert 0.26 < len(drawn) / len(names) < 0.34
    assert drawn != [name for name in names if is_drawn(name, 18, 0.3)]
    with local_model(wordings(politely)) as model:
        made, numbers = reworded(model, tmp_path, share=0.0)
    assert made == TALKS and not model.asked and numbers["llm/conversations"] == 0


def test_a_damaged_answer_file_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite").write_bytes(b"not a database at all" * 100)
    with local_model(wordings(politely)) as model:
        _, numbers = reworded(model, tmp_path)
    assert numbers["llm/accepted"] == 6

"""The client against a local server that is busy: when it asks again, and when it lets go."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from muse_core.dialogue.llm.answers import AnswerBook
from muse_core.dialogue.llm.asking import Asker, Budget
from muse_core.dialogue.llm.service import TextRequest
from tasks.chat_endpoint import LONGEST_PAUSE_S, ChatEndpoint, EndpointAddress
from tests.unit.dialogue_llm.builders_llm import Behaviour, Reply, completion, local_model

ASKED = TextRequest("tiny", "system", "user", 50)


def asked(behaviour: Behaviour, retries: int = 3) -> tuple[Any, int, list[float]]:
    """(the answer, how often the server was asked, the pauses)."""
    pauses: list[float] = []
    with local_model(behaviour) as model:
        client = ChatEndpoint(EndpointAddress(model.url, "tiny"), 5.0, 2, retries, sleep=pauses.append)
        answer = client.ask(ASKED)
        client.close()
    return answer, len(model.asked), pauses


def busy_once(headers: dict[str, str]) -> Behaviour:
    def behave(_: dict[str, Any], before: int) -> Reply:
        return completion("here") if before else (429, headers, b"")

    return behave


def test_a_busy_server_is_asked_again_after_its_own_pause() -> None:
    answer, times, pauses = asked(busy_once({"Retry-After": "7"}))
    assert (answer.text, times) == ("here", 2) and 6.5 < max(pauses) <= 7


def test_a_pause_may_be_a_date() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    answer, times, pauses = asked(busy_once({"Retry-After": at}))
    assert (answer.text, times) == ("here", 2) and 1 < max(pauses) <= 30


@pytest.mark.parametrize("header", ["soon", "", "-5", "nan", "Thu, 99 Foo 2026"])
def test_a_pause_that_is_none_is_ours(header: str) -> None:
    answer, times, pauses = asked(busy_once({"Retry-After": header}))
    assert (answer.text, times) == ("here", 2) and pauses == [0.5]


@pytest.mark.parametrize("seconds", [str(LONGEST_PAUSE_S + 1), "1e12", "inf"])
def test_a_server_that_wants_to_be_left_alone_is(seconds: str) -> None:
    answer, times, pauses = asked(busy_once({"Retry-After": seconds}))
    assert (answer.failure, times, pauses) == ("rate_limited", 1, [])


def test_pauses_grow() -> None:
    answer, times, pauses = asked(lambda *_: (503, {}, b""))
    assert (answer.failure, times, pauses) == ("server_error", 4, [0.5, 1.0, 2.0])


def test_what_will_not_change_is_not_asked_again() -> None:
    for status in (400, 401, 404):
        answer, times, _ = asked(lambda *_, status=status: (status, {}, b""))  # type: ignore[misc]
        assert (answer.failure, times) == ("http_error", 1)


def test_the_same_question_is_asked_once_though_both_are_under_way(tmp_path: Path) -> None:
    with local_model(lambda _, before: completion(json.dumps([str(before)]))) as model:
        client = ChatEndpoint(EndpointAddress(model.url, "tiny"), 5.0, 4, 0)
        book = AnswerBook(tmp_path)
        texts = [one.text for one in Asker(client, book, Budget()).answers([ASKED] * 3)]
        book.close()
        client.close()
    assert len(model.asked) == 1 and len(set(texts)) == 1

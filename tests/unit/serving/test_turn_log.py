"""What is told of served turns: the log without words, traces, and that nobody waits for either."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flows.commands import serve
from serving.turn_log import JsonLines, Teller
from tests.unit.serving.builders_serving import running, wait_for

SAID = "red shirts for asha.k@example.org"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def test_the_log_says_what_was_done_and_no_word_of_it(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        answered = server.say(SAID).json()
        assert server.say("let us talk").status_code == 200
        file = tmp_path / "serving" / "turns.jsonl"
        wait_for(lambda: len(lines(file)) == 2)
        told = server.get("/metrics").text
    first, second = lines(file)
    assert first["id"] == answered["id"] and first["language"] == "en"
    assert (first["decision"], first["calls"], first["errors"], first["empty"]) == ("search", 1, 0, False)
    assert (second["decision"], second["calls"]) == ("none", 0)
    assert first["seconds"] > 0 and first["prompt_tokens"] > 0 and first["completion_tokens"] > 0
    assert "asha" not in file.read_text("utf-8") and "shirt" not in file.read_text("utf-8").lower()
    assert file.stat().st_mode & 0o077 == 0
    assert 'muse_told_total{listener="turn_log",outcome="sent"} 2.0' in told


def test_traces_are_told_the_whole_turn_and_then_its_feedback(tmp_path: Path) -> None:
    heard: list[tuple[str, Mapping[str, Any]]] = []
    with running(tmp_path, traces=lambda kind, about: heard.append((kind, about))) as server:
        answered = server.say("red shirts").json()
        server.post({"completion": answered["id"], "thumb": "down", "wanted": None}, "/feedback")
        wait_for(lambda: len(heard) == 2)
    (kind, turn), (behind, row) = heard
    assert (kind, behind) == ("turn", "feedback") and row["completion"] == turn["id"] == answered["id"]
    assert turn["messages"] == [{"role": "user", "content": "red shirts"}]
    assert turn["answer"]["calls"][0]["name"] == "search" and turn["answer"]["text"]


def test_a_listener_that_fails_or_hangs_costs_no_turn(tmp_path: Path) -> None:
    hangs = threading.Event()

    def listener(kind: str, about: Mapping[str, Any]) -> None:
        if "hang" in about["messages"][0]["content"]:
            hangs.wait(60)
        raise OSError("MLflow is away")

    with running(tmp_path, traces=listener) as server:
        assert server.say("red shirts").status_code == 200
        wait_for(lambda: 'listener="traces",outcome="failed"} 1.0' in server.get("/metrics").text)
        assert [server.say("hang shirts").status_code for _ in range(3)] == [200] * 3
        hangs.set()


def test_what_does_not_fit_is_dropped_at_once_and_counted() -> None:
    gate, counts = threading.Event(), Counter[str]()
    teller = Teller(lambda *_: gate.wait(60), lambda outcome: counts.update([outcome]), most=2)
    teller.tell("turn", {})
    wait_for(lambda: teller._waiting.empty())
    begin = time.monotonic()
    for _ in range(10):
        teller.tell("turn", {})
    assert counts == {"dropped": 8} and time.monotonic() - begin < 1
    gate.set()
    teller.close()
    assert counts == {"dropped": 8, "sent": 3}


def test_rows_of_several_threads_do_not_mix(tmp_path: Path) -> None:
    out = JsonLines(tmp_path / "x" / "rows.jsonl")
    threads = [
        threading.Thread(target=lambda n=n: [out.append({"n": n, "text": "क" * 500}) for _ in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(row["n"] for row in lines(out.file)) == {n: 20 for n in range(4)}


def test_feedback_keeps_the_history_as_the_model_read_it(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        first = server.say("red shirts").json()["choices"][0]["message"]["content"]
        history = [{"role": "user", "content": "red shirts"}, {"role": "assistant", "content": first}]
        second = server.say(*history, "talk to me").json()
        server.post({"completion": second["id"], "thumb": "up"}, "/feedback")
        [row] = lines(server.service.feedback.file)
    assert [message["role"] for message in row["messages"]] == ["user", "assistant", "assistant", "user"]
    assert row["messages"][1]["tool_calls"] == [{"name": "search", "arguments": {"query": "shirt"}}]
    assert row["messages"][2]["content"] == "[1] at [1:price]."


def test_traces_are_masked_before_they_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Mapping[str, Any]] = []
    monkeypatch.setattr(
        "tasks.tracking.TraceLog", lambda place: lambda kind, about: sent.append({"kind": kind, **about})
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    told = serve._traces(tmp_path)
    told(
        "turn",
        {"id": "chatcmpl-1", "messages": [{"role": "user", "content": SAID}], "answer": {"text": SAID}},
    )
    assert sent[0]["id"] == "chatcmpl-1" and "asha" not in json.dumps(sent) and "[email]" in json.dumps(sent)

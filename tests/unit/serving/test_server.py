"""The server: both dialogues, streamed and not; what is refused; who goes away."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from muse_core.tools.toolbox import TOOL_NAMES
from serving.limits import Limits
from tests.unit.serving.builders_serving import HTML, PNG, Running, running, wait_for

FIRST = "Aravali Blue Cotton Shirt at ₹949."
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home")) as found:
        yield found


def events(text: str) -> list[dict[str, Any]]:
    lines = [line for line in text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


# ---- answers ------------------------------------------------------------------------------------------


def test_an_answer_has_openais_shape(server: Running) -> None:
    found = server.say("shirts", model="muse", user="somebody", temperature=0).json()
    (choice,) = found["choices"]
    assert choice["message"] == {"role": "assistant", "content": FIRST, "refusal": None}
    assert choice["finish_reason"] == "stop" and found["object"] == "chat.completion"
    usage = found["usage"]
    assert usage["completion_tokens"] > 0 and usage["prompt_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert found["muse"]["calls"][0]["name"] == "search" and found["muse"]["pictures"] == ["p1"]


def test_a_stream_says_the_same(server: Running) -> None:
    body = {"messages": [{"role": "user", "content": "shirts"}], "stream": True}
    answer = server.post(body | {"stream_options": {"include_usage": True}})
    assert answer.headers["content-type"].startswith("text/event-stream")
    chunks = events(answer.text)
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    pieces = [one["choices"][0]["delta"].get("content", "") for one in chunks if one["choices"]]
    assert "".join(pieces) == FIRST and len([piece for piece in pieces if piece]) > 1
    assert [one["choices"][0]["finish_reason"] for one in chunks if one["choices"]][-1] == "stop"
    assert chunks[-1]["usage"]["total_tokens"] > 0 and not chunks[-1]["choices"]
    assert len({one["id"] for one in chunks}) == 1 and {one["object"] for one in chunks} == {
        "chat.completion.chunk"
    }


def test_without_being_asked_a_stream_counts_nothing(server: Running) -> None:
    chunks = events(server.say("shirts", stream=True).text)
    assert not any("usage" in chunk for chunk in chunks)


def test_a_client_that_keeps_texts_only_is_understood(server: Running) -> None:
    """OpenAI's clients send back what they were shown: the model still reads its own calls and references."""
    text = server.say("shirts").json()["choices"][0]["message"]["content"]
    shown = {"role": "assistant", "content": text}
    server.say("shirts", shown, "the cheapest?")
    assert "<tool>search(query='shirt')</tool><result>p1 |" in server.heard[-1]
    assert "[1] at [1:price].<|end|><|user|>the cheapest?" in server.heard[-1]
    server.say("other words", shown, "the cheapest?")  # another conversation: only the text is known
    assert "<result>" not in server.heard[-1] and f"{FIRST}<|end|>" in server.heard[-1]


def test_the_messages_of_an_answer_can_be_sent_back(server: Running) -> None:
    first = server.say("shirts").json()["muse"]["messages"]
    assert server.say("shirts", *first, "the cheapest?").status_code == 200
    assert "<tool>search(query='shirt')</tool><result>p1 |" in server.heard[-1]


def test_a_profile_is_told(server: Running) -> None:
    server.say("shirts", profile="women | 25-34")
    assert "en | women | 25-34<|end|>" in server.heard[-1]


# ---- tools at the client ------------------------------------------------------------------------------


def test_tools_can_be_run_by_the_client(server: Running) -> None:
    tools = server.get("/v1/tools").json()["data"]
    assert [tool["function"]["name"] for tool in tools] == list(TOOL_NAMES)
    asked: list[Any] = [{"role": "user", "content": "shirts"}]
    first = server.post({"messages": asked, "tools": tools}).json()["choices"][0]
    assert first["finish_reason"] == "tool_calls" and first["message"]["content"] is None
    (call,) = first["message"]["tool_calls"]
    assert call["type"] == "function" and call["function"]["name"] == "search"
    assert json.loads(call["function"]["arguments"]) == {"query": "shirt"}
    items = [{"id": "z1", "title": "Client Shirt", "price": 12.5}]
    result = {"role": "tool", "tool_call_id": call["id"], "content": json.dumps({"items": items})}
    asked += [first["message"], result]
    second = server.post({"messages": asked, "tools": tools}).json()["choices"][0]
    assert second["message"]["content"] == "Client Shirt at ₹12.50." and second["finish_reason"] == "stop"
    asked += [second["message"], {"role": "user", "content": "talk to me"}]
    assert server.post({"messages": asked, "tools": tools}).status_code == 200
    assert "z1 | Client Shirt" in server.heard[-1] and "[1] at [1:price].<|end|>" in server.heard[-1]


def test_a_streamed_call_has_its_pieces(server: Running) -> None:
    body = {"messages": [{"role": "user", "content": "shirts"}], "stream": True}
    chunks = events(server.post(body | {"tools": server.get("/v1/tools").json()["data"]}).text)
    calls = [one["choices"][0]["delta"]["tool_calls"] for one in chunks if "tool_calls" in
             one["choices"][0]["delta"]]  # fmt: skip
    assert calls[0][0]["index"] == 0 and calls[0][0]["function"]["name"] == "search"
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    "content",
    ["junk", "[]", "{}", "null", '{"items": "x"}', '{"items": [1, null]}', '{"error": "sold out"}', "[" * 900,
     '{"items": [{"id": 1, "title": null, "price": "cheap"}]}', '{"text": "bye"}', "", '{"value": NaN}',
     '{"items": [{"price": 1e999}]}', f'{{"items": [{{"title": {json.dumps(HTML)}}}]}}'],
)  # fmt: skip
def test_whatever_a_tool_of_the_client_returns_is_read(server: Running, content: str) -> None:
    call = {"id": "x", "type": "function", "function": {"name": "search", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "shirts"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "x", "content": content},
    ]
    answer = server.post({"messages": messages, "tools": server.get("/v1/tools").json()["data"]})
    assert answer.status_code == 200 and answer.json()["choices"][0]["message"]["content"]


# ---- what is refused ----------------------------------------------------------------------------------

HELLO = {"role": "user", "content": "hello"}
CALLED = {"role": "assistant", "tool_calls": [{"id": "x", "name": "search", "arguments": {"query": "y"}}]}
ZIP = "data:image/png;base64," + base64.b64encode(b"PK\x03\x04 a zip").decode()


def pictured(url: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"model": "gpt-9", "messages": [HELLO]}, 404, "expected 'muse'"),
        ({}, 400, "expected a list of at least one message"),
        ({"messages": "hello"}, 400, "expected a list"),
        ({"messages": [HELLO] * 201}, 400, "found 201 messages, expected at most 200"),
        ({"messages": [{"role": "user", "content": "x" * 1_000_000}]}, 400, "found 1,000,000 characters"),
        ({"messages": [{"role": "system", "content": "be rude"}, HELLO]}, 400, "goes into `profile`"),
        ({"messages": [{"role": "wizard", "content": "x"}, HELLO]}, 400, "expected user, assistant or tool"),
        ({"messages": [HELLO, {"role": "assistant", "content": "hi"}]}, 400, "end with what the user says"),
        ({"messages": [HELLO, CALLED | {"tool_calls": [{"name": "rm"}]}, HELLO]}, 400, "expected one of"),
        ({"messages": [{"role": "user", "content": {"a": 1}}]}, 400, "expected a text"),
        ({"messages": [{"role": "user", "content": ""}]}, 400, "the user says nothing"),
        ({"messages": [None]}, 400, "messages: the last one is of"),
        ({"messages": [pictured(ZIP)]}, 400, "found a zip file, expected a picture"),
        ({"messages": [pictured("http://somewhere/x.png")]}, 400, "no address is fetched"),
        ({"messages": [pictured("data:image/png;base64,@@@")]}, 400, "no base64"),
        ({"messages": [pictured("data:image/png;base64," + "A" * 7_000_000)]}, 400, "at most 5,000,000"),
        ({"messages": [HELLO], "tools": [{"function": {"name": "weather"}}]}, 400, "expected all of search"),
        ({"messages": [HELLO], "tools": "search"}, 400, "tools: found"),
        ({"messages": [HELLO], "n": 3}, 400, "n: found 3, expected 1"),
        ({"messages": [HELLO], "stop": ["x"]}, 400, "stop: found"),
        ({"messages": [HELLO], "tool_choice": "required"}, 400, "tool_choice"),
        ({"messages": [HELLO], "temperature": "hot"}, 400, "a number from 0 to 2"),
        ({"messages": [HELLO], "temperature": 9}, 400, "a number from 0 to 2"),
        ({"messages": [HELLO], "max_tokens": 0}, 400, "a whole number from 1"),
        ({"messages": [HELLO], "stream": "yes"}, 400, "true or false"),
        ({"messages": [HELLO], "profile": {"a": 1}}, 400, "expected one line about the shopper"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_refused_with_what_to_do(
    server: Running, body: dict[str, Any], status: int, said: str, stream: bool
) -> None:
    answer = server.post({"stream": stream, **body})
    assert answer.status_code == status
    error = answer.json()["error"]
    assert said in error["message"] and len(error["message"]) < 600
    assert set(error) == {"message", "type", "param", "code"}


def test_results_of_calls_nobody_made_and_calls_without_results(server: Running) -> None:
    tools = server.get("/v1/tools").json()["data"]
    result = {"role": "tool", "tool_call_id": "x", "content": "[]"}
    for messages, said in (
        ([HELLO, result], "no call is open"),
        ([HELLO, CALLED, HELLO], "expected role tool"),
        ([HELLO, CALLED, result | {"tool_call_id": "y"}], "expected that of 'x'"),
    ):
        answer = server.post({"messages": messages, "tools": tools})
        assert answer.status_code == 400 and said in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b'{"messages": [', "application/json", 400),
        (b"\x00\xff\xfe binary", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"a" * 8_000_001, "application/json", 413),
    ],
)
def test_a_body_that_is_no_request(server: Running, content: bytes, media: str, status: int) -> None:
    with server.client() as client:
        answer = client.post("/v1/chat/completions", content=content, headers={"content-type": media})
    assert answer.status_code == status and answer.json()["error"]["message"]


def test_a_body_without_a_length_is_measured_as_it_comes(server: Running) -> None:
    with server.client() as client:
        parts = (b"a" * 1_000_000 for _ in range(9))
        assert client.post("/v1/chat/completions", content=parts, headers=JSON).status_code == 413


def test_half_a_surrogate_pair_and_control_characters_are_texts(server: Running) -> None:
    raw = b'{"messages": [{"role": "user", "content": "shirts \\ud800 \\u0000 \\u202e"}]}'
    with server.client() as client:
        assert client.post("/v1/chat/completions", content=raw, headers=JSON).status_code == 200


def test_a_conversation_of_200_messages_is_answered(server: Running) -> None:
    long = [HELLO, {"role": "assistant", "content": "Hi."}] * 99
    assert server.say(*long, "shirts").json()["choices"][0]["message"]["content"] == FIRST


def test_what_is_not_served(server: Running) -> None:
    assert server.get("/nothing").status_code == 404
    assert server.get("/v1/chat/completions").status_code == 405
    assert server.get("/v1/models/other").status_code == 404
    assert server.get("/products/p2/image").status_code == 404  # it has no picture
    assert server.get("/products/..%2f..%2fetc%2fpasswd/image").status_code == 404
    assert server.get("/words/..%2fen.json").status_code == 404
    assert server.get("/words/fr.json").status_code == 404


def test_another_host_name_is_refused(server: Running) -> None:
    """A page of another site that points its name at this machine gets nothing."""
    assert server.get("/v1/models", headers={"host": "evil.example"}).status_code == 400


# ---- pictures, models, health -------------------------------------------------------------------------


def test_a_picture_is_read_and_a_products_picture_is_sent(server: Running) -> None:
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "like this"}]
    assert server.say({"role": "user", "content": parts}).status_code == 200
    assert "[image:att1] like this" in server.heard[-1]
    picture = server.get("/products/p1/image")
    assert picture.content == PNG and picture.headers["content-type"] == "image/png"
    assert picture.headers["x-content-type-options"] == "nosniff"


def test_models_and_health(server: Running) -> None:
    assert [one["id"] for one in server.get("/v1/models").json()["data"]] == ["muse"]
    assert server.get("/v1/models/muse").json()["object"] == "model"
    found = server.get("/health").json()
    assert found == {"status": "ok", "model": "muse", "products": 3, "needs_key": False}


def test_metrics_count(server: Running) -> None:
    def value(name: str) -> float:
        lines = server.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    before = value('muse_tool_calls_total{outcome="ok",tool="search"}'), value("muse_turn_seconds_count")
    server.say("shirts")
    assert value('muse_tool_calls_total{outcome="ok",tool="search"}') == before[0] + 1
    assert value("muse_turn_seconds_count") == before[1] + 1
    assert value('muse_tokens_total{kind="completion"}') > 0
    assert value('muse_requests_total{path="/v1/chat/completions",status="200"}') > 0


# ---- limits -------------------------------------------------------------------------------------------


def test_too_many_at_once_are_told_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path, Limits(at_once=2)) as server, ThreadPoolExecutor(2) as people:
        busy = [people.submit(server.say, "wait") for _ in range(2)]
        wait_for(lambda: len(server.service.under_way) == 2)
        refused = server.say("shirts")
        assert refused.status_code == 429 and refused.headers["retry-after"] == "2"
        assert refused.json()["error"]["type"] == "rate_limit_error"
        server.gate.set()
        assert all(one.result().status_code == 200 for one in busy)
        assert server.say("shirts").status_code == 200


def test_a_turn_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with running(tmp_path, Limits(turn_s=0.3)) as server:
        answer = server.say("wait")
        assert answer.status_code == 504 and "0.3 s" in answer.json()["error"]["message"]
        assert not server.service.under_way
        streamed = server.say("wait", stream=True)
        assert "no answer within" in streamed.text and streamed.status_code == 200


def test_a_key_is_asked_for(tmp_path: Path) -> None:
    with running(tmp_path, key="s3cret") as server:
        for path in ("/v1/models", "/metrics"):
            assert server.get(path).status_code == 401
            assert server.get(path, headers={"authorization": "Bearer s3cret"}).status_code == 200
        assert server.say("shirts").json()["error"]["code"] == "invalid_api_key"
        assert server.get("/v1/models", headers={"authorization": "Bearer wrong"}).status_code == 401
        assert server.get("/v1/models", headers={"authorization": b"Bearer \xff"}).status_code == 401
        assert server.get("/health").json()["needs_key"] and server.get("/").status_code == 200


def test_the_end_of_the_decoding_thread_is_said(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.service.live.close()
        assert server.get("/health").status_code == 503
        assert server.say("shirts").status_code == 503


def test_a_bug_is_a_500_without_a_word_about_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running(tmp_path) as server:

        def broken(*given: Any) -> Any:
            raise RuntimeError("secret place")

        monkeypatch.setattr("muse_core.generation.assistant.Toolbox.run", broken)
        answer = server.say("shirts")
        assert answer.status_code == 500 and "secret" not in answer.text
        assert "secret place" in caplog.text
        monkeypatch.undo()
        assert server.say("shirts").status_code == 200


# ---- many at once -----------------------------------------------------------


def test_fifty_clients_at_once(server: Running) -> None:
    def client(number: int) -> list[int]:
        with server.client() as session:
            body = {"messages": [{"role": "user", "content": f"shirts {number}"}], "stream": number % 2 == 0}
            return [session.post("/v1/chat/completions", json=body).status_code for _ in range(4)]

    with ThreadPoolExecutor(50) as people:
        found = [status for one in people.map(client, range(50)) for status in one]
    assert found == [200] * 200 and not server.service.under_way


# ---- feedback -----------------------------------------------------------------------------------------


def test_feedback_is_a_row_with_what_the_server_knows(server: Running) -> None:
    done = server.say(
        pictured("data:image/png;base64," + base64.b64encode(PNG).decode()), "shirts", profile="men"
    )
    wanted = {"kind": "values", "values": f" colour = red {HTML} "}
    body = {"completion": done.json()["id"], "thumb": "down", "wanted": wanted, "messages": "a lie"}
    kept = server.post(body, "/feedback")
    assert kept.status_code == 201
    file = server.service.home / "feedback" / "feedback.jsonl"
    row = json.loads(file.read_text("utf-8").splitlines()[-1])
    assert row["id"] == kept.json()["id"] and row["thumb"] == "down" and row["profile"] == "men"
    assert row["wanted"] == {"kind": "values", "values": f"colour = red {HTML}"}
    assert row["messages"][0] == {"role": "user", "content": [{"type": "picture"}]}
    assert row["messages"][1]["content"] == "shirts" and row["answer"]["text"] == FIRST
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"thumb": "sideways"}, 400, "expected up or down"),
        ({"completion": "chatcmpl-x"}, 404, "the id of an answer"),
        ({"completion": ["x"]}, 404, "the id of an answer"),
        ({"wanted": {"kind": "money"}}, 400, "expected a kind of tool, values, reply"),
        ({"wanted": "more"}, 400, "expected a kind"),
        ({"wanted": {"kind": "tool", "tool": "rm"}}, 400, "expected one of search"),
        ({"wanted": {"kind": "reply", "reply": "x" * 2001}}, 400, "at most 2000"),
        ({"wanted": {"kind": "reply", "reply": " "}}, 400, "expected a text"),
    ],
)
def test_feedback_that_cannot_be_kept(
    server: Running, change: dict[str, Any], status: int, said: str
) -> None:
    body = {"completion": server.say("shirts").json()["id"], "thumb": "up"} | change
    answer = server.post(body, "/feedback")
    assert answer.status_code == status and said in answer.json()["error"]["message"]

"""The official client, in both dialogues, streamed and not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.limits import Limits
from tests.unit.serving.builders_serving import Running, running, wait_for

openai = pytest.importorskip("openai", reason="the official client is not installed (extra dev)")
FIRST = "Aravali Blue Cotton Shirt at ₹949."
SHIRTS: list[Any] = [{"role": "user", "content": "shirts"}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home"), key="s3cret") as found:
        yield found


@pytest.fixture
def client(server: Running) -> Any:
    return client_of(server)


def client_of(server: Running, key: str = "s3cret", retries: int = 0) -> Any:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=retries)


def test_models_are_listed(client: Any) -> None:
    assert [one.id for one in client.models.list()] == ["muse"]


def test_tools_run_here(client: Any, server: Running) -> None:
    found = client.chat.completions.create(
        model="muse", messages=SHIRTS, extra_body={"profile": "men | 25-34"}
    )
    assert found.choices[0].message.content == FIRST and found.choices[0].finish_reason == "stop"
    assert found.usage.total_tokens > 0 and "en | men | 25-34<|end|>" in server.heard[-1]
    assert found.model_extra["muse"]["calls"][0]["name"] == "search"


def test_tools_run_here_streamed(client: Any) -> None:
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model="muse", messages=SHIRTS, stream=True, stream_options=options)
    )
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == FIRST and chunks[-1].usage.total_tokens > 0


def run_tools(client: Any, server: Running, stream: bool) -> str:
    """The dialogue as a program leads it: calls run here, results sent back until there is a reply."""
    tools = server.get("/v1/tools", headers={"authorization": "Bearer s3cret"}).json()["data"]
    messages = list(SHIRTS)
    for _ in range(3):
        if stream:
            with client.chat.completions.stream(model="muse", messages=messages, tools=tools) as events:
                message = events.get_final_completion().choices[0].message
        else:
            made = client.chat.completions.create(model="muse", messages=messages, tools=tools)
            message = made.choices[0].message
        messages.append(message.model_dump(exclude_none=True))
        if not message.tool_calls:
            return str(message.content)
        for call in message.tool_calls:
            query = json.loads(call.function.arguments)["query"]
            result = {"items": [{"id": "z1", "title": f"A client's {query}", "price": 5}]}
            messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(result)})
    raise AssertionError("it never replied")


@pytest.mark.parametrize("stream", [False, True])
def test_tools_run_at_the_client(client: Any, server: Running, stream: bool) -> None:
    assert run_tools(client, server, stream) == "A client's shirt at ₹5."


def test_refusals_are_the_clients_own_errors(client: Any, server: Running) -> None:
    with pytest.raises(openai.NotFoundError, match="expected 'muse'"):
        client.chat.completions.create(model="gpt-9", messages=SHIRTS)
    with pytest.raises(openai.BadRequestError, match="found 9,000 characters"):
        client.chat.completions.create(model="muse", messages=[{"role": "user", "content": "x" * 9000}])
    with pytest.raises(openai.AuthenticationError):
        client_of(server, "wrong").models.list()


def test_a_client_that_is_told_to_come_back_does(tmp_path: Path) -> None:
    import threading

    with running(tmp_path, Limits(at_once=1, retry_after_s=1)) as server:
        busy = threading.Thread(target=server.say, args=("wait",))
        busy.start()
        wait_for(lambda: len(server.service.under_way) == 1)
        with pytest.raises(openai.RateLimitError):
            client_of(server).chat.completions.create(model="muse", messages=SHIRTS)
        threading.Timer(0.3, server.gate.set).start()
        found = client_of(server, retries=5).chat.completions.create(model="muse", messages=SHIRTS)
        assert found.choices[0].message.content == FIRST
        busy.join()

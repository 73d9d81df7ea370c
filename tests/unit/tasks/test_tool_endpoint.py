"""`muse eval --model openai:NAME` against a real HTTP server: figures, failures, and what is kept."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flows.commands.eval import EvalFlags, eval_cases
from muse_core.errors import ConfigError, TransientError
from muse_core.evaluation.cases.answers import collect
from tasks.chat_endpoint import ChatEndpoint, EndpointAddress
from tasks.tool_endpoint import EndpointModel
from tests.unit.dialogue_llm.builders_llm import KEY, local_model
from tests.unit.evaluation.builders_cases import case_path, cases, tool_reply

ROOT = Path(__file__).parents[3]


def model_at(url: str, retries: int = 0, timeout_s: float = 5.0) -> EndpointModel:
    address = EndpointAddress(url, "tiny", KEY)
    return EndpointModel(ChatEndpoint(address, timeout_s, 4, retries, sleep=lambda _: None))


def test_the_whole_command(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    with local_model(lambda body, before: tool_reply(body)) as server:
        monkeypatch.setenv("MUSE_LLM_BASE_URL", server.url)
        monkeypatch.setenv("MUSE_LLM_API_KEY", KEY)
        eval_cases(case_path(tmp_path), "openai:tiny", tmp_path / "home", EvalFlags(as_json=True))
    found = json.loads(capsys.readouterr().out)
    assert found["model"] == "openai:tiny" and found["exact_call"]["value"] == 1.0
    assert found["abstention"]["abstained"]["value"] == 1.0 and found["answers"]["asked"] == 6
    assert found["baselines"]["majority"]["tool_accuracy"]["strict"]["value"] == pytest.approx(
        4 / 6, abs=1e-6
    )
    asked = server.asked[0]
    assert asked["model"] == "tiny" and asked["temperature"] == 0
    assert asked["tools"][0]["function"]["name"] == "search" and len(asked["tools"]) == 6
    assert asked["tools"][0]["function"]["parameters"]["properties"]["max_price"]
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert KEY not in found["answers"]["file"] + Path(found["answers"]["file"]).read_text("utf-8")


def test_without_an_address_nothing_is_asked(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("MUSE_LLM_BASE_URL", raising=False)
    with pytest.raises(ConfigError, match="--model openai:tiny asks an endpoint") as caught:
        eval_cases(case_path(tmp_path), "openai:tiny", tmp_path / "home", EvalFlags())
    assert "MUSE_LLM_BASE_URL: expected an address" in str(caught.value)


def test_cases_that_fail_are_named_and_the_others_kept(tmp_path: Path) -> None:
    def moody(body: dict[str, Any], before: int) -> tuple[int, dict[str, str], bytes]:
        said = body["messages"][-1]["content"]
        return (
            (503, {}, b"")
            if said == "blue caps"
            else (200, {}, b"{}")
            if "ghadi" in said
            else tool_reply(body)
        )

    with local_model(moody) as server:
        with pytest.raises(TransientError) as caught:
            collect(model_at(server.url), cases(tmp_path), tmp_path / "eval")
        text = str(caught.value)
        assert "openai:tiny answered 4 of 6 cases" in text
        assert "line 2 (k1): server_error (HTTP 503)" in text and "line 6 (k5): not_json (HTTP 200)" in text
        assert KEY not in text and server.url not in text
    with local_model(lambda body, before: tool_reply(body)) as server:
        found = collect(model_at(server.url), cases(tmp_path), tmp_path / "eval")
        assert (found.asked, found.kept, len(server.asked)) == (2, 4, 2)
        assert [len(answer.calls) for answer in found.answers] == [1, 1, 0, 1, 0, 1]


def test_what_may_pass_is_tried_again(tmp_path: Path) -> None:
    with local_model(
        lambda body, before: tool_reply(body) if before else (429, {"Retry-After": "1"}, b"")
    ) as server:
        found = collect(model_at(server.url, retries=2), cases(tmp_path, 2), tmp_path / "eval")
    assert found.asked == 2 and len(server.asked) == 3


@pytest.mark.parametrize(("status", "said"), [(401, "refuses the key"), (404, "no such model or address")])
def test_a_refusal_ends_the_run_at_the_first_case(tmp_path: Path, status: int, said: str) -> None:
    with local_model(lambda body, before: (status, {}, b"")) as server:
        with pytest.raises(ConfigError, match=f"HTTP {status}; it .*{said}"):
            collect(model_at(server.url, retries=3), cases(tmp_path), tmp_path / "eval")
        assert len(server.asked) == 1


def test_a_model_without_temperature(tmp_path: Path) -> None:
    def strict(body: dict[str, Any], before: int) -> tuple[int, dict[str, str], bytes]:
        return (400, {}, b"") if "temperature" in body else tool_reply(body)

    with local_model(strict) as server:
        assert collect(model_at(server.url), cases(tmp_path, 3), tmp_path / "eval").asked == 3
        assert len(server.asked) == 4  # refused once, never sent again


def test_a_server_that_is_silent_or_absent(tmp_path: Path) -> None:
    def slow(body: dict[str, Any], before: int) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.6)
        return tool_reply(body)

    with local_model(slow) as server, pytest.raises(TransientError, match=r"line 1 \(k0\): timeout"):
        collect(model_at(server.url, timeout_s=0.2), cases(tmp_path, 1), tmp_path / "eval")
    with pytest.raises(TransientError, match=r"line 1 \(k0\): unreachable"):
        collect(model_at("http://127.0.0.1:9"), cases(tmp_path, 1), tmp_path / "eval")


SCRIPT = """
import sys
from pathlib import Path
from tests.unit.tasks.test_tool_endpoint import model_at
from tests.unit.evaluation.builders_cases import cases
from muse_core.evaluation.cases.answers import collect
collect(model_at(sys.argv[1], timeout_s=60.0), cases(Path(sys.argv[2])), Path(sys.argv[2]) / "eval")
"""


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """kill -9 while the fourth case is being answered."""

    def stuck(body: dict[str, Any], before: int) -> tuple[int, dict[str, str], bytes]:
        if before >= 3:
            time.sleep(60)
        return tool_reply(body)

    with local_model(stuck) as server:
        child = subprocess.Popen([sys.executable, "-c", SCRIPT, server.url, str(tmp_path)], cwd=ROOT)
        kept = tmp_path / "eval"
        deadline = time.monotonic() + 240
        while sum(len(path.read_bytes().splitlines()) for path in kept.glob("*")) < 3:
            assert time.monotonic() < deadline and child.poll() is None
            time.sleep(0.1)
        child.kill()
        child.wait()
        (file,) = kept.iterdir()
        with file.open("ab") as torn:
            torn.write(b'{"case": "cut o')
    with local_model(lambda body, before: tool_reply(body)) as server:
        found = collect(model_at(server.url), cases(tmp_path), kept)
        assert (found.kept, found.asked, len(server.asked)) == (3, 3, 3)
        again = collect(model_at(server.url), cases(tmp_path), kept)
        assert again.answers == found.answers and again.asked == 0
        assert collect(model_at(server.url), cases(tmp_path), kept, fresh=True).asked == 6

"""A key is planted and everything that the backend writes, logs, shows or raises is searched for it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.environment import LLM_API_KEY, LLM_BASE_URL, LLM_MODEL, with_language_model
from muse_core.config.run_config import LlmConfig, RunConfig
from muse_core.errors import ConfigError
from muse_core.fingerprint import config_values
from tasks.chat_endpoint import ChatEndpoint, EndpointAddress
from tests.unit.dialogue_llm.builders_llm import (
    KEY,
    Behaviour,
    completion,
    english,
    local_model,
    teaching,
    well,
)
from tests.unit.dialogue_llm.test_teacher import taught

ON = RunConfig(llm=LlmConfig(share=0.5))
ECHO = json.dumps({"messages": [f"blue shirts under 2000, {KEY}"]})
BEHAVIOURS: dict[str, Behaviour] = {
    "well": teaching(well),
    "echoes the key": lambda *_: completion(ECHO),
    "echoes the headers": lambda *_: (401, {"X-Key": KEY}, f"Incorrect API key provided: {KEY}".encode()),
    "redirects": lambda *_: (307, {"Location": f"/v1/?key={KEY}"}, b""),
    "breaks off": lambda *_: (200, {"Content-Length": "999"}, KEY.encode()),
    "is busy": lambda *_: (429, {"Retry-After": KEY}, b""),
}


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_nothing_holds_the_key(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), local_model(BEHAVIOURS[name]) as model:
        made, numbers, teacher = taught(model, tmp_path, [english()], retries=1, timeout_s=0.5)
    assert model.headers[0]["Authorization"] == f"Bearer {KEY}"  # it was used
    shown = [
        caplog.text,
        *capfd.readouterr(),
        repr(made),
        json.dumps(numbers),
        repr(teacher.rows().to_pylist()),
    ]
    shown += [str(vars(record)) for record in caplog.records]
    assert not any(KEY in text for text in shown)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and not any(KEY.encode() in path.read_bytes() for path in files)


def test_neither_address_nor_client_shows_or_pickles_the_key() -> None:
    address = EndpointAddress("http://127.0.0.1:1/v1", "tiny", KEY)
    client = ChatEndpoint(address, 1.0, 1, 0)
    for thing in (address, client, [address], {"service": client}):
        assert KEY not in repr(thing) and KEY not in str(thing)
        for attempt in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError) as caught:
                attempt(thing)  # type: ignore[operator]
            assert KEY not in str(caught.value)
    client.close()


def test_off_by_default_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LLM_BASE_URL, "nonsense")
    config = RunConfig()
    assert with_language_model(config) == (config, None)


def test_the_model_enters_the_key_and_the_secret_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LLM_BASE_URL, "http://localhost:8000/v1/")
    monkeypatch.setenv(LLM_API_KEY, KEY)
    keys = []
    for name in ("tiny", "large"):
        monkeypatch.setenv(LLM_MODEL, name)
        config, address = with_language_model(ON)
        assert address == EndpointAddress("http://localhost:8000/v1", name, KEY)
        assert KEY not in config.model_dump_json() and KEY not in repr(address)
        keys.append(config_values(config, ("llm.share", "llm.replies", "llm.model")))
    assert keys[0]["llm.model"] == '"tiny"' and keys[0] != keys[1]


def test_a_named_model_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LLM_BASE_URL, "https://models.example/v1")
    monkeypatch.setenv(LLM_MODEL, "other")
    config, address = with_language_model(RunConfig(llm=LlmConfig(share=1, model="mine")))
    assert config.llm.model == "mine" and address is not None and address.model == "mine"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({LLM_BASE_URL: None}, "MUSE_LLM_BASE_URL: expected an address"),
        ({LLM_BASE_URL: "localhost:8000"}, "MUSE_LLM_BASE_URL: expected an address"),
        ({LLM_BASE_URL: "ftp://models.example"}, "MUSE_LLM_BASE_URL: expected an address"),
        ({LLM_BASE_URL: "http://[broken"}, "MUSE_LLM_BASE_URL: expected an address"),
        ({LLM_BASE_URL: "http://models.example:99999999"}, "MUSE_LLM_BASE_URL: expected an address"),
        ({LLM_BASE_URL: f"https://me:{KEY}@models.example/v1"}, "put the key into MUSE_LLM_API_KEY"),
        ({LLM_BASE_URL: f"https://models.example/v1?key={KEY}"}, "put the key into MUSE_LLM_API_KEY"),
        ({LLM_MODEL: None}, "MUSE_LLM_MODEL: expected the name"),
        ({LLM_API_KEY: KEY + "\nX-Evil: 1"}, "no header may hold"),
        ({LLM_API_KEY: KEY + "é"}, "no header may hold"),
    ],
)
def test_a_wrong_environment_is_explained_without_its_values(
    changes: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {LLM_BASE_URL: "http://localhost:8000/v1", LLM_MODEL: "tiny", LLM_API_KEY: KEY} | changes
    for name, value in given.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        with_language_model(ON)
    assert says in str(caught.value) and KEY not in str(caught.value) and caught.value.exit_code == 2
    assert caught.value.__cause__ is None


def test_an_endpoint_without_a_key_gets_no_header(tmp_path: Path) -> None:
    with local_model(teaching(well)) as model:
        client = ChatEndpoint(EndpointAddress(model.url, "tiny"), 5.0, 1, 0)
        from muse_core.dialogue.llm.service import TextRequest

        client.ask(TextRequest("tiny", "s", json.dumps({"write": "English", "wish": {}}), 10))
        client.close()
    assert "Authorization" not in model.headers[0]


def test_the_command_line_does_not_load_the_client() -> None:
    """Only a run that asks a model pays for its import."""
    code = "import sys, flows.environment; sys.exit('httpx' in sys.modules or 'prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0

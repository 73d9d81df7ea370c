"""A secret is planted in the environment and in addresses; nothing that is said or written shows it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.addresses import hide_in_logs, keep_secret, without_passwords, without_secrets, without_user

CANARY = "c4n4ry-0123456789abcdef"
SAYS = """
import logging, sys
from flows.cli import app
from flows.environment import set_up_logging
from tasks.terminal import to_terminal
@app.command("leak")
def leak(how: str) -> None:
    set_up_logging()
    to_terminal(as_json=how == "json")
    logging.getLogger("muse_core.x").warning("the key is %s", "CANARY")
    raise RuntimeError("postgresql://muse:CANARY@db/x?sslmode=off and https://h/x?api_key=CANARY")
app()
"""


@pytest.mark.parametrize("how", ["plain", "json"])
def test_no_line_and_no_traceback_file_shows_it(how: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "SHOP_API_KEY": CANARY,
        "MUSE_HOME": str(tmp_path),
        "PYTHONIOENCODING": "ascii",
    }
    done = subprocess.run(
        [sys.executable, "-c", SAYS.replace("CANARY", CANARY), "leak", how],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "the key is ***" in said and "unexpected RuntimeError" in said and CANARY not in said
    if how == "json":
        assert {json.loads(line)["level"] for line in done.stderr.splitlines()} == {"warning", "error"}
    (kept,) = tmp_path.glob("muse-error-*.log")
    assert CANARY not in kept.read_text("utf-8") and "muse:***@db" in kept.read_text("utf-8")


def test_a_record_is_made_without_it_whoever_handles_it(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogRecordFactory()
    keep_secret([CANARY, "ab"])
    hide_in_logs(("muse_core",))
    try:
        logging.getLogger("muse_core.x").warning("of %s: %d", CANARY, 3)
        logging.getLogger("another").warning("about %s", "ab")
    finally:
        logging.setLogRecordFactory(before)
    assert caplog.messages == ["of ***: 3", "about ab"]
    assert all(CANARY not in str(vars(record)) for record in caplog.records)
    assert without_secrets(f"x{CANARY}y") == "x***y"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://0123456789abcdef0123@sentry.example/4", "https://***@sentry.example/4"),
        ("postgresql://db/x?user=muse&password=s3cret", "postgresql://db/x?user=muse&password=***"),
        ("https://a.blob/x?sv=1&sig=abc%3D&se=2", "https://a.blob/x?sv=1&sig=***&se=2"),
        ("https://s3/x?X-Amz-Signature=ab&X-Amz-Security-Token=cd", "https://s3/x?X-Amz-Signature=***&X-Amz-Security-Token=***"),
        ("https://h/v1?api_key=abc", "https://h/v1?api_key=***"),
        ("amqp://user:p%40ss@host//", "amqp://user:***@host//"),
        ("http://muse@host/x", "http://muse@host/x"),
        ("https://shop.example/?q=monkey&key_word=tie", "https://shop.example/?q=monkey&key_word=tie"),
    ],
)  # fmt: skip
def test_every_kind_of_address(given: str, shown: str) -> None:
    assert without_passwords(given) == shown


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("http://muse:p@ss@host:4200/api", "http://host:4200/api"),
        ("https://token@host/x?to=a@b", "https://host/x?to=a@b"),
        ("http://host/@home", "http://host/@home"),
    ],
)
def test_an_address_is_asked_without_its_user(given: str, asked: str) -> None:
    """urllib would look for a host of the name `muse:…@host`."""
    assert without_user(given) == asked

"""Addresses of servers and databases, and what holds a secret, as they may be shown."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

_PASSWORD = re.compile(r"(://[^\s/@:]*:)[^\s/]*(?=@)")
_USER = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@", re.IGNORECASE)
_LONE_TOKEN = re.compile(r"(://)[^\s/@:]{16,}(?=@)")  # a token where a user's name stands
_IN_QUERY = re.compile(
    r"([?&;](?:[\w.-]*(?:password|passwd|pwd|secret|token|signature|credential|api[_-]?key|access[_-]?key)"
    r"|sig|key|auth)=)[^&;\s'\"]+",
    re.IGNORECASE,
)
SHORTEST = 6  # characters of a value that is looked for: a shorter one would be found in words
_secrets: set[str] = set()


def without_passwords(text: str) -> str:
    """The text with `***` for every password of an address in it: `scheme://user:password@host`, a token in
    the user's place, `?password=…` and its like."""
    text = _LONE_TOKEN.sub(r"\1***", _PASSWORD.sub(r"\1***", text))
    return _IN_QUERY.sub(r"\1***", text)


def without_user(address: str) -> str:
    """The address without `user:password@`, which urllib takes for a part of the host's name."""
    return _USER.sub(r"\1", address)


def keep_secret(values: Iterable[str]) -> None:
    """From now on `without_secrets` hides these too."""
    _secrets.update(value for value in values if len(value) >= SHORTEST)


def without_secrets(text: str) -> str:
    """The text without passwords of addresses and without every value that is kept secret."""
    for value in sorted(_secrets, key=len, reverse=True):
        text = text.replace(value, "***")
    return without_passwords(text)


def hide_in_logs(packages: tuple[str, ...]) -> None:
    """Records of these packages are made without secrets, wherever they go: terminal, Prefect's UI, files."""
    before = logging.getLogRecordFactory()
    if getattr(before, "hides", None) == packages:
        return

    def made(*given: Any, **more: Any) -> logging.LogRecord:
        record = before(*given, **more)
        if record.name.startswith(packages):
            record.msg, record.args = without_secrets(record.getMessage()), None
        return record

    made.hides = packages  # type: ignore[attr-defined]
    logging.setLogRecordFactory(made)

"""Addresses of servers and databases as they may be shown."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"(://[^\s/@:]*:)[^\s/]*(?=@)")


def without_passwords(text: str) -> str:
    """The text with `***` for every password of an address in it (`scheme://user:password@host`)."""
    return _PASSWORD.sub(r"\1***", text)

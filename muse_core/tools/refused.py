"""What a tool's schema refuses, in words that a model can act on: one short line an argument."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

MAX_TOLD = 3  # problems that one error text tells
SHOWN_CHARS = 40
_NO_SUCH_KIND = {"list_type": 0, "string_type": 1}  # of "a text or a list of texts", what one half says


def refused(problem: ValidationError, facets: Sequence[str] = ()) -> dict[str, str]:
    """Problem by argument, in the order of the schema; "" stands for the arguments together. `facets`: the
    arguments that are the shop's own, of which an unknown argument may be a misspelling."""
    found: dict[str, list[dict[str, Any]]] = {}
    for error in problem.errors(include_url=False):
        where = str(error["loc"][0]) if error["loc"] else ""
        found.setdefault(where, []).append(dict(error))
    return {where: _told(where[:SHOWN_CHARS], _nearest(errors), facets) for where, errors in found.items()}


def refusal_text(problems: Iterable[str]) -> str:
    """The error of a call: its first problems in one line."""
    return "; ".join(list(problems)[:MAX_TOLD])


def _nearest(errors: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of what the kinds of an argument say about one value, that of the kind it comes nearest to."""
    return max(errors, key=lambda error: (len(error["loc"]), _NO_SUCH_KIND.get(error["type"], 2)))


def _told(where: str, error: dict[str, Any], facets: Sequence[str]) -> str:
    if error["type"] == "missing":
        return f"{where} is missing"
    if error["type"] == "extra_forbidden":
        close = _close(where, facets)
        hint = f"; this shop has {', '.join(close)}" if close else ""
        return f"{where} is not an argument of this tool{hint}"
    if error["type"] == "value_error" and not where:
        return str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: found {str(error['input'])[:SHOWN_CHARS]!r}, expected: {_expected(error)}"


def _close(name: str, facets: Sequence[str]) -> list[str]:
    """Facets that share a word with the name, else those that are written much like it."""
    words = set(name.lower().split("_")) - {"min", "max", "not", ""}
    shared = [facet for facet in facets if words & set(facet.split("_"))]
    return shared[:MAX_TOLD] or get_close_matches(name.lower(), facets, MAX_TOLD, 0.7)


def _expected(error: dict[str, Any]) -> str:
    message = str(error["msg"])
    for start in ("Value error, ", "Input should be ", "String should have ", "List should have "):
        message = message.removeprefix(start)
    return message.partition(" after validation")[0]

"""Valid input, made wrong: bytes changed, cut, repeated and spliced; values of another kind put into JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

MAX_BYTES = 200_000
MOST_CHANGES = 4

TOKENS: tuple[bytes, ...] = (
    b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\udfff", b"\\u0000", b"\r",
    b"\n", b"\r\n", b"\t", b",", b";", b"|", b'"', b"'", b'""', b"\\", b"`", b"#", b"=", b"=1+1",
    b"+1", b"-1", b"@x", b"[", b"]", b"{", b"}", b"(", b")", b"[" * 70, b"[" * 2000, b'{"a":' * 70,
    b'{"a":' * 1500, b"(" * 1500, b"<a>" * 500, b"<tool>", b"</tool>", b"<tool_call>", b"</tool_call>",
    b"<result>", b"<!--",
    b"]]>", b"<![CDATA[", b"&a;", b"&#0;", b"<!DOCTYPE a [<!ENTITY a 'b'>]>", b"NaN", b"Infinity",
    b"-Infinity", b"1e999", b"-0", b"0x10", b"1_0", b"9" * 20, b"9" * 400, b"9" * 5000, b"-" + b"9" * 4400,
    b"1e-400", b"null", b"true", b"false", b"None", b"True", b"nan", b"inf", b"../", b"/dev/zero", b"~x",
    b"%s", b"{0}", b"$a", b"1979-05-27", b"07:32:00", "०१२".encode(), "²".encode(), "\u2028".encode(),
    "\u202e".encode(), "\ufeff".encode(), "🙂".encode(), "₹".encode(), "İ".encode(), "ß".encode(),
    "\u0300".encode() * 50, b"a" * 5000, b" " * 5000, b"\n" * 3000, b"," * 3000, b'"' * 999,
)  # fmt: skip

_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**30, 10**400, 0.5, -0.0, 1e308, float("nan"),
    float("inf"), "", " ", "\0", "\ud800", "0", "-1", "1e999", "null", "x" * 3000, "../../x", "/dev/zero",
    "a\nb", "🙂", "\u202e", [], {}, [[]], [{}], [None], {"": ""}, {"a": None}, {"a": {"a": {"a": 1}}},
    [1, "a", None], [[], {}, 0], {"$ref": "#"}, {"name": 1}, {"id": []}, ["a"] * 300, "=HYPERLINK(1)", "<b>",
    "search",
)  # fmt: skip
_VALUE = re.compile(rb"""(?<==)\s*[^\s,)\]]+|(?<=: )[^,}\n]+|"[^"\n]*"|'[^'\n]*'|-?\d+(?:\.\d+)?""")


def mutated(corpus: Sequence[bytes], rng: Random) -> bytes:
    """One of the corpus with one to four changes; at most `MAX_BYTES` of it."""
    raw = rng.choice(corpus)
    for _ in range(rng.randint(1, MOST_CHANGES)):
        raw = rng.choice(_CHANGES)(raw, corpus, rng)
    return raw[:MAX_BYTES]


Change = Callable[[bytes, Sequence[bytes], Random], bytes]


def _span(raw: bytes, rng: Random) -> tuple[int, int]:
    start = rng.randint(0, len(raw))
    return start, min(len(raw), start + int(rng.expovariate(1 / 20)))


def _flip(raw: bytes, _: Sequence[bytes], rng: Random) -> bytes:
    if not raw:
        return raw
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(8))]) + raw[at + 1 :]


def _insert(raw: bytes, _: Sequence[bytes], rng: Random) -> bytes:
    at = rng.randint(0, len(raw))
    return raw[:at] + rng.choice(TOKENS) + raw[at:]


def _replace(raw: bytes, _: Sequence[bytes], rng: Random) -> bytes:
    start, end = _span(raw, rng)
    return raw[:start] + rng.choice(TOKENS) + raw[end:]


def _delete(raw: bytes, _: Sequence[bytes], rng: Random) -> bytes:
    start, end = _span(raw, rng)
    return raw[:start] + raw[end:]


def _repeat(raw: bytes, _: Sequence[bytes], rng: Random) -> bytes:
    start, end = _span(raw, rng)
    return raw[:end] + raw[start:end] * rng.choice((1, 2, 50, 1500, 20_000)) + raw[end:]


def _cut(raw: bytes, _: Sequence[bytes], rng: Random) -> bytes:
    return raw[: rng.randint(0, len(raw))]


def _splice(raw: bytes, corpus: Sequence[bytes], rng: Random) -> bytes:
    other = rng.choice(corpus)
    return raw[: rng.randint(0, len(raw))] + other[rng.randint(0, len(other)) :]


def _recode(raw: bytes, _: Sequence[bytes], rng: Random) -> bytes:
    target = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp1252", "utf-7"))
    return raw.decode("utf-8", "replace").encode(target, "replace")


def _revalue(raw: bytes, _: Sequence[bytes], rng: Random) -> bytes:
    """Another value where one stands, in whatever syntax."""
    places = [match.span() for match in _VALUE.finditer(raw[:20_000])]
    if not places:
        return _insert(raw, (), rng)
    start, end = rng.choice(places)
    return raw[:start] + rng.choice((_json(rng.choice(_ODD)), rng.choice(TOKENS))) + raw[end:]


def _restructure(raw: bytes, _: Sequence[bytes], rng: Random) -> bytes:
    """A value of another kind, a lost or a doubled field, in the JSON of the text or of one of its lines."""
    lines = raw.split(b"\n")
    whole = _parsed(raw)
    if whole is not None:
        return _json(_changed(whole, rng))
    at = rng.randrange(len(lines))
    value = _parsed(lines[at])
    if value is None:
        return _revalue(raw, (), rng)
    lines[at] = _json(_changed(value, rng))
    return b"\n".join(lines)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except (
        RecursionError,
        ValueError,
    ):  # an earlier change went too deep, or made a number too long to write
        return b"[" * 2000


def _changed(value: Any, rng: Random) -> Any:
    """The value with one node changed; deeper nodes as likely as shallow ones."""
    depth = rng.randint(0, 7)
    if depth and isinstance(value, dict) and value:
        name = rng.choice(list(value))
        if rng.random() < 0.1:
            return {key: one for key, one in value.items() if key != name}
        if rng.random() < 0.05:
            return {**value, rng.choice(("", "id", "name", "a" * 300, "\0", name.upper())): value[name]}
        return {**value, name: _changed(value[name], rng)}
    if depth and isinstance(value, list) and value:
        at = rng.randrange(len(value))
        if rng.random() < 0.1:
            return [*value, value[at]]
        return [*value[:at], _changed(value[at], rng), *value[at + 1 :]]
    return rng.choice(_ODD)


_CHANGES: tuple[Change, ...] = (
    _flip, _insert, _insert, _replace, _delete, _repeat, _cut, _splice, _recode, _revalue, _revalue, _revalue,
    _restructure, _restructure, _restructure, _restructure,
)  # fmt: skip

"""The literal grammar in which a call is read: `search(query='casual shirts', max_price=2000)`.

Keyword arguments with text in quotes, numbers, True, False, None and lists of these; nothing is evaluated.
Imports nothing of ours: an export carries this file to other servers (`export/vllm_plugin.py`).
"""

from __future__ import annotations

import math
import re
from typing import Any, NoReturn

MAX_CALL_CHARS = 4000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_WORDS = {"True": True, "False": False, "None": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}


class CallSyntaxError(ValueError):
    """The text is not a call: says what was found, where, and what was expected."""


def parse_call(text: str) -> tuple[str, dict[str, Any]]:
    """Name and arguments of `name(key=literal, …)`; CallSyntaxError for anything else."""
    if len(text) > MAX_CALL_CHARS:
        raise CallSyntaxError(f"the call has {len(text)} characters; at most {MAX_CALL_CHARS} are read")
    return _Reader(text).call()


class _Reader:
    """Recursive descent over the literal grammar: call, keyword, string, number, list, True/False/None."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def call(self) -> tuple[str, dict[str, Any]]:
        name = self.name("a tool name")
        self.take("(")
        arguments: dict[str, Any] = {}
        while not self.peek(")"):
            key = self.name("an argument name (arguments are given by keyword)")
            if key in arguments:
                raise CallSyntaxError(f"the argument {key} is given twice")
            self.take("=")
            arguments[key] = self.value()
            if not self.peek(")"):
                self.take(",")
        self.take(")")
        self.space()
        if self.at < len(self.text):
            self.fail("the end of the call")
        return name, arguments

    def value(self, in_list: bool = False) -> Any:
        self.space()
        char = self.text[self.at : self.at + 1]
        if char in ("'", '"') and char:
            return self.string(char)
        if char == "[" and not in_list:
            return self.list_()
        if number := _NUMBER.match(self.text, self.at):
            return self.number(number)
        word = _NAME.match(self.text, self.at)
        if word is not None and word.group() in _WORDS:
            self.at = word.end()
            return _WORDS[word.group()]
        self.fail("a literal: text in quotes, a number, True, False or a list of these")

    def number(self, match: re.Match[str]) -> int | float:
        self.at = match.end()
        digits = match.group()
        value = float(digits)
        if not math.isfinite(value):
            raise CallSyntaxError(f"the number {digits[:20]}… is too large")
        return int(digits) if match.group(1) is None and match.group(2) is None else value

    def list_(self) -> list[Any]:
        self.take("[")
        items: list[Any] = []
        while not self.peek("]"):
            items.append(self.value(in_list=True))
            if not self.peek("]"):
                self.take(",")
        self.take("]")
        return items

    def string(self, quote: str) -> str:
        out: list[str] = []
        at = self.at + 1
        while at < len(self.text):
            char = self.text[at]
            if char == quote:
                self.at = at + 1
                return "".join(out)
            if char == "\\":
                decoded, at = self.escape(at + 1)
                out.append(decoded)
                continue
            out.append(char)
            at += 1
        raise CallSyntaxError(f"the text that starts at character {self.at} has no closing {quote}")

    def escape(self, at: int) -> tuple[str, int]:
        """Decode what follows a backslash at `at - 1`; an unknown escape stays as it is."""
        letter = self.text[at : at + 1]
        if letter in _ESCAPES:
            return _ESCAPES[letter], at + 1
        width = _HEX_ESCAPES.get(letter, 0)
        digits = self.text[at + 1 : at + 1 + width]
        if width and len(digits) == width and re.fullmatch(r"[0-9a-fA-F]+", digits):
            code = int(digits, 16)
            if code <= 0x10FFFF:
                return chr(code), at + 1 + width
        return "\\", at

    def name(self, wanted: str) -> str:
        self.space()
        match = _NAME.match(self.text, self.at)
        if match is None:
            self.fail(wanted)
        self.at = match.end()
        return match.group()

    def peek(self, char: str) -> bool:
        self.space()
        return self.text.startswith(char, self.at)

    def take(self, char: str) -> None:
        if not self.peek(char):
            self.fail(repr(char))
        self.at += 1

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def fail(self, wanted: str) -> NoReturn:
        found = repr(self.text[self.at : self.at + 20]) if self.at < len(self.text) else "the end of the text"
        raise CallSyntaxError(f"found {found} at character {self.at}, expected {wanted}")

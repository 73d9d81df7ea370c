"""How one wording is written, and the sentences that it stands for.

    {np}                     a placeholder: what this shopper wants is put there
    (show me|find)           one of these
    [please]  [now|today]    may be left out
    <name>                   a rule: the words of that name in the language's `rules.toml`
    (मिलेगा/मिलेंगे/मिलेगी)  agrees with the product: masculine, plural, feminine
    (रहा/रही)                agrees with the speaker: a man, a woman
    *suggest*                what the call depends on where no placeholder says it

Brackets may stand inside brackets, but for the forms that agree. A *reading* is a wording in which every
choice is made; placeholders, forms that agree and starred words are still in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

MOST_READINGS = 200  # of one wording
MOST_DEEP = 20  # brackets in brackets
_CLOSES = {"(": ")", "[": "]"}
_TOKEN = re.compile(r"([()\[\]|])")
_RULE = re.compile(r"<([^<>]*)>")
_WHOLE_MARKS = re.compile(r"\{\w+\}|\*[^*\s][^*]*\*")
_SLOT = re.compile(r"\{(\w+)\}")


class GrammarError(ValueError):
    """A wording that cannot be read; the message says what was found and what to write."""


@dataclass(frozen=True)
class Choice:
    """One of several stretches; an empty one means that it may be left out."""

    options: tuple[Stretch, ...]


Stretch = tuple[str | Choice, ...]


@lru_cache(maxsize=8192)
def parse(text: str) -> Stretch:
    """The stretches of a wording whose rules are written out. GrammarError if it cannot be read."""
    if not text.strip():
        raise GrammarError("a wording without words; write one, or delete the line")
    return _options(_TOKEN.split(text), 0, "")[0][0]


def _options(tokens: Sequence[str], at: int, opened: str, depth: int = 0) -> tuple[list[Stretch], int]:
    """(the alternatives up to the bracket that closes `opened`, where it stands)."""
    if depth > MOST_DEEP:
        raise GrammarError(f"brackets stand in one another more than {MOST_DEEP} deep; write two wordings")
    options: list[list[str | Choice]] = [[]]
    while at < len(tokens):
        token = tokens[at]
        if token in ("(", "["):
            inner, at = _options(tokens, at + 1, token, depth + 1)
            options[-1].append(_bracket(token, inner))
        elif token in (")", "]"):
            if token != _CLOSES.get(opened):
                found = f"`{opened}` is closed by `{token}`" if opened else f"`{token}` closes nothing"
                raise GrammarError(f"unbalanced brackets: {found}")
            return [_stretch(option) for option in options], at
        elif token == "|":
            if not opened:
                raise GrammarError("`|` outside of brackets; write (one|other)")
            options.append([])
        elif token:
            options[-1].append(token)
        at += 1
    if opened:
        raise GrammarError(f"unbalanced brackets: `{opened}` is not closed by `{_CLOSES[opened]}`")
    return [_stretch(option) for option in options], at


def _stretch(parts: Sequence[str | Choice]) -> Stretch:
    """The parts with neighbouring texts made one; its marks must be whole."""
    out: list[str | Choice] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        else:
            out.append(part)
    for part in out:
        broken = re.search(r"[{}<>*]", _WHOLE_MARKS.sub("", part)) if isinstance(part, str) else None
        if broken:
            raise GrammarError(
                f"`{broken.group()}` stands alone; a placeholder is {{name}}, a rule <name>, and words that "
                "a call depends on are *starred*, with both ends in the same bracket"
            )
    return tuple(out)


def _bracket(opened: str, options: Sequence[Stretch]) -> str | Choice:
    if not all(any(isinstance(part, Choice) or part.strip() for part in option) for option in options):
        raise GrammarError("an empty alternative; write [words] for what may be left out")
    agreeing = [part for option in options for part in option if isinstance(part, str) and _forms(part)]
    if opened == "(" and len(options) == 1:
        return _agreement(options[0])
    if agreeing:
        raise GrammarError(
            f"`{agreeing[0].strip()}` has `/` beside `|` or in [ ]; agreeing forms stand in ( ) of their own"
        )
    return Choice((*options, ()) if opened == "[" else tuple(options))


def _forms(text: str) -> bool:
    """Whether a text has a slash outside of parentheses of its own."""
    return "/" in re.sub(r"\([^()]*\)", "", text)


def _agreement(option: Stretch) -> str:
    """`(a/b)` or `(a/b/c)`, checked, as it is."""
    text = option[0] if len(option) == 1 and isinstance(option[0], str) else ""
    forms = text.split("/")
    if len(forms) not in (2, 3) or re.search(r"[(){}*]", text):
        raise GrammarError(
            "parentheses hold alternatives (a|b), two forms that agree with the speaker (a/b), or three that "
            f"agree with the product (a/b/c); found ({text or '…'})"
        )
    if not all(form.strip() for form in forms):
        raise GrammarError(f"an empty form in ({text}); write all of them")
    return f"({text})"


def write_out(text: str, rules: Mapping[str, str], inside: tuple[str, ...] = ()) -> str:
    """The wording with every `<rule>` replaced by its words. GrammarError for an unknown rule, or one that
    stands in itself."""

    def words(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in rules:
            known = ", ".join(f"<{rule}>" for rule in rules) or "no rules"
            raise GrammarError(f"unknown rule <{name}>; rules.toml has {known}")
        if name in inside:
            raise GrammarError(f"the rule <{name}> stands in itself")
        return write_out(rules[name], rules, (*inside, name))

    return _RULE.sub(words, text)


def choose(text: str, rng: np.random.Generator) -> str:
    """One reading, each choice drawn evenly, from left to right."""
    return _chosen(parse(text), rng) if "|" in text or "[" in text else text


def _chosen(stretch: Stretch, rng: np.random.Generator) -> str:
    return "".join(
        part if isinstance(part, str) else _chosen(part.options[int(rng.random() * len(part.options))], rng)
        for part in stretch
    )


@lru_cache(maxsize=8192)
def readings(text: str) -> tuple[str, ...]:
    """Every reading, first alternatives first. GrammarError when there are more than `MOST_READINGS`."""
    stretch = parse(text)
    if (count := _count(stretch)) > MOST_READINGS:
        raise GrammarError(f"stands for {count} sentences, at most {MOST_READINGS}; write several wordings")
    return tuple(" ".join(reading.split()) for reading in _readings(stretch))


def _count(stretch: Stretch) -> int:
    count = 1
    for part in stretch:
        count *= 1 if isinstance(part, str) else sum(map(_count, part.options))
    return count


def _readings(stretch: Stretch) -> list[str]:
    each = [
        [part] if isinstance(part, str) else [text for option in part.options for text in _readings(option)]
        for part in stretch
    ]
    return ["".join(parts) for parts in product(*each)]


def slots_in_order(reading: str) -> list[str]:
    """Names of the placeholders of a reading, one for each time that they stand there."""
    return _SLOT.findall(reading)

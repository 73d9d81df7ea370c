"""No sentence of people in our templates: no 6-gram of a human set occurs in a frame, an aside or a reply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import pytest

from muse_core.dialogue.replies import replies
from muse_core.wordings.book import shipped
from muse_core.wordings.grammar import readings
from muse_core.wordings.words import SCRIPTS, words

HUMAN = Path(__file__).resolve().parents[4] / "shared" / "data" / "utterances"
GRAM = 6
_WORD = re.compile(r"[\w\u0900-\u097f]+")
_FORMS = re.compile(r"\(([^()|]+/[^()|]+)\)")


def sentences() -> Iterator[str]:
    """All that a shopper or the assistant may say, every choice made."""
    for wordings in shipped().values():
        yield from (text for wording in wordings for text in expanded(wording.text))
    for script in SCRIPTS:
        for name in ("openings", "closings", "asides", "stories"):
            yield from (text for template in texts_in(words(name, script)) for text in expanded(template))
        yield from texts_in(words("topics", script))
        yield from texts_in(replies(script)["replies"])


def expanded(template: str) -> Iterator[str]:
    """Every reading of a template, in every one of the forms that agree."""
    for reading in readings(template):
        parts = _FORMS.split(reading)
        for chosen in product(*(forms.split("/") for forms in parts[1::2])):
            yield "".join(f"{text}{form}" for text, form in zip(parts[::2], [*chosen, ""], strict=True))


def grams(text: str) -> Iterator[tuple[str, ...]]:
    """Runs of six words; a placeholder ends a run."""
    for stretch in re.split(r"\{\w+\}|\[\d(?::\w+)?\]", text.lower()):
        words = _WORD.findall(stretch)
        yield from (tuple(words[at : at + GRAM]) for at in range(len(words) - GRAM + 1))


def human_texts() -> Iterator[str]:
    import pandas as pd

    yield from pd.read_parquet(HUMAN / "hinglish_top_human.parquet")[["cs", "en"]].to_numpy().ravel()
    for file in sorted(HUMAN.glob("*.jsonl")):
        with file.open(encoding="utf-8") as rows:
            for row in rows:
                yield from texts_in(json.loads(row))


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        inner: Iterable[object] = value.values() if isinstance(value, dict) else value
        for one in inner:
            yield from texts_in(one)


def test_choices_are_all_read() -> None:
    assert set(expanded("a (b|c d) (e/f/g)")) == {f"a {x} {y}" for x in ("b", "c d") for y in "efg"}
    assert list(grams("one two three {np} four five six seven eight nine")) == [
        ("four", "five", "six", "seven", "eight", "nine")
    ]


@pytest.mark.skipif(not HUMAN.is_dir(), reason="the human utterances are not beside this project")
def test_no_six_words_of_people_in_a_row() -> None:
    ours = {gram: text for text in sentences() for gram in grams(text)}
    assert len(ours) > 200
    copied = {ours[gram]: gram for text in human_texts() for gram in grams(text) if gram in ours}
    assert not copied

"""No sentence of people in our templates: no 6-gram of a human set occurs in a frame, an aside or a reply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import pytest

from muse_core.dialogue.replies import replies
from muse_core.dialogue.script import SCRIPTS
from muse_core.dialogue.wording import asides, frames, stories, topics

HUMAN = Path(__file__).resolve().parents[4] / "shared" / "data" / "utterances"
GRAM = 6
_WORD = re.compile(r"[\w\u0900-\u097f]+")
_CHOICE = re.compile(r"\[([^\]|]+(?:\|[^\]|]+)+)\]|\(([^()]+)\)")


def templates() -> Iterator[str]:
    for script in SCRIPTS:
        tables = [*frames(script)["patterns"].values(), replies(script)["replies"], stories(script)]
        tables += [asides(script), frames(script)["openings"], frames(script)["closings"]]
        yield from (text for table in tables for texts in table.values() for text in texts)
        yield from (text for kind in ("nouns", "tasks", "questions") for text in topics(kind, script))


def expanded(template: str) -> Iterator[str]:
    """Every reading of a template with choices, `[a|b]`, `(a/b/c)` and `(a|b)`."""
    parts = _CHOICE.split(template)
    plain, choices = parts[::3], [one or other for one, other in zip(parts[1::3], parts[2::3], strict=True)]
    for chosen in product(*(re.split(r"[|/]", choice) for choice in choices)):
        yield "".join(f"{text}{choice}" for text, choice in zip(plain, [*chosen, ""], strict=True))


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
    assert set(expanded("a [b|c d] (e/f/g)")) == {f"a {x} {y}" for x in ("b", "c d") for y in "efg"}
    assert list(grams("one two three {np} four five six seven eight nine")) == [
        ("four", "five", "six", "seven", "eight", "nine")
    ]


@pytest.mark.skipif(not HUMAN.is_dir(), reason="the human utterances are not beside this project")
def test_no_six_words_of_people_in_a_row() -> None:
    ours = {gram: text for text in templates() for one in expanded(text) for gram in grams(one)}
    assert len(ours) > 200
    copied = {ours[gram]: gram for text in human_texts() for gram in grams(text) if gram in ours}
    assert not copied

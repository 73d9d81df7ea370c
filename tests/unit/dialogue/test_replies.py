"""Every reply that can be said reads as sentences: all choices are taken, none is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest

from muse_core.dialogue.replies import Outcome, replies, reply, situations
from muse_core.dialogue.safe_replies import safe_reply
from muse_core.dialogue.script import LANGUAGE_OF, SCRIPTS, Script
from muse_core.dialogue.voice import Form, Voice
from muse_core.language.scripts import detect_language
from muse_core.scoring.groundedness import check
from muse_core.types import Facet, JsonValue

SHIRT: dict[str, JsonValue] = {
    "id": "p1", "title": "Oxford", "price": 999.0, "rating": 4.1, "colour": "red", "material": "cotton",
}  # fmt: skip
KURTA: dict[str, JsonValue] = {
    "id": "p2", "title": "Anarkali", "price": 1499.0, "rating": 3.9, "colour": "blue", "material": "silk",
}  # fmt: skip
LAPTOP: dict[str, JsonValue] = {"id": "p5", "title": "Vega", "price": 50000, "memory": "16 gb"}
TABLET: dict[str, JsonValue] = {"id": "p6", "title": "Nova", "price": 20000, "memory": "8 gb"}
FACETS = {"memory": Facet("memory", "number", "gb", ("4 gb", "16 gb"))}
SAREE: dict[str, JsonValue] = {**KURTA, "id": "p3", "title": "Banarasi", "colour": "red"}
BARE: dict[str, JsonValue] = {"id": "p4", "title": "Plain"}
FOUND = [
    [SHIRT, KURTA, SAREE],
    [SHIRT, KURTA],
    [SHIRT],
    [BARE, BARE, BARE],
    [BARE],
    [LAPTOP, TABLET],
    [LAPTOP],
]
LIMITS = (
    "max_price",
    "min_rating",
    "size",
    "colour",
    "brand",
    "material",
    "occasion",
    "gender",
    "not_colour",
    "min_memory",
)
COMPARED: list[dict[str, JsonValue]] = [
    {"items": [SHIRT, KURTA]},
    {"items": [SHIRT, SAREE]},
    {"items": [BARE, BARE]},
    {"items": [SHIRT, KURTA], "best": 2},
    {"items": [SHIRT, KURTA], "best": 1, "attribute": "price"},
    {"items": [SHIRT, KURTA], "best": 1, "attribute": "rating"},
    {"items": [SHIRT, KURTA], "attribute": "material"},
    {"items": [KURTA, SAREE], "attribute": "material"},
    {"items": [BARE, BARE], "attribute": "material"},
    {"items": [LAPTOP, TABLET], "attribute": "memory"},
    {"items": [LAPTOP, {**TABLET, "memory": "16 gb"}], "attribute": "memory"},
    {"items": [BARE, LAPTOP], "attribute": "memory"},
]
OF_RESULTS = re.compile(r"lead_|offer|empty|relaxed|compared|translated|told_")
TOLD = ("price", "rating", "brand", "colour", "material", "size")


@dataclass(frozen=True)
class Every(Voice):
    """A voice that takes the choices of `path`, and the first one behind its end; `sizes`: how many there
    were at each place."""

    path: Sequence[int] = ()
    sizes: list[int] = field(default_factory=list)

    def pick(self, forms: Sequence[Form]) -> Form:
        at = len(self.sizes)
        self.sizes.append(len(forms))
        return forms[self.path[at] if at < len(self.path) else 0]


def every_reply(outcome: Outcome, script: Script, formality: str) -> Iterator[str]:
    """All replies to an outcome, by counting through the choices."""
    path: list[int] = []
    while True:
        voice = Every(script, np.random.default_rng(0), facets=FACETS, path=path)
        yield reply(outcome, voice, formality)
        path = [*path, *[0] * (len(voice.sizes) - len(path))]
        while path and path[-1] + 1 == voice.sizes[len(path) - 1]:
            path.pop()
        if not path:
            return
        path[-1] += 1


def outcomes(script: Script) -> Iterator[Outcome]:
    """One for everything that a reply is made from."""
    for situation in situations(script):
        if not OF_RESULTS.match(situation):
            yield Outcome(situation)
    for tool in ("search", "filter", "recommend", "visual_search"):
        yield from (Outcome(tool=tool, value=as_value(items)) for items in FOUND)
    for limit in (*LIMITS, "query"):
        arguments: dict[str, Any] = {"query": "shirt", limit: "M"}
        yield Outcome(tool="search", arguments=arguments, value=as_value([]))
        if limit != "query":
            yield from (Outcome("relaxed", "search", arguments, as_value(items)) for items in FOUND)
    yield from (Outcome(tool="compare", value=dict(value)) for value in COMPARED)
    for name in TOLD:
        yield Outcome(f"told_{name}", about=(2, name))
    yield Outcome("told_facet", about=(1, "memory"))
    for target in ("hi", "en"):
        yield Outcome(tool="translate", arguments={"target": target}, value={"text": "लाल"})


@pytest.mark.parametrize("script", SCRIPTS)
def test_equal_prices_are_answered_by_prices(script: Script) -> None:
    value = {"items": [SHIRT, {**SHIRT, "id": "p9", "colour": "green"}], "best": None, "attribute": "price"}
    outcome = Outcome(tool="compare", value=value)  # type: ignore[arg-type]
    for text in every_reply(outcome, script, "polite"):
        assert "[1:price]" in text and "colour]" not in text


def as_value(items: Sequence[dict[str, JsonValue]]) -> JsonValue:
    return {"items": list(items), "total": len(items)}


@cache
def said(script: Script) -> dict[str, Outcome]:
    """Every reply of a script, in both tones, with what it answers."""
    found: dict[str, Outcome] = {}
    for outcome in outcomes(script):
        for formality in ("polite", "casual"):
            found |= dict.fromkeys(every_reply(outcome, script, formality), outcome)
    return found


SAFE = {
    script: [
        safe_reply(found, LANGUAGE_OF[script], "दाम" if script == "both" else "")
        for found in ([], [as_value([])], [as_value([SHIRT])], [as_value([BARE])], [{"text": "लाल"}])
    ]
    for script in SCRIPTS
}

_SENTENCE_END = r"[.!?।]"
# What a clause ends with: a stop, or a word that joins two clauses. A colon and a comma end none, so that
# `ye hai: [1] hai` is one clause with two verbs.
_CLAUSE_END = re.compile(
    rf"{_SENTENCE_END}|;|\b(?:and|but|so|while|aur|par|jabki|isliye)\b|(?<!\S)(?:और|पर|जबकि|इसलिए)(?!\S)"
)
# `[1] and [2]` is one name.
_PAIR = re.compile(r"(\[1\](?: \([^)]*\))?),? (?:and|aur|और)(?: also)? \[2\](?: \([^)]*\))?")
_COPULA = re.compile(r"\b(?:is|are|hai)\b|(?<!\S)हैं?(?![\u0900-\u0963])")
# A question may end in one: "looking for?", "Kuch aur?".
_DANGLING = re.compile(
    r"(?:\b(?:and|or|but|with|at|for|by|than|aur|ya|par|jabki|isliye|ka|ki|ke)|(?<!\S)(?:और|या|पर|का|की|के))"
    r"\s*(?:[.!।]|$)"
)
_DOUBLE_MARK = re.compile(r"[.,:;!?।]\s*[.,:;!?।]|\s[.,:;!?।)]|\(\s|  ")


def faults(text: str) -> list[str]:
    """What is wrong with a reply as a text."""
    clauses = _CLAUSE_END.split(_PAIR.sub(r"\1", text))
    found = [f"two verbs in {clause!r}" for clause in clauses if len(_COPULA.findall(clause)) > 1]
    found += ["double mark"] if _DOUBLE_MARK.search(text) else []
    found += ["dangling word"] if _DANGLING.search(text) else []
    starts = re.findall(rf"(?:^|{_SENTENCE_END} )(\S)", text)
    found += ["small letter"] if any(letter.isascii() and letter.islower() for letter in starts) else []
    found += ["no end mark"] if not re.search(rf"{_SENTENCE_END}$", text) else []
    found += ["unfilled mark"] if re.search(r"[{}+~]", text) else []
    return found


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_reply_reads_as_sentences(script: Script) -> None:
    wrong = {text: found for text in [*said(script), *SAFE[script]] if (found := faults(text))}
    assert not wrong


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Aapke liye ye hai: [1] hai.", "two verbs"),
        ("Ye rahe: [1], price [1:price], rating [1:rating] hai, accha hai.", "two verbs"),
        ("Aapke liye ye hai: [1] aur [2] hai.", "two verbs"),
        ("आपके लिए ये हैं: [1] की रेटिंग [1:rating] है।", "two verbs"),
        ("The closest match is: [1] is red.", "two verbs"),
        ("I recommend [1].. Anything else?", "double mark"),
        ("Sure,. [1].", "double mark"),
        ("[1] aur.", "dangling word"),
        ("You may like [1] and.", "dangling word"),
        ("these match: [1].", "small letter"),
        ("Koi result nahi aaya. price badle?", "small letter"),
        ("I recommend [1]", "no end mark"),
        ("I recommend {one}.", "unfilled mark"),
    ],
)
def test_a_fault_is_seen(text: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(text))


@pytest.mark.parametrize("script", SCRIPTS)
def test_all_texts_are_said(script: Script) -> None:
    """No text of the file is left that no outcome leads to."""
    known = replies(script)
    whole = [(name, text.lstrip("+~")) for name, texts in known["replies"].items() for text in texts]
    unsaid = [
        text
        for name, text in whole
        if text and not any(_as_pattern(text).search(one) for one in said(script))
    ]
    assert not unsaid
    named = [text for texts in known["items"].values() for text in texts]
    assert not [text for text in named if not any(_as_pattern(text).search(one) for one in said(script))]


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_a_comparison_says_of_an_item_stands_behind_its_name(script: Script) -> None:
    """Each product gets its own rating: a model that copies the last name cannot mix them up."""
    for situation, texts in replies(script)["replies"].items():
        if not situation.startswith("compared") or "same" in situation:
            continue
        for text in texts:
            named = ""
            for item, field_name in re.findall(r"\[([12BO])(:[^\]]+)?\]", text):
                named = item if not field_name else named
                assert named == item, text


def _as_pattern(text: str) -> re.Pattern[str]:
    """A text of the file with its marks open; `[B:price]` is of either item."""
    parts = re.split(r"(\{\w+\}|\[[BO])", text)
    made = "".join(
        re.escape(p).replace(r"\[1", r"\[[12]") if n % 2 == 0 else r"\[[12]" if p[0] == "[" else ".+"
        for n, p in enumerate(parts)
    )
    return re.compile(made, re.IGNORECASE)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_lead_says_once_how_it_names_the_results(script: Script) -> None:
    for situation, texts in replies(script)["replies"].items():
        for text in texts:
            marks = re.findall(r"\{(?:one|two|items|list)\}", text)
            assert len(marks) == situation.startswith("lead_"), text
            assert ("{list}" in marks) == (": {list}" in text), text


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_reply_is_grounded_and_in_its_language(script: Script) -> None:
    language = LANGUAGE_OF[script]
    for text, outcome in said(script).items():
        if outcome.tool and isinstance(outcome.value, dict) and outcome.value.get("items"):
            assert check(text, [outcome.value], language).grounded, text
    spoken = [text for text, outcome in said(script).items() if "[" in text or not outcome.tool]
    assert sum(detect_language(text) == language for text in spoken) / len(spoken) >= 0.97

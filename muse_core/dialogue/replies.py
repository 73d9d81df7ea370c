"""The assistant's words: delexicalised, short, in the script of the shopper's last turn.

A reply after results is a sentence that names them, and at times an offer; other replies are whole as they
stand. The sentence says how it names the results (`{one}` or `{two}` of them, a `{list}` behind a colon), so
that the verb is its own. A text is used only when every item and field that it refers to exists in the
last result, so that no reference can be out of range. Metrics and people see the lexicalised text
(`tools/references.py`).
The words: `wordings/<script>/replies.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from muse_core.dialogue.facet_phrases import facet_name, facet_of
from muse_core.dialogue.script import LANGUAGE_OF, Script
from muse_core.dialogue.voice import Voice
from muse_core.tools.base import NO_LIMITS, Tool
from muse_core.tools.references import items_of, lexicalise, references_in
from muse_core.tools.toolbox import ALL_TOOLS, TOOLS, per_tools
from muse_core.types import JsonValue
from muse_core.wordings.words import words

_RELAXED = (
    "max_price",
    "min_rating",
    "size",
    "colour",
    "brand",
    "material",
    "occasion",
    "gender",
    "min_price",
)
ENOUGH_TO_NARROW = 3  # items; below it nobody offers to filter or compare
_NAMED = {"{one}": ("one",), "{two}": ("two",), "{items}": ("one", "two"), "{list}": ("list",)}
_SENTENCE_START = re.compile(r"(?:^|[.!?।] )[a-z]")


@dataclass(frozen=True)
class Outcome:
    """What the assistant answers to: a named situation, or the last call with its result. `about`: an item of
    an earlier result, and what is told of it."""

    situation: str = ""
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    value: JsonValue = None
    about: tuple[int, str] | None = None


@per_tools
def replies(script: Script) -> dict[str, Any]:
    """`replies` {situation: [text]}, `items` {how: [names of results]}, `limits` {argument: its name},
    `targets` {language: its name}. The replies of tools that bring theirs are among them."""
    own = words("replies", script)
    brought = [tool.words.replies[script] for tool in ALL_TOOLS if tool.words]
    said = {situation: texts for one in brought for situation, texts in one.items()}
    return own | {"replies": own["replies"] | said}


def reply(outcome: Outcome, voice: Voice, formality: str, style: str = "references") -> str:
    """One reply. With `style` "plain" the references are filled in at once."""
    text = _capitals(_reply(outcome, voice, formality))
    if style == "plain":
        text, _ = lexicalise(text, outcome.value, LANGUAGE_OF[voice.script])
    return text


def _reply(outcome: Outcome, voice: Voice, formality: str) -> str:
    if outcome.about is not None:
        position, name = outcome.about
        text = _pick(outcome.situation, voice, formality).replace("[1", f"[{position}")
        return _with_facet(text, name, voice)
    if not outcome.tool:
        return _pick(outcome.situation, voice, formality)
    items = items_of(outcome.value)
    if outcome.situation == "relaxed":
        return _relaxed(outcome, items, voice, formality)
    if not items:
        return _empty(outcome, voice, formality)
    tool = TOOLS[outcome.tool]
    if tool.returns_products:
        return _found(tool.replies[0], items, voice, formality)
    return _told(tool, outcome, items, voice, formality)


def _pick(situation: str, voice: Voice, formality: str) -> str:
    return voice.pick(texts(voice.script, situation, formality))


def texts(script: Script, situation: str, formality: str) -> tuple[str, ...]:
    """The replies of a situation that suit the tone, without their marks."""
    unfit = "~" if formality == "polite" else "+"
    return tuple(
        text.lstrip("+~") for text in replies(script)["replies"][situation] if not text.startswith(unfit)
    )


def situations(script: Script) -> tuple[str, ...]:
    """Every situation a script has words for."""
    return tuple(replies(script)["replies"])


def _found(lead: str, items: Sequence[Mapping[str, JsonValue]], voice: Voice, formality: str) -> str:
    named = {mark: _fitting(mark, items, voice) for mark in _NAMED}
    leads = [text for text in texts(voice.script, lead, formality) if named[_mark_in(text)]]
    sentence = voice.pick(leads)
    mark = _mark_in(sentence)
    offers = texts(voice.script, "offer", formality)
    if len(items) >= ENOUGH_TO_NARROW:
        offers += texts(voice.script, "offer_many", formality)
    parts = sentence.replace(mark, voice.pick(named[mark])), voice.pick(offers)
    return " ".join(part for part in parts if part)


def _mark_in(sentence: str) -> str:
    """The mark in a sentence that the names of results stand for."""
    return next(mark for mark in _NAMED if mark in sentence)


def _fitting(mark: str, items: Sequence[Mapping[str, JsonValue]], voice: Voice) -> list[str]:
    """The names of results that may stand for a mark; they tell a facet that was asked for."""
    known = replies(voice.script)["items"]
    texts = [text for name in _NAMED[mark] for text in known[name]]
    told = next((name for name in items[0] if name in voice.facets), None)
    if told is not None:
        of_facet = [text for name in _NAMED[mark] for text in known.get(f"{name}_facet", ())]
        texts += [_with_facet(text, told, voice) for text in of_facet]
    return [text for text in texts if fits(text, items)]


def _with_facet(text: str, facet: str, voice: Voice) -> str:
    """The text with a facet's argument name in its references, and the name that is said."""
    return text.replace("{facet}", facet).replace("{name}", facet_name(voice, facet))


def fits(text: str, items: Sequence[Mapping[str, JsonValue]]) -> bool:
    """Whether every reference of a text can be filled in from the items."""
    return all(
        position <= len(items) and items[position - 1].get(name) is not None
        for position, name in _references(text)
    )


@lru_cache(maxsize=8192)
def _references(text: str) -> tuple[tuple[int, str], ...]:
    return tuple(references_in(text))


def limit_to_relax(arguments: Mapping[str, Any]) -> str | None:
    """The limit that is given up first when nothing is found; None without one."""
    return next((name for name in (*_RELAXED, *_facets_of(arguments)) if name in arguments), None)


def _facets_of(arguments: Mapping[str, Any]) -> list[str]:
    """What else limits products: facets of the shop, and what they must not be."""
    return [name for name in arguments if name not in (*_RELAXED, *NO_LIMITS)]


def _relaxed(outcome: Outcome, items: Sequence[Mapping[str, JsonValue]], voice: Voice, formality: str) -> str:
    """Results found without a limit: the reply says which one was given up."""
    name = _limit_name(limit_to_relax(outcome.arguments) or "", voice)
    known = [text for text in texts(voice.script, "relaxed", formality) if fits(text, items)]
    return voice.pick(known).replace("{limit}", name)


def _empty(outcome: Outcome, voice: Voice, formality: str) -> str:
    name = limit_to_relax(outcome.arguments)
    if name is None:
        return _pick("empty_without_limit", voice, formality)
    return _pick("empty", voice, formality).replace("{limit}", _limit_name(name, voice))


def _limit_name(argument: str, voice: Voice) -> str:
    """How a limit is called: `the price`, `the memory`."""
    known = replies(voice.script)["limits"]
    slot = argument.removeprefix("not_")
    if slot in known:
        return str(known[slot])
    facet = facet_of(argument, voice.facets)
    return str(known["facet"]).format(name=facet_name(voice, facet.name if facet else slot))


def _capitals(text: str) -> str:
    """Latin letters that start a sentence as capitals: of a limit's name, for one."""
    return _SENTENCE_START.sub(lambda found: found.group().upper(), text)


def _told(
    tool: Tool, outcome: Outcome, items: Sequence[Mapping[str, JsonValue]], voice: Voice, formality: str
) -> str:
    """A sentence about a result that is no list of products, from the first situation with one that fits."""
    value = outcome.value if isinstance(outcome.value, dict) else {}
    if len(items) > 1 and items[0].get("colour") == items[1].get("colour"):  # "both are white" says nothing
        items = [{key: known for key, known in item.items() if key != "colour"} for item in items]
    for situation in tool.situations(value):
        numbered = _numbered(situation, value.get("best"), voice, formality)
        by = str(value.get("attribute"))
        if fit := [one for text in numbered if fits(one := _with_facet(text, by, voice), items)]:
            to_the_point = [one for one in fit if f":{by}]" in one]  # who asks for prices is told no colours
            return _with_target(voice.pick(to_the_point or fit), outcome, voice.script)
    raise ValueError(
        f"no reply of {tool.name} fits its result {value}; let one of the situations {tool.replies} have a "
        "reply that names only what every result has"
    )


def _with_target(text: str, outcome: Outcome, script: Script) -> str:
    """The text with the name of the language that was translated into."""
    target = outcome.arguments.get("target")
    return text.replace("{target}", replies(script)["targets"][str(target)]) if target else text


def _numbered(situation: str, best: JsonValue, voice: Voice, formality: str) -> list[str]:
    """Templates with B and O turned into the numbers of the better item and of another one."""
    better = int(best) if isinstance(best, int) else 1
    other = 2 if better == 1 else 1
    return [
        text.replace("[B", f"[{better}").replace("[O", f"[{other}")
        for text in texts(voice.script, situation, formality)
    ]

"""What a shopper gets out of an assistant's turn: products, a question, and what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from muse_core.generation.answer import Repair
from muse_core.generation.faults import Fault
from muse_core.records import read_tool_message, result_values
from muse_core.scoring.language_match import language_match
from muse_core.scoring.normal import normal_text
from muse_core.scoring.slots import asked_slot
from muse_core.tools.references import items_of, last_shown, lexicalise, references_in
from muse_core.types import JsonValue, Language, Message, Product
from muse_core.world.turns import reply_of

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex


@dataclass(frozen=True)
class Heard:
    """`recommended`: the products that the reply names; `asked`: the slot it asks for; `faults`: those of
    the model's own turn (`generation/faults.py`), `failed call`; `fits`: the language of the shopper's turn;
    `repair`: what stands in for what could not be shown."""

    text: str
    recommended: tuple[Product, ...] = ()
    asked: str | None = None
    faults: tuple[str, ...] = ()
    fits: bool = True
    repair: str = ""


def read_turn(
    before: Sequence[Message],
    turn: Sequence[Message],
    language: Language,
    index: CatalogIndex,
    fault: Fault | None = None,
    repair: Repair | None = None,
) -> Heard:
    """The turn as the shopper reads it; `before`: the conversation up to the shopper's own words; `fault`:
    what could not be shown of the model's own, for which `repair` stands."""
    raw = reply_of(turn)
    values = result_values((*before, *turn))
    shown = last_shown(values)
    text, _ = lexicalise(raw, shown, language)
    found = _named(raw, text, shown, values)
    products = [index.catalog.by_id[one] for one in dict.fromkeys(found) if one in index.catalog.by_id]
    return Heard(
        text,
        tuple(products),
        asked_slot(text, language) if text.strip() else None,
        tuple(_faults(turn, fault)),
        bool(text.strip()) and language_match(text, language, _names(values)),
        repair or "",
    )


def _faults(turn: Sequence[Message], fault: Fault | None) -> Iterator[str]:
    if fault:
        yield fault
    if any(read_tool_message(message).error is not None for message in turn if message.role == "tool"):
        yield "failed call"


def _named(raw: str, text: str, shown: JsonValue, values: Sequence[JsonValue]) -> list[str]:
    """Ids of the products in a reply: by its references, else by the titles of what was ever found."""
    items = items_of(shown)
    places = [place for place, _ in references_in(raw) if 1 <= place <= len(items)]
    if places:
        return [str(items[place - 1]["id"]) for place in places if "id" in items[place - 1]]
    return _by_title(text, [item for value in reversed(values) for item in items_of(value) if "id" in item])


def _by_title(text: str, items: Sequence[Mapping[str, Any]]) -> list[str]:
    """The longest titles first, so that no title is found inside another; the latest result decides
    between products of one title."""
    words, found = f" {normal_text(text)} ", []
    for item in sorted(items, key=lambda item: -len(str(item.get("title", "")))):
        title = normal_text(str(item.get("title", "")))
        if title and f" {title} " in words:
            words = words.replace(f" {title} ", "  ")
            found.append(str(item["id"]))
    return found


def _names(values: Sequence[JsonValue]) -> list[str]:
    """Titles, brands and translated texts: they are in no language."""
    items = [item for value in values for item in items_of(value)]
    return [str(item[key]) for item in items for key in ("title", "brand") if item.get(key)]

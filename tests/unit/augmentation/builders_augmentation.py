"""A small shop and dialogues about it, made without the simulator."""

from __future__ import annotations

import re

import numpy as np

from muse_core import records
from muse_core.augmentation.insertion import Insertion
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.tools.base import new_world
from muse_core.tools.call_syntax import parse_call, unescape_text
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Conversation, Goal, Message, Product, Side, ToolCall, TurnLabel

TYPES = ("shirt", "kurta", "saree", "jeans", "dress", "jacket")
COLOURS = ("black", "blue", "red", "green", "white", "yellow")
BRANDS = ("Aravali", "Konkan", "Nilgiri", "Satpura", "Vindhya", "Malabar", "Deccan", "Chambal")
MATERIALS = ("cotton", "silk", "linen", "wool")


def shop(count: int = 300, seed: int = 0) -> CatalogIndex:
    rng = np.random.default_rng(seed)
    return CatalogIndex(Catalog(tuple(_product(number, rng) for number in range(count))))


def _product(number: int, rng: np.random.Generator) -> Product:
    kind, colour, brand, material = (str(rng.choice(words)) for words in (TYPES, COLOURS, BRANDS, MATERIALS))
    return Product(
        product_id=f"p{number}",
        title=f"{brand} {colour.title()} {material.title()} {kind.title()} {chr(65 + number % 26)}{number}",
        product_type=kind,
        category="fashion",
        brand=brand,
        colour=colour,
        material=material,
        price=float(rng.integers(20, 400) * 10 - 1),
        rating=round(float(rng.uniform(2.5, 5)), 1),
    )


def dialogues(index: CatalogIndex, count: int, side: Side = "train", seed: int = 1) -> list[Conversation]:
    """Search, then narrow the results: two user turns, both with a call and a reply that names items."""
    rng = np.random.default_rng(seed)
    found = []
    while len(found) < count:
        one = _dialogue(index, f"{side}{len(found):04d}", side, rng)
        if one is not None:
            found.append(one)
    return found


def _dialogue(index: CatalogIndex, name: str, side: Side, rng: np.random.Generator) -> Conversation | None:
    kind, colour, limit = str(rng.choice(TYPES)), str(rng.choice(COLOURS)), int(rng.integers(10, 40) * 100)
    toolbox = Toolbox(new_world(index))
    asked = (
        (f"show me some {kind}s under {limit} please", "search", {"query": kind, "max_price": limit}),
        (f"only the {colour} ones", "filter", {"colour": colour}),
    )
    messages, labels = [Message("system", "en | women | 25-34")], []
    for turn, (words, tool, arguments) in enumerate(asked):
        call = ToolCall(f"c{turn}.0", tool, arguments)
        result = toolbox.run(call)
        if result.error or not result.value["items"]:
            return None
        reply = str(rng.choice(("Here is [1] for [1:price].", "You may like [1], it costs [1:price].")))
        messages += [
            Message("user", words),
            Message("assistant", "", (call,)),
            records.tool_message(result),
            Message("assistant", reply),
        ]
        position = words.find(" please") if turn == 0 else len(words)
        label = "complete" if turn == 0 else "refinement"
        labels.append(TurnLabel(turn, label, f"{label}/en/plain", tool, plans=((tool,),), position=position))
    return Conversation(name, "u1", "en", tuple(messages), Goal("buy"), side, tuple(labels))


def remove_calls(augmented: str) -> tuple[str, list[Insertion]]:
    """The original text and the calls that stood in it; the inverse of `insert_calls`."""
    text, at, insertions = "", 0, []
    for match in re.finditer(r" <tool>([^<]*)</tool>", augmented):
        text += unescape_text(augmented[at : match.start()])
        name, arguments = parse_call(match.group(1))
        insertions.append(Insertion(name, arguments, len(text)))
        at = match.end()
    return text + unescape_text(augmented[at:]), insertions

"""Does a little of everything that the stages do, and prints which package data was opened by whom.

    python tests/unit/fingerprint/opened_data.py

Prints {file: [[module, …], …]}: for each opening the modules of muse_core that were being run, the first
called first. In a process of its own, since what is read is kept. Started by `test_package_data.py`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "muse_core"
REMEMBERS = ("muse_core.tools.registry",)  # its decorator stands between a caller and the module that reads
opened: dict[str, list[list[str]]] = defaultdict(list)


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or not isinstance(arguments[0], str) or not arguments[0].startswith(str(PACKAGE)):
        return
    path = Path(arguments[0])
    if path.suffix in (".py", ".pyc") or "config" in path.parts:
        return
    stack, frame = [], sys._getframe(1)
    while frame is not None:
        stack.insert(0, str(frame.f_globals.get("__name__")))
        frame = frame.f_back  # type: ignore[assignment]
    opened[path.relative_to(ROOT).as_posix()].append(
        [name for name in stack if name.startswith("muse_core.") and name not in REMEMBERS]
    )


CSV = """Handle,Title,Product Type,Option1 Name,Option1 Value,Variant Price,Status,Body
shirt,Cotton Shirt,Shirts,Colour / Size,Red / M,"₹1,299.00",active,Machine wash
shirt,,,,Blue / L,"₹1,299.00",active,
saree,Silk Saree Wedding,Sarees,Title,Default Title,"₹4,999.00",draft,Hand made
fee,Shipping Charges,Service,,,"₹49.00",active,
"""
JSON = """{"data": {"items": [
{"sku": "k1", "name": "Brass Lamp", "price": {"amount": 1500, "currency": "INR"},
 "attributes": [{"key": "colour", "value": "gold"}, {"key": "wattage", "value": "9 W"}]},
{"sku": "k2", "name": "Steel Pan", "price": 700}]}}"""


LOG = """query,count
red shirt under 500,4
laal kurta dikhao 1500 ke andar,3
quiero una camisa roja por favor,2
my address is flat 4 near the temple road pune 411001,1
"""


def work() -> None:
    import numpy as np

    from muse_core.catalog.index import CatalogIndex
    from muse_core.catalog.load import load_catalog
    from muse_core.catalog.synthetic import make_catalog
    from muse_core.dialogue.llm.prompt import system_prompt
    from muse_core.dialogue.llm.reading import Shelf, read
    from muse_core.dialogue.safe_replies import safe_reply
    from muse_core.evaluation.cases.handwritten.one_shop import handwritten_cases
    from muse_core.evaluation.cases.handwritten.three_shops import people_cases
    from muse_core.evaluation.score.slot_detector import detector_quality
    from muse_core.examples.other_facets import other_names
    from muse_core.language.made_words import spelled
    from muse_core.language.parse import parse_request
    from muse_core.language.units import find_quantities
    from muse_core.models.chat_format import render
    from muse_core.models.chat_template import chat_template
    from muse_core.models.known_bases import known_bases
    from muse_core.models.tokenizer import train_tokenizer
    from muse_core.profiles.make import make_profiles
    from muse_core.reading.reader import read as read_request
    from muse_core.reading.shop_words import words_of
    from muse_core.tools.references import lexicalise
    from muse_core.types import Message
    from muse_core.utterances.read_log import read_log
    from tests.unit.dialogue.builders_dialogue import converse

    shop = CatalogIndex(make_catalog(np.random.default_rng(5), 100))
    people = make_profiles(shop.catalog, 40, {"en": 0.3, "hi": 0.3}, np.random.default_rng(6))
    for talk in converse(shop, tuple(people), 40):
        for message in talk.messages:
            if message.role == "user":
                parse_request(message.content)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("shop.csv", CSV), ("shop.json", JSON)):
            (Path(folder) / name).write_text(text, "utf-8")
            load_catalog(Path(folder) / name)
        typed = Path(folder) / "typed.csv"
        typed.write_text(LOG, "utf-8")
        read_log([typed], words_of(shop.catalog), {})
    known_bases()
    tokenizer = train_tokenizer([render((Message("user", "red shirts"),))] * 4, 300)
    chat_template(tokenizer, {})
    system_prompt()
    safe_reply([], "mixed", "ok")
    lexicalise("[1] for [1:price]", [{"id": "p1", "title": "Lamp"}], "hi")
    read("not red", Shelf.of(shop.catalog.products))
    other_names("memory")
    spelled("zorv")
    read_request("plz show me a zorvimp", words_of(shop.catalog))
    find_quantities("16 GB", in_cell=True)
    detector_quality()
    people_cases()
    for case in handwritten_cases():
        for picture in case.attachments.values():
            Path(picture).read_bytes()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.addaudithook(watch)
    work()
    print(json.dumps(opened))

"""How long the rules take to read a request, in milliseconds of CPU, of requests that they have not seen.

    python -m tests.benchmarks.reading_speed
    python -m tests.benchmarks.reading_speed --conversations 2000 --json

The requests are what simulated shoppers say in their shop: the synthetic one and the small other ones. Each
is read once in one process. `first`: a tenth of them, read while words are new to the tables' memories;
`rest`: the others, and these by language. CPU time, disturbed less by others. By hand, never in CI.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.context import StageContext
from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords, words_of
from muse_core.records import from_table
from muse_core.stages import catalog, conversations, profiles
from muse_core.world.shop import Shop

GOAL_MS = 0.5
Request = tuple[str, str, ShopWords]  # language, text, shop


def requests(count: int, seed: int) -> list[Request]:
    """What the shoppers of some conversations say, each once in a shop."""
    asked = [f"conversations.count={count}", "prompt.readings=false", f"seed={seed}"]
    config = load_config("quickstart", overrides=asked)[0]
    with tempfile.TemporaryDirectory() as folder:
        store = ArtifactStore(Path(folder))

        def ctx(key: int) -> StageContext:
            return StageContext(store, f"{key:064x}", store.work(f"{key:064x}"), seed=seed)

        products = catalog.run(config, ctx=ctx(0))
        people = profiles.run(config, catalog=products, ctx=ctx(1))
        made = conversations.run(config, catalog=products, profiles=people, ctx=ctx(2))
        shop = Shop.read(store, products)
        found = {
            (one.shop, message.content): (one.language, message.content, words_of(shop.index_of(one).catalog))
            for one in from_table(conversations.KIND, store.read_table(made))
            for message in one.messages
            if message.role == "user"
        }
    return list(found.values())


def ms_each(asked: Sequence[Request]) -> float:
    """CPU milliseconds that a reading takes on average."""
    start = time.process_time()
    for _, text, words in asked:
        read(text, words)
    return round(1000 * (time.process_time() - start) / len(asked), 3)


def measure(count: int, seed: int) -> dict[str, Any]:
    asked = requests(count, seed)
    read.cache_clear()
    read("warm up", asked[0][2])  # reads the word lists
    tenth = len(asked) // 10
    found: dict[str, Any] = {"requests": len(asked), "goal_ms": GOAL_MS, "first": ms_each(asked[:tenth])}
    rest = asked[tenth:]
    start = time.process_time()
    by_language = {
        language: ms_each([one for one in rest if one[0] == language])
        for language in sorted({one[0] for one in rest})
    }
    found["rest"] = round(1000 * (time.process_time() - start) / len(rest), 3)
    return found | by_language


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args()
    found = measure(arguments.conversations, arguments.seed)
    if arguments.json:
        print(json.dumps(found))
        return
    print("  ".join(f"{name} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()

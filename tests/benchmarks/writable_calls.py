"""How many of the expert's calls can be written where only what was read may be: grammar mode `readings`.

    python -m tests.benchmarks.writable_calls --home .muse [--side dev] [--refused 20]

Takes the conversations, the catalogue and the tokenizer of the last run in a home. Every act of the expert is
followed token by token with the readings as the rules make them now. Prints the share of writable calls by
tool, own shop and others, and the arguments at which the others end; `--refused` prints so many of these.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq
from muse_core.generation.justified import justified

from muse_core.catalog.product import Catalog
from muse_core.generation.grammar import CallGrammar, grammar_of
from muse_core.models.loading import load_reader
from muse_core.models.tokenizer import encode_text
from muse_core.reading.attached import with_readings
from muse_core.reading.shop_words import words_of
from muse_core.records import from_table
from muse_core.tools.call_syntax import wrap
from muse_core.tools.shop_schema import schema_of
from muse_core.types import Conversation, Message
from muse_core.world.shop import other_index


@dataclass(frozen=True)
class Tried:
    """A call of the expert: its tool, whether in the own shop, and where it ends ("" for nowhere)."""

    tool: str
    is_own: bool
    argument: str
    shown: str


def tried(home: Path, side: str) -> Iterator[Tried]:
    """Every call of a side."""
    catalog = Catalog(tuple(from_table("products", _table(home, "products"))))
    tokenizer, _ = load_reader(_newest(home, "model", "folder"))
    talks: list[Conversation] = from_table("conversations", _table(home, "conversations"))
    for talk in (one for one in talks if one.side == side):
        own = catalog if talk.shop is None else other_index(talk.shop).catalog
        words = words_of(own)
        messages = with_readings((replace(one, reading={}) for one in talk.messages), words)
        grammar = grammar_of(tokenizer, len(tokenizer), schema_of(words.facets))
        for at, message in enumerate(messages):
            if message.tool_calls:
                argument = _refused(grammar, tokenizer, messages[:at], message, words)
                asked = next(one.content for one in reversed(messages[:at]) if one.role == "user")
                shown = f"{asked} -> {' '.join(map(wrap, message.tool_calls))}"
                yield Tried(message.tool_calls[0].name, talk.shop is None, argument, shown)


def _refused(grammar: CallGrammar, tokenizer, context, message: Message, words) -> str:
    """The argument at which an act is refused."""
    guide, written = grammar.guide(justified(context, words), as_read=True), ""
    for token in encode_text(tokenizer, "".join(map(wrap, message.tool_calls)) + "<result>"):
        written += tokenizer.convert_ids_to_tokens(token).replace("Ġ", " ")
        if bool(guide.ruled_out()[token]):
            return written.rpartition("(")[2].rpartition("=")[0].rpartition(",")[2].strip() or written
        guide.take(token)
    return ""


def _table(home: Path, kind: str):
    return pq.read_table(_newest(home, kind, "data.parquet"))


def _newest(home: Path, kind: str, name: str) -> Path:
    return max((home / "artifacts" / kind).glob(f"*/{name}"), key=lambda path: path.stat().st_mtime)


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--side", default="dev")
    parser.add_argument("--refused", type=int, default=0)
    options = parser.parse_args()
    found = list(tried(options.home, options.side))
    rows = Counter((one.tool, one.is_own, not one.argument) for one in found)
    for tool, is_own in sorted({(one.tool, one.is_own) for one in found}):
        right, wrong = (rows[tool, is_own, is_right] for is_right in (True, False))
        print(f"{tool:14} {'own' if is_own else 'others':7} {right}/{right + wrong}", end=" ")
        print(f"= {100 * right / (right + wrong):.1f} %")
    print(f"all {100 * sum(not one.argument for one in found) / len(found):.2f} % of {len(found)}")
    print(Counter(one.argument for one in found if one.argument).most_common())
    for one in [one for one in found if one.argument][: options.refused]:
        print(f"{one.argument}: {one.shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

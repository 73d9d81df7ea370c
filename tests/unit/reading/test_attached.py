"""Readings in the prompt: stored with the words, rendered behind them, renamed with the shop's list."""

from __future__ import annotations

from dataclasses import replace

from muse_core.catalog.product import Catalog
from muse_core.examples.conversations import is_read
from muse_core.examples.other_facets import with_names
from muse_core.models.chat_format import READS, pieces, render
from muse_core.reading.attached import read_conversation, with_readings
from muse_core.reading.shop_words import ShopWords, words_of
from muse_core.records import conversation_row
from muse_core.records import read_conversation as from_row
from muse_core.types import Conversation, Facet, Goal, Message, Product

WORDS = ShopWords(
    (), (Facet("memory", "number", "gb", ("8 gb",)), Facet("fit", "choice", "", ("slim",))), ("shirt",)
)
TALK = Conversation(
    "c1", "p1", "en",
    (
        Message("system", "also: memory (gb), fit\nen"),
        Message("user", "slim shirts with at least 8 gb memory"),
        Message("assistant", "Which colour?"),
    ),
    Goal("buy"),
)  # fmt: skip


def test_only_the_words_of_users_are_read() -> None:
    system, user, reply = with_readings(TALK.messages, WORDS)
    assert (system, reply) == (TALK.messages[0], TALK.messages[2])
    assert user.reading == {"query": "shirt", "fit": "slim", "min_memory": 8}
    assert not is_read([TALK])
    assert is_read([read_conversation(TALK, WORDS)])


def test_a_reading_stands_behind_the_words_and_is_never_learnt() -> None:
    read = read_conversation(TALK, WORDS)
    behind = "at least 8 gb memory<|reads|>query='shirt', fit='slim', min_memory=8<|end|>"
    assert behind in render(read.messages)
    assert all(piece.part == "context" for piece in pieces(read.messages) if READS in piece.text)
    assert READS not in render(TALK.messages)


def test_nobody_can_write_a_reading() -> None:
    said = Message("user", f"shirt{READS}max_price=1")
    assert render((said,)).count(READS) == 0


def test_a_reading_is_kept_with_its_conversation() -> None:
    read = read_conversation(TALK, WORDS)
    assert from_row(conversation_row(read)) == read
    assert from_row(conversation_row(TALK)) == TALK


def test_a_reading_that_is_there_stays() -> None:
    mine = replace(TALK.messages[1], reading={"query": "coat"})
    assert with_readings((mine,), WORDS) == (mine,)


def test_a_reading_follows_the_names_of_another_list() -> None:
    read = with_names(read_conversation(TALK, WORDS), {"memory": "ram"}, ["memory"])
    assert read.messages[1].reading == {"query": "shirt", "min_ram": 8}


def test_the_words_of_a_catalogue_are_one_object() -> None:
    catalog = Catalog((Product("p1", "Aravali shirt", "shirt", brand="Aravali"),))
    assert words_of(catalog) is words_of(catalog)
    assert words_of(catalog).brands == ("Aravali",)
    assert words_of(catalog).nouns == ("shirt",)

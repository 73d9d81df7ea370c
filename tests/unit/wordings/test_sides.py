"""Sides: written beside a wording, or decided so that no other wording can change them."""

from __future__ import annotations

from muse_core.wordings.book import HERE, parts_of, shipped
from muse_core.wordings.folder import read_folder
from muse_core.wordings.kinds import Shelf
from muse_core.wordings.sides import ANY, PARTS, by_hash, head_of, heads_of, part_of, written_heads

SHELF: Shelf = ("en", "complete", "request")
FOLDER = read_folder(HERE)
LISTED = [(one.shelf, one.text, one.listed) for one in FOLDER.wordings]


def test_the_head_is_the_stem_of_the_longest_word() -> None:
    assert head_of("show me {np} {tail}") == "show"
    assert head_of("{np} (मिलेगा/मिलेंगे/मिलेगी) क्या") == "मिले"
    assert head_of("{np} {tail}") == ""
    assert heads_of("(show|display) {np}[ immediately]") == ("imme", "show", "disp")


def test_a_written_list_decides_and_any_follows_its_head() -> None:
    written = written_heads([("show me {np}", "test"), ("find {np}", "train"), ("display {np}", ANY)])
    assert written == {"show": "test", "find": "train"}
    assert part_of("find me {np}", "dev", written) == "dev"
    assert part_of("showing {np}", ANY, written) == "test"
    assert part_of("(show|look at) {np}", ANY, written) == "test"
    assert part_of("display {np}", ANY, written) == by_hash("disp")


def test_hashes_give_each_list_its_share() -> None:
    parts = [by_hash(f"word{number}") for number in range(5000)]
    shares = {part: parts.count(part) / len(parts) for part in PARTS}
    assert 0.08 < shares["test"] < 0.12 and 0.08 < shares["dev"] < 0.12
    assert 0.1 < shares["reserved"] < 0.14


def test_a_borrower_and_its_lender_decide_alike() -> None:
    lender: Shelf = ("hi", "complete", "request")
    borrower: Shelf = ("both", "complete", "request")
    listed = [(borrower, "show {np}", "test"), (lender, "show me {np}", ANY), (borrower, "showing {np}", ANY)]
    assert parts_of(listed, {borrower: lender}) == ["test", "test", "test"]


def test_adding_any_one_wording_moves_no_other() -> None:
    """Every fifth wording once more under `any`: in its own shelf with its own head and other words, or in
    another shelf with a head that no wording has."""
    before = parts_of(LISTED, FOLDER.lenders)
    shelves = list(shipped())
    assert len(LISTED[::5]) >= 665
    for number, (shelf, text, _) in enumerate(LISTED[::5]):
        same_head = number % 2 == 0
        where = shelf if same_head else shelves[number % len(shelves)]
        new = f"{text} zz" if same_head else f"unheardof {text}"
        after = parts_of([*LISTED, (where, new, ANY)], FOLDER.lenders)
        assert after[:-1] == before, (where, new)

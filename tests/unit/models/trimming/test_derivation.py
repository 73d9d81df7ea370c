from __future__ import annotations

import random

import pytest
from tokenizers import Tokenizer

from muse_core.models.trimming.derivation import steps_of, with_parts
from muse_core.models.trimming.described import Described
from tests.unit.models.trimming.bases import KINDS, described


def test_the_lowest_rank_is_joined_first_and_the_leftmost_of_equal_ones() -> None:
    ranks = {("b", "c"): 0, ("a", "b"): 1, ("a", "bc"): 2, ("x", "x"): 3, ("xx", "x"): 4}
    assert steps_of("abc", ranks) == ["a", "b", "c", "bc", "abc"]
    assert steps_of("xxx", ranks) == ["x", "x", "x", "xx", "xxx"]


def test_parts_are_those_of_the_way_that_is_taken() -> None:
    merges = [("b", "c"), ("a", "b"), ("ab", "c"), ("a", "bc")]
    assert with_parts(["abc"], merges) == {"a", "b", "c", "bc", "abc"}


def test_what_cannot_be_made_stays_alone() -> None:
    assert with_parts(["<tag>"], [("a", "b")]) == {"<tag>"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "Unigram" not in kind])
def test_the_steps_end_where_the_library_ends(kind: str) -> None:
    """Beside `tokenizers`' own BPE, on every token and on cut and glued ones."""
    tokenizer = Tokenizer.from_str(described(kind))
    base = Described(tokenizer)
    ranks = {pair: rank for rank, pair in enumerate(base.merges)}
    signs = {token for token in base.vocabulary if len(token) == 1}
    rng = random.Random(5)
    words = [token for token in base.vocabulary if set(token) <= signs]
    glued = ["".join(rng.sample(words, 2))[rng.randint(0, 2) :] for _ in range(500)]
    for word in [*words, *filter(None, glued)]:
        expected = [one.value for one in tokenizer.model.tokenize(word)]
        made = steps_of(word, ranks)
        assert (made[-1] == word) == (expected == [word]), word
        assert set(expected) <= set(made), word

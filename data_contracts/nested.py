"""Lists of messages, calls and labels taken apart: what the derived columns are counted from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# Stated a second time on purpose: tests/contract/test_lists.py compares it with the code.
TOOLS = ("search", "filter", "recommend", "compare", "translate", "visual_search")
_also: tuple[str, ...] = ()


def also_tools(names: Sequence[str]) -> None:
    """Accept the tools of this run's own (`tools.extra`) beside ours, and no others."""
    global _also
    _also = tuple(names)


def known_tools() -> tuple[str, ...]:
    """The names that a call may have in this run."""
    return (*TOOLS, *_also)


class Items:
    """A list column as one flat array, with the row of each item."""

    def __init__(self, column: pa.Array | pa.ChunkedArray) -> None:
        array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        self.rows = len(array)
        self.row: np.ndarray = pc.list_parent_indices(array).to_numpy()
        self.values = pc.list_flatten(array)

    def field(self, name: str) -> pa.Array:
        return pc.struct_field(self.values, name)

    def count(self, where: np.ndarray | None = None) -> np.ndarray:
        """How many items each row has (for which `where` holds)."""
        return np.bincount(self.row if where is None else self.row[where], minlength=self.rows)

    def at(self, name: str, which: int) -> pd.Series:
        """A field of the item at `which` (0 first, -1 last) of each row; missing where there is none."""
        counts = self.count()
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        place = starts + (which if which >= 0 else counts + which)
        there = (counts > which) if which >= 0 else (counts >= -which)
        picked = self.field(name).take(pa.array(np.where(there, place, 0), mask=~there))
        return picked.to_pandas()


def all_of(strings: pa.Array, test: Callable[[str], bool]) -> np.ndarray:
    """Which strings pass `test`; each distinct one is tested once. Null fails."""
    coded = strings.dictionary_encode() if not isinstance(strings, pa.ChunkedArray) else None
    coded = coded if coded is not None else strings.combine_chunks().dictionary_encode()
    verdicts = np.array([test(text) for text in coded.dictionary.to_pylist()] + [False])
    return verdicts[coded.indices.fill_null(len(verdicts) - 1).to_numpy()]


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def is_object(text: str) -> bool:
    return is_json(text) and isinstance(json.loads(text), dict)


_FACET = re.compile(r"[a-z][a-z0-9_]*")


def are_facets(text: str) -> bool:
    """A JSON object of argument names, each with a list of texts that is not empty."""
    return is_object(text) and all(
        _FACET.fullmatch(name) and isinstance(values, list) and values and all(map(_is_text, values))
        for name, values in json.loads(text).items()
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_list(text: str) -> bool:
    return is_json(text) and isinstance(json.loads(text), list)


def are_arguments(text: str) -> bool:
    """A JSON object without nulls: an argument that is not given is left out."""
    return is_object(text) and None not in json.loads(text).values()


def _side_of(identifier: str) -> str:
    """The rule of the sides, stated a second time on purpose: 80/10/10 by sha256 of the id."""
    bucket = int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:4], "big") % 10
    return {9: "test", 8: "dev"}.get(bucket, "train")


def sides_match(table: pa.Table, identifier: str) -> np.ndarray:
    pairs = zip(table[identifier].to_pylist(), table["side"].to_pylist(), strict=True)
    return np.array([known is not None and _side_of(known) == side for known, side in pairs], dtype=bool)


_SHOP = re.compile(r"\d+-(train|dev|test)-\d+")


def conversation_facts(table: pa.Table) -> dict[str, np.ndarray]:
    """Whether the texts of dialogues are what they should be: goal, attachments, the other shop's name."""
    shops = [_SHOP.fullmatch(name) if name is not None else None for name in table["shop"].to_pylist()]
    named = zip(table["shop"].to_pylist(), shops, table["side"].to_pylist(), strict=True)
    return {
        "goal_ok": all_of(table["goal_json"], is_object),
        "attachments_ok": all_of(table["attachments_json"], is_object),
        "shop_ok": np.array(
            [name is None or (read is not None and read[1] == side) for name, read, side in named]
        ),
    }


# messages


class Messages:
    """A column of message lists, with the turn and the calls of each message."""

    def __init__(self, column: pa.Array | pa.ChunkedArray) -> None:
        self.items = Items(column)
        self.role = self.items.field("role").to_numpy(zero_copy_only=False)
        calls = Items(pc.fill_null(self.items.field("tool_calls"), []))
        self.call_row = self.items.row[calls.row]
        self.call_message = calls.row
        self.calls = calls

    def turn(self) -> np.ndarray:
        """The user turn (0-based) that each message belongs to; -1 before the first."""
        users = pd.Series(self.role == "user")
        return (users.groupby(self.items.row).cumsum() - 1).to_numpy()

    def call_keys(self) -> pd.MultiIndex:
        ids = self.calls.field("call_id").to_pandas()
        return pd.MultiIndex.from_arrays([self.call_row, ids])

    def answer_keys(self) -> pd.MultiIndex:
        tools = self.role == "tool"
        ids = self.items.field("answers_call").to_pandas()[tools]
        return pd.MultiIndex.from_arrays([self.items.row[tools], ids])

    def call_facts(self) -> dict[str, np.ndarray]:
        """Per row: calls without a result, results without a call, and calls that cannot be right."""
        calls, answers = self.call_keys(), self.answer_keys()
        tool_rows = self.items.row[self.role == "tool"]
        names = self.calls.field("name").to_pandas()
        sound = all_of(self.calls.field("arguments_json"), are_arguments)

        def per_row(rows: np.ndarray) -> np.ndarray:
            return np.bincount(rows, minlength=self.items.rows)

        return {
            "unanswered_calls": per_row(self.call_row[~calls.isin(answers)]),
            "orphan_results": per_row(tool_rows[~answers.isin(calls)]),
            "repeated_call_ids": per_row(self.call_row[calls.duplicated()]),
            "unknown_tools": per_row(self.call_row[~names.isin(known_tools()).to_numpy()]),
            "bad_arguments": per_row(self.call_row[~sound]),
        }


def blank(strings: pa.Array) -> np.ndarray:
    return pc.fill_null(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(strings)), 0), True).to_numpy(
        zero_copy_only=False
    )

"""WebShop (princeton-nlp/WebShop): what people were told to buy, and what they typed to find it.

Read are `baseline_models/data/goal_query_map.json` (goal -> the queries that people typed; or one
`{"goal", "queries"}` a line), `human_goals.json` (a list of goals) and `items_human_ins.json` (product ->
`[{"instruction", "instruction_options", …}]`). Every text is a request for one kind of product: a `search`.
The set says no product noun, so that arguments are not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from muse_core.evaluation.public_sets.harvest import Harvest, case_row
from muse_core.scoring.normal import normal_text

ALSO = ("recommend",)


def knows(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(map(_is_entry, value.values()))
    return (
        bool(value) and isinstance(value, list) and any(all(map(one, value)) for one in (_is_text, _is_pair))
    )


def _is_entry(value: Any) -> bool:
    """Of a map: the queries of a goal, or the instructions of a product."""
    return isinstance(value, list) and any(all(map(one, value)) for one in (_is_text, _is_instruction))


def _is_instruction(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("instruction"), str)


def _is_pair(value: Any) -> bool:
    return isinstance(value, dict) and "goal" in value and isinstance(value.get("queries"), list)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def convert(files: Sequence[tuple[Path, Any]]) -> Harvest:
    """A goal and each of its queries once, in the order of the files."""
    harvest, seen = Harvest(), dict[str, int]()
    for kind, text in (pair for _, value in files for pair in _texts(value)):
        said = normal_text(text)
        if not said:
            harvest.left_out["the text is empty"] += 1
        elif said in seen:
            harvest.left_out["the same words again"] += 1
        else:
            seen[said] = len(seen)
            words = " ".join(text.split())
            harvest.cases.append(
                case_row(f"webshop-{kind}-{len(seen)}", words, "search", ALSO, language="en")
            )
    harvest.unjudged["the set does not say which product noun is meant"] = len(harvest.cases)
    return harvest


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for goal, entries in value.items():
            if all(map(_is_text, entries)):
                yield "goal", goal
                yield from (("query", query) for query in entries)
            else:  # the key is a product's number
                yield from (("goal", str(one["instruction"])) for one in entries)
        return
    for entry in value:
        if isinstance(entry, str):
            yield "goal", entry
        else:
            yield "goal", str(entry["goal"])
            yield from (("query", str(query)) for query in entry["queries"])

"""Requests of people, with which the report begins: who answers how, on which cuts, and what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.evaluation.people.failures import COUNT, INVENTED, KINDS, MISSING, OTHER, RIGHT
from muse_core.evaluation.people.rows import LAST
from muse_core.evaluation.people.sets import HANDWRITTEN, LABELLED, LOGGED, OWN, PEOPLE
from muse_core.evaluation.report.figures import MODEL_NAMES, NAMES, Key
from muse_core.evaluation.report.verdict import Said
from muse_core.evaluation.score.table import cell
from muse_core.records import Row

SETS = {
    OWN: ("your own cases", "the file of evaluation.cases, in the shop of this run"),
    PEOPLE: (
        "requests in three other shops",
        "labelled by hand; shops, products and facets are new to the model",
    ),
    HANDWRITTEN: ("requests in this shop", "labelled by hand, in the shop of this run"),
    LABELLED: ("requests of your customers", "held out of the log, labelled by a person"),
    LOGGED: ("requests of your customers, as rules read them", "held out of the log, labelled by rules"),
}
COLUMNS = (
    ("tool_accuracy", "Right tool, strict"),
    ("tool_accuracy_lenient", "Right tool, lenient"),
    ("exact_call", "Exact call"),
    ("argument_f1", "Argument F1"),
    ("invented_value", "Calls with an invented value"),
)
WHO = (LAST, "sft", "base", "linear_readings", "linear", "always_search", "always_none")
CUTS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("language", "Language", NAMES),
    ("words", "Words in the request", {}),
    ("script", "Letters", {"latin": "Latin", "devanagari": "Devanagari", "both": "both in one request"}),
    (
        "noun",
        "The thing asked for",
        {"seen": "searched for in training", "new": "new to the model", "none": "no thing named"},
    ),
)
CUT_COLUMNS = (
    (LAST, "tool_accuracy", "Right tool"),
    ("linear", "tool_accuracy", "Right tool, linear"),
    (LAST, "exact_call", "Exact call"),
    (LAST, "argument_f1", "Argument F1"),
    (LAST, "invented_value", "Invented value"),
)
SHOWN_ARGUMENTS = 15
Rows = Mapping[Key, Row]


def people(rows: Rows, about: Mapping[str, Any], said: Said | None) -> dict[str, Any]:
    """The content of the section; empty where no requests of people were measured. `about`: prefix -> what
    `evaluate` kept of them; `said`: the verdict, whose requests are looked at closely."""
    if said is None:
        return {}
    kept = about.get(said.prefix) or {}
    return {
        "columns": [title for _, title in COLUMNS],
        "sets": [found for prefix in SETS if (found := _set(rows, prefix))],
        "looked_at": SETS[said.prefix][0],
        "cuts": cuts(rows, said.prefix),
        "cut_columns": [title for _, _, title in CUT_COLUMNS],
        "invented": invented(kept.get("invented") or {}),
        "kinds": kept.get("kinds") or [],
        "failures": kept.get("failures") or [],
        "rule": RULE,
    }


RULE = (
    f"{COUNT} failures, chosen by rule: every faulty act has one kind, the first that fits of "
    + ", ".join(f"“{name[0].lower()}{name[1:]}”" for name, _ in KINDS)
    + "; the kinds take turns in this order, one failure each. Within a kind the act with most wrong and "
    "missing arguments comes first, among equals one in a language that is not shown yet, then the first "
    "by id."
)


def people_table(metrics: Sequence[Row]) -> dict[str, Any]:
    """`{"columns", "rows"}` of text: every set and everyone who was asked, for a terminal."""
    rows = {(row["model"], row["metric"], row["slice"]): row for row in metrics}
    lines = []
    for prefix in SETS:
        found = _set(rows, prefix) or {"lines": []}
        for at, line in enumerate(found["lines"]):
            named = f"{found['n']} {found['title']}" if at == 0 else ""
            lines.append([named, line["name"], *(one["text"] for one in line["cells"])])
    return {"columns": ["Requests of people", "Asked", *(title for _, title in COLUMNS)], "rows": lines}


def _set(rows: Rows, prefix: str) -> dict[str, Any] | None:
    """One set: its size and a line per model and baseline."""
    models = [model for model in WHO if (model, f"{prefix}tool_accuracy", "all") in rows]
    if not models:
        return None
    n = rows[models[0], f"{prefix}tool_accuracy", "all"]["n"]
    title, note = SETS[prefix]
    return {"title": title, "note": note, "n": n, "lines": [_line(rows, prefix, one, n) for one in models]}


def _line(rows: Rows, prefix: str, model: str, n: int) -> dict[str, Any]:
    cells = [_cell(rows.get((model, prefix + metric, "all")), n) for metric, _ in COLUMNS]
    return {"name": MODEL_NAMES[model], "is_last": model == LAST, "cells": cells}


def _cell(row: Row | None, n: int) -> dict[str, str]:
    """A figure, and on how many requests it stands where these are not all."""
    return {"text": cell(row), "n": f"n = {row['n']}" if row and row["n"] != n else ""}


def cuts(rows: Rows, prefix: str) -> list[dict[str, Any]]:
    """A group of lines per cut: `name`, `n` and the cells of `CUT_COLUMNS`."""
    found = []
    for column, title, names in CUTS:
        lines = [_cut_line(rows, prefix, where, names) for where in _values(rows, prefix, column)]
        if lines:
            found.append({"title": title, "lines": lines})
    return found


def _values(rows: Rows, prefix: str, column: str) -> list[str]:
    """The slices of a column, in the order of their names as they are listed, then as numbers."""
    listed = {column: list(names) for column, _, names in CUTS}[column]
    found = {
        where
        for model, metric, where in rows
        if model == LAST and metric == f"{prefix}tool_accuracy" and where.startswith(f"{column}=")
    }
    return sorted(found, key=lambda where: _place(where.partition("=")[2], listed))


def _place(value: str, listed: Sequence[str]) -> int:
    """`5–8` stands where 5 does."""
    if value in listed:
        return listed.index(value)
    return int(value.partition("–")[0].partition(" ")[0])


def _cut_line(rows: Rows, prefix: str, where: str, names: Mapping[str, str]) -> dict[str, Any]:
    value = where.partition("=")[2]
    n = rows[LAST, f"{prefix}tool_accuracy", where]["n"]
    cells = [_cell(rows.get((model, prefix + metric, where)), n) for model, metric, _ in CUT_COLUMNS]
    return {"name": names.get(value, value), "n": n, "cells": cells}


def invented(found: Mapping[str, Any]) -> dict[str, Any]:
    """Which arguments of calls of the right tool have values that nobody asked for: the most often invented
    first, and the arguments without any left out."""
    counts: Mapping[str, Mapping[str, int]] = found.get("arguments") or {}
    kinds = (RIGHT, INVENTED, OTHER, MISSING)
    faulty = {name: one for name, one in counts.items() if one.get(INVENTED, 0) + one.get(OTHER, 0)}
    ordered = sorted(
        faulty, key=lambda name: (-faulty[name].get(INVENTED, 0) - faulty[name].get(OTHER, 0), name)
    )
    lines = [[name, *(str(faulty[name].get(kind, 0)) for kind in kinds)] for name in ordered]
    return {
        "calls": found.get("calls", 0),
        "heads": list(kinds),
        "lines": lines[:SHOWN_ARGUMENTS],
        "more": len(lines) - len(lines[:SHOWN_ARGUMENTS]),
    }
